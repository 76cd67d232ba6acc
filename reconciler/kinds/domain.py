"""Domains."""

from collections.abc import Iterator, Sequence
from typing import Any, Final, Required, TypedDict

from reconciler.model.address import Address
from reconciler.model.operation import Verb
from reconciler.model.resource import Value, Values
from reconciler.model.version import Version
from reconciler.records import replace
from reconciler.spec.addresses import DOMAIN, DOMAIN_OR_ADDRESS, MAIL_ADDRESS, Domain
from reconciler.spec.amounts import RateLimit, Size, duration
from reconciler.spec.codec import Codec, Scope, refuse
from reconciler.spec.codecs import (
    ACTIVE,
    COLUMN,
    FLAG,
    RELAYING,
    Count,
    Flag,
    ShortText,
    State,
    Tags,
    a_set_of,
    choice,
    reference,
    text,
)
from reconciler.spec.kind import Attributes, Kind, Situation, crud, listed
from reconciler.spec.language import Annotated
from reconciler.spec.mappings import Part, a_mapping
from reconciler.spec.mark import WHOLE, Bound, Follows, Owner, field
from reconciler.spec.names import domain_for_wire, domain_of, readable_domain
from reconciler.spec.policies import POLICY_SOURCES, Senders, senders_fields, senders_in_both_lists
from reconciler.spec.step import Stage, Step
from reconciler.spec.tags import tags_of

_FOOTER_ROUTE: Final = "domain/footer"
_MTA_STS_ROUTE: Final = "mta-sts"
_WILDCARDS_SINCE: Final = Version(2025, 9, "c")
_QUOTA_BCC_ROUTE: Final = "quota_notification_bcc"

FOOTER: Final = a_mapping(
    {
        "html": Part(text(), "html", ""),
        "plain": Part(text(), "plain", ""),
        "skip_replies": Part(FLAG, "skip_replies", default=False),
        "exclude": Part(a_set_of(DOMAIN_OR_ADDRESS), "exclude", ()),
    }
)
"""Excluded are mailboxes, aliases and alias domains; what is not sent is emptied (mailcow 2023-10 to 2026-07a,
functions.mailbox.inc.php). Replies can be skipped since 2024-01; mailboxes are excluded since 2023-11a, the others
since 2024-02."""


def _accept_mail_exchanger(value: Any, _scope: Scope) -> str:
    """Read the name of a host, or `*.` and a domain (2025-09 to 2026-07a, functions.inc.php: is_valid_domain_name)."""
    wildcard = "*." if isinstance(value, str) and value.startswith("*.") else ""
    host = readable_domain(value.removeprefix(wildcard)) if isinstance(value, str) else None
    if host is not None:
        return f"{wildcard}{host}"
    hint = "write `mail.acme.example`, or `*.acme.example` for all hosts there"
    raise refuse("domain-malformed", f"`{value}` is no name of a host", hint=hint)


def _encode_mail_exchanger(host: str) -> str:
    wildcard = "*." if host.startswith("*.") else ""
    return wildcard + domain_for_wire(host.removeprefix(wildcard))


MAIL_EXCHANGER: Final = Codec(accept=_accept_mail_exchanger, encode=_encode_mail_exchanger, schema=DOMAIN.schema)
_MAIL_EXCHANGERS: Final = a_set_of(MAIL_EXCHANGER, wire="text", least=1, most_bytes=COLUMN)

MTA_STS: Final = a_mapping(
    {
        "mode": Part(choice("enforce", "testing", "none"), "mode"),
        "mx": Part(_MAIL_EXCHANGERS, "mx"),
        "max_age": Part(duration(unit="s", least=1, most=31_536_000), "max_age", "7d"),
        "state": Part(ACTIVE, "active", "active"),
    },
    more={"version": "STSv1"},
)
"""The version must be sent every time, or the edit is refused (mailcow 2025-09 to 2026-07a, recorded exchanges)."""

QUOTA_BCC: Final = a_mapping(
    {
        "to": Part(a_set_of(MAIL_ADDRESS, wire="text"), "bcc_rcpt"),
        "state": Part(ACTIVE, "active", "active"),
    }
)

_RELAY_FLAGS: Final = ("backupmx", "relay_all_recipients", "relay_unknown_only")
_ALLOWED_SENDERS, _BLOCKED_SENDERS = senders_fields(
    "domain-policy", name="domain", said=("domain_modified", "item_deleted"), owner=Owner.DOMAIN_ADMIN
)


