"""Domains."""

from __future__ import annotations

from typing import Annotated, Any, Final

from typing_extensions import Required, TypedDict

from reconciler.model.operation import Verb
from reconciler.spec.codec import Codec, Scope, refuse
from reconciler.spec.codecs import Count, Domain, Flag, RateLimit, Size, State, Tags, Text, reference, truthy
from reconciler.spec.kind import Attributes, Kind, Situation, crud, listed
from reconciler.spec.mark import Bound, Owner, field
from reconciler.spec.tags import tags_of

_RELAYING: Final = {
    "off": (0, 0, 0),
    "known": (1, 0, 0),
    "all": (1, 1, 0),
    "unknown": (1, 1, 1),
}


def _accept_relaying(value: Any, _scope: Scope) -> str:
    if isinstance(value, str) and value in _RELAYING:
        return value
    raise refuse("word-unknown", f"`{value}` is not a way of relaying", hint=f"write one of: {', '.join(_RELAYING)}")


def _decode_relaying(backup: Any, every: Any, unknown: Any) -> str:
    if truthy(unknown):
        return "unknown"
    if truthy(every):
        return "all"
    return "known" if truthy(backup) else "off"


RELAYING: Final = Codec(
    accept=_accept_relaying,
    decode=_decode_relaying,
    encode=_RELAYING.__getitem__,
    schema={"enum": list(_RELAYING)},
)
"""Three flags of the server of which each implies the one before. Clearing one leaves the others set, so all three are
always sent together (2022-01a to 2026-07a, functions.mailbox.inc.php)."""

_RELAY_FLAGS: Final = ("backupmx", "relay_all_recipients", "relay_unknown_only")


class DomainRecord(TypedDict, total=False):
    """A domain this server receives mail for, and the limits of what may be in it."""

    name: Required[Annotated[Domain, field("The domain itself.", read="domain_name", add="domain")]]
    description: Annotated[Text, field("What people call it. It cannot be emptied once it is set.", "description")]
    state: Annotated[State, field("`off` bounces all mail to it.", "active", default="active")]
    max_aliases: Annotated[
        Count,
        field(
            "How many aliases it may have, those of its alias domains included.",
            read="max_num_aliases_for_domain",
            add="aliases",
            edit="aliases",
            default=400,
            bound=Bound.LIMIT,
        ),
    ]
    max_mailboxes: Annotated[
        Count,
        field(
            "How many mailboxes it may have.",
            read="max_num_mboxes_for_domain",
            add="mailboxes",
            edit="mailboxes",
            default=10,
            bound=Bound.LIMIT,
        ),
    ]
    default_mailbox_quota: Annotated[
        Size,
        field(
            "What a mailbox gets that is created in mailcow's own pages.",
            read="def_quota_for_mbox",
            add="defquota",
            edit="defquota",
            default="3GiB",
            bound=Bound.LIMIT,
        ),
    ]
    max_mailbox_quota: Annotated[
        Size,
        field(
            "The largest quota one mailbox may have.",
            read="max_quota_for_mbox",
            add="maxquota",
            edit="maxquota",
            default="10GiB",
            bound=Bound.LIMIT,
        ),
    ]
    max_total_quota: Annotated[
        Size,
        field(
            "What the quotas of all its mailboxes may add up to.",
            read="max_quota_for_domain",
            add="quota",
            edit="quota",
            default="10GiB",
            bound=Bound.LIMIT,
        ),
    ]
    global_address_list: Annotated[Flag, field("Its people find each other in webmail.", "gal", default=True)]
    relay: Annotated[
        str,
        RELAYING,
        field(
            "Whether mail is handed on to another server: `off`, `known` (to the mailboxes declared here), `all`, "
            "or `unknown` (to those not declared here).",
            _RELAY_FLAGS,
            default="off",
        ),
    ]
    relayhost: Annotated[
        str,
        reference(),
        field(
            "The relayhost its outgoing mail takes, or `none`.",
            read="relayhost",
            edit="relayhost",
            refers="relayhost",
            by_handle=True,
        ),
    ]
    rate_limit: Annotated[
        RateLimit,
        field(
            "How much mail it may send: `500/h`, `10/s`, or `unlimited`.",
            read="rl",
            edit=("rl_value", "rl_frame"),
            route="rl-domain",
            successes=("rl_saved",),
        ),
    ]
    tags: Annotated[
        Tags,
        field(
            "Words to find it by.",
            read="tags",
            add="tags",
            since="2022-05",
            absent=(),
            owner=Owner.OPERATOR,
            elements=tags_of("domain", edited="domain_modified"),
        ),
    ]


def _without_surprises(attributes: Attributes, situation: Situation) -> Attributes:
    """Ask for no DKIM key and no rate limit, which 2022-12 and later create from a template unless told otherwise."""
    if situation.verb is Verb.ADD and "template" not in attributes:
        return {"description": situation.address.key, "key_size": 0, "rl_value": "", "rl_frame": "s", **attributes}
    return attributes


def _refuses(situation: Situation) -> tuple[tuple[str, str, str], ...]:
    """Name what an edit answers with success and does not do (2022-01a to 2026-07a, ``edit/domain``)."""
    found = []
    if "max_aliases" in situation.changed and situation.after["max_aliases"] == 0 and situation.before:
        found.append(("max_aliases", "mailcow ignores a limit of 0 in an edit", "write 1 at least"))
    if "description" in situation.changed and situation.after["description"] == "" and situation.before:
        found.append(("description", "mailcow cannot empty a description", "write another, or leave the field out"))
    return tuple(found)


KIND = Kind(
    name="domain",
    plural="domains",
    record=DomainRecord,
    key=("name",),
    sources=listed("domain"),
    routes=crud("domain", added="domain_added", edited="domain_modified", deleted="domain_removed"),
    handle="domain_name",
    domain_of=lambda values: str(values["name"]),
    after=("relayhost",),
    space="domain",
    protected=True,
    measures={"bytes": "bytes_total", "messages": "msgs_total", "mailboxes": "mboxes_in_domain"},
    on_add=_without_surprises,
    refuses=_refuses,
    also_called={"aliases": "max_aliases", "mailboxes": "max_mailboxes", "quota": "max_total_quota", "active": "state"},
)