class DomainRecord(TypedDict, total=False):
    """A domain this server receives mail for, and the limits of what may be in it."""

    name: Required[Annotated[Domain, field("The domain itself.", read="domain_name", add="domain")]]
    description: Annotated[ShortText, field("What people call it. It cannot be emptied once it is set.", "description")]
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
            "What a mailbox gets for which nobody says another quota.",
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
            follows=(Follows(("relayhost",), stays=True),),
        ),
    ]
    rate_limit: Annotated[
        RateLimit,
        field(
            "How much mail it may send: `500/h`, `10/s`, or `unlimited`.",
            read="rl",
            add=("rl_value", "rl_frame"),
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
    allowed_senders: Annotated[Senders, _ALLOWED_SENDERS]
    blocked_senders: Annotated[Senders, _BLOCKED_SENDERS]
    footer: Annotated[
        Value,
        FOOTER,
        field(
            "Text under all mail its people send: `html`, `plain`, `skip_replies`, and whom to `exclude` (mailboxes, "
            "aliases, alias domains). The server never shows it; it is written as a whole.",
            edit=WHOLE,
            route=_FOOTER_ROUTE,
            successes=("domain_footer_modified",),
            since="2023-10",
            stage=Stage.CONNECT,
        ),
    ]
    mta_sts: Annotated[
        Value,
        MTA_STS,
        field(
            "What it promises about encryption to servers that send mail here: `mode` (`enforce`, `testing`, `none`), "
            "`mx` hosts, `max_age`, `state`. The server never shows it; it is written as a whole.",
            edit=WHOLE,
            route=_MTA_STS_ROUTE,
            successes=("object_modified",),
            since="2025-09",
        ),
    ]
    quota_notification_bcc: Annotated[
        Value,
        QUOTA_BCC,
        field(
            "Who else hears that a mailbox is nearly full: `to` and `state`. The server never shows it.",
            edit=WHOLE,
            route=_QUOTA_BCC_ROUTE,
            successes=("saved_settings",),
        ),
    ]


def _without_surprises(attributes: Attributes, situation: Situation) -> Attributes:
    """Ask for no DKIM key and no rate limit, which 2024-01 and later create from a template unless told otherwise.

    Where a template is named, it is what the domain is made from, key and all; but for the key, where another one is
    declared for the domain: the server would refuse to make that one beside it (2024-01 to 2026-07a,
    functions.dkim.inc.php).
    """
    if situation.verb is not Verb.ADD:
        return attributes
    if "template" not in attributes:
        return {"description": situation.address.key, "key_size": 0, "rl_value": "", "rl_frame": "s", **attributes}
    declared = situation.future.get(Address("dkim_key", situation.address.key))
    return attributes if declared is None else {"key_size": 0, **attributes}


def _refuses(situation: Situation) -> tuple[tuple[str, str, str], ...]:
    """Name what an edit answers with success and does not do (2022-01a to 2026-07a, ``edit/domain``)."""
    found = []
    if "max_aliases" in situation.changed and situation.after["max_aliases"] == 0 and situation.before:
        found.append(("max_aliases", "mailcow ignores a limit of 0 in an edit", "write 1 at least"))
    return tuple(found)


def _check(values: Values) -> tuple[tuple[str, str, str], ...]:
    """Name what is nothing to PHP, and so never stored as a description (2022-01a to 2026-07a)."""
    if values.get("description") in ("", "0"):
        return (("description", "mailcow takes this for no description at all", "write another, or leave it out"),)
    return ()


def _clashes(situation: Situation) -> tuple[tuple[str, str, str], ...]:
    """Find quotas out of order, limits below what is in use, and domains that are not empty (all versions)."""
    if situation.verb is Verb.DELETE:
        return _inhabited(situation)
    from reconciler.model.amended import those_with  # noqa: PLC0415  only where domains change
    from reconciler.spec.limits import unfit_limits  # noqa: PLC0415  as above

    live, name = situation.live, situation.address.key
    alone = live.was_read("alias_domain") and not those_with(live.of("alias_domain"), "target", name)
    # aliases of alias domains are counted too, but not when the limit is lowered
    limits = unfit_limits(
        situation,
        _quotas(situation) if live.was_read("mailbox") else _counted(situation, "mailboxes"),
        _counted(situation, "aliases") if alone and not live.was_read("alias") else None,
    )
    return (*limits, *_too_early(situation), *senders_in_both_lists(situation))


def _too_early(situation: Situation) -> Iterator[tuple[str, str, str]]:
    """Find parts of footers and of policies for encryption that came later than these (functions.mailbox.inc.php)."""
    if "footer" in situation.changed:
        from reconciler.spec.footers import not_taken  # noqa: PLC0415  few domains have one

        yield from not_taken(situation, aliases="alias")
    if "mta_sts" in situation.changed and situation.capabilities.version < _WILDCARDS_SINCE:
        policy: Any = situation.after["mta_sts"]
        for host in (each for each in policy["mx"] if each.startswith("*.")):
            yield "mta_sts", f"mailcow takes `{host}` since {_WILDCARDS_SINCE} only", "name each host"


def _inhabited(situation: Situation) -> tuple[tuple[str, str, str], ...]:
    """Say who is left in a domain that is to go: mailcow deletes only empty ones."""
    left = [Address(kind, key) for kind in ("mailbox", "resource") for key in _in_domain(situation, kind)]
    names = ", ".join(f"`{each}`" for each in left[:3]) + (" and more" if len(left) > 3 else "")  # noqa: PLR2004
    if not left and not situation.live.was_read("mailbox"):
        number = _counted(situation, "mailboxes")
        names = f"{number} mailboxes" if number else ""
    why = f"mailcow deletes no domain that still holds {names}"
    return (("", why, "list them under `removed:` too"),) if names else ()


def _counted(situation: Situation, what: str) -> int:
    """How many there are by the domain's own row."""
    found = situation.observed.measures.get(what) if situation.observed is not None else 0
    return found if isinstance(found, int) else 0


def _quotas(situation: Situation) -> Iterator[tuple[Address, Value]]:
    """What mailboxes in the domain will hold, as far as is known; looked up only when it is asked for."""
    from reconciler.model.amended import value_of  # noqa: PLC0415  as above

    mailboxes = situation.future.of("mailbox")
    for key in _in_domain(situation, "mailbox"):
        yield Address("mailbox", key), value_of(mailboxes, key, "quota")


def _in_domain(situation: Situation, kind: str) -> Sequence[str]:
    """The keys of what will be in the domain, as far as is known."""
    from reconciler.model.amended import those_naming  # noqa: PLC0415  as above

    return those_naming(situation.future.of(kind), "address", _home, situation.address.key)


def _home(value: Value) -> tuple[str, ...]:
    return (domain_of(value),) if isinstance(value, str) else ()


def _by_their_own_ways(steps: tuple[Step, ...], situation: Situation) -> tuple[Step, ...]:
    """Give each of the odd routes what it wants besides."""
    made: list[Step] = []
    for step in steps:
        if step.verb is Verb.DELETE and step.route == KIND.routes.delete:
            from reconciler.spec.footers import emptied  # noqa: PLC0415  only where domains go

            made += (_footer(each, situation) for each in emptied(step, situation))
        if step.route == _MTA_STS_ROUTE:
            made.append(_first_added(step))
        if step.verb is Verb.ADD and step.route == KIND.routes.add:
            made += _relaying_last(step, situation)
        else:
            made.append(_ROUTES[step.route](step, situation) if step.route in _ROUTES else step)
    return tuple(made)


def _relaying_last(step: Step, situation: Situation) -> tuple[Step, ...]:
    """Let a new domain relay only once its alias domains are there: one that relays is given none.

    That it has some is not minded afterwards (2022-01a to 2026-07a, functions.mailbox.inc.php).
    """
    relay = situation.future.value(situation.address, "relay")
    if relay in (None, "off"):
        return (step,)
    from reconciler.model.amended import those_with  # noqa: PLC0415  few domains relay

    if not those_with(situation.future.of("alias_domain"), "target", situation.address.key):
        return (step,)
    flags = dict(zip(_RELAY_FLAGS, RELAYING.encode(relay), strict=True))
    later = replace(
        step,
        verb=Verb.EDIT,
        item=step.attributes["domain"],
        attributes=flags,
        successes=KIND.routes.edited,
        stage=Stage.CONNECT,
        fields=frozenset({"relay"}),
    )
    return (replace(step, attributes={**step.attributes, **dict.fromkeys(flags, 0)}), later)


def _first_added(step: Step) -> Step:
    """Add the policy first: edit refuses where there is none, add where there is one, and neither can be seen."""
    attributes = {**step.attributes, "domain": step.item}
    return replace(step, verb=Verb.ADD, item=None, attributes=attributes, successes=(), optional=True)


def _footer(step: Step, situation: Situation) -> Step:
    from reconciler.spec.footers import as_it_is_taken  # noqa: PLC0415  few domains have one

    taken = as_it_is_taken(step, situation)
    return taken if taken.route == _FOOTER_ROUTE else _named(taken, situation)


def _named(step: Step, _situation: Situation) -> Step:
    """Name the domain among the attributes, where this route looks for it."""
    return replace(step, attributes={"domain": step.item, **step.attributes}, alone=True)


_ROUTES: Final = {_FOOTER_ROUTE: _footer, _QUOTA_BCC_ROUTE: _named}


KIND = Kind(
    name="domain",
    plural="domains",
    record=DomainRecord,
    example={
        "name": "acme.example",
        "max_mailboxes": 20,
        "max_mailbox_quota": "20GiB",
        "max_total_quota": "100GiB",
        "rate_limit": "500/h",
    },
    key=("name",),
    sources={**listed("domain"), **POLICY_SOURCES},
    routes=crud("domain", added="domain_added", edited="domain_modified", deleted="domain_removed"),
    handle="domain_name",
    domain_field="name",
    after=("relayhost", "domain_template"),
    template="domain_template",
    template_since=Version(2024, 1),
    space="domain",
    protected=True,
    measures={
        "bytes": "bytes_total",
        "messages": "msgs_total",
        "mailboxes": "mboxes_in_domain",
        "quota": "quota_used_in_domain",
        "aliases": "aliases_in_domain",
    },
    on_add=_without_surprises,
    on_steps=_by_their_own_ways,
    refuses=_refuses,
    clashes=_clashes,
    on_check=_check,
    also_called={"aliases": "max_aliases", "mailboxes": "max_mailboxes", "quota": "max_total_quota", "active": "state"},
)
