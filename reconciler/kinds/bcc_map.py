"""BCC maps."""

from typing import Final, Required, TypedDict

from reconciler.model.address import Address
from reconciler.model.operation import Verb
from reconciler.model.version import Version
from reconciler.records import replace
from reconciler.spec.addresses import DomainOrAddress, MailAddress
from reconciler.spec.codecs import State, words
from reconciler.spec.kind import Kind, Situation, crud, listed
from reconciler.spec.language import Annotated
from reconciler.spec.mark import Follows, field
from reconciler.spec.step import Step

_HIDDEN: Final = "hides `{address}`, which copies mail again when the domain is made again"
"""Neither shown nor deletable until then (2022-01a to 2026-07a, recorded exchanges)."""

BccMap = TypedDict(
    "BccMap",
    {
        "for": Required[
            Annotated[
                DomainOrAddress,
                field(
                    "Whose mail is copied: a whole domain, or one mailbox or alias.",
                    read="local_dest",
                    add="local_dest",
                    renamed_with=("mailbox",),
                    follows=(Follows(("mailbox",)), Follows(("domain", "alias_domain"), by_domain=True, told=_HIDDEN)),
                ),
            ]
        ],
        "direction": Required[
            Annotated[
                str,
                words({"outgoing": "sender", "incoming": "rcpt"}),
                field("Which mail is copied: what they send, or what they get.", read="type", add="type"),
            ]
        ],
        "to": Required[
            Annotated[MailAddress, field("Where the copies go; one address.", "bcc_dest", renamed_with=("mailbox",))]
        ],
        "state": Annotated[State, field("`off` copies nothing.", "active", default="active")],
    },
    total=False,
)
BccMap.__doc__ = "A copy of all mail from or to someone, sent to an archive."


def _perhaps_hidden(steps: tuple[Step, ...], _situation: Situation) -> tuple[Step, ...]:
    """Look again when an add is refused: the map may have been hidden, and have come back with its domain."""
    return tuple(replace(step, unclear=frozenset({"bcc_exists"})) if step.verb is Verb.ADD else step for step in steps)


_ALIASES_SINCE: Final = Version(2023, 5)


def _clashes(situation: Situation) -> tuple[tuple[str, str, str], ...]:
    """Say of which aliases mail cannot be copied, and that there is nobody of that name.

    Until 2023-05 only that of mailboxes; later what is written is made lowercase, and an alias with capitals is not
    found (functions.address_rewriting.inc.php).
    """
    future, copied = situation.future, str(situation.after.get("for")).lower()
    if situation.verb is not Verb.ADD or "@" not in copied:
        return ()
    alias = future.get(Address("alias", copied))
    if alias is None:
        known = future.domains is None and future.was_read("alias") and future.was_read("mailbox")
        missing = known and not future.has(Address("mailbox", copied))
        return (("for", f"there is no `{copied}` on this server", "name a mailbox or an alias"),) if missing else ()
    if situation.capabilities.version < _ALIASES_SINCE:
        why = f"mailcow copies mail of aliases since {_ALIASES_SINCE} only"
        return (("for", why, "name a mailbox or the domain"),)
    spelled = str(alias.values["address"])
    if spelled == spelled.lower():
        return ()
    return (("for", f"mailcow does not find `{spelled}`, which has capitals", "delete that alias and make it without"),)


KIND = Kind(
    name="bcc_map",
    plural="bcc_maps",
    record=BccMap,
    example={"for": "acme.example", "direction": "outgoing", "to": "archive@vault.example"},
    key=("for", "direction"),
    key_text=lambda values: f"{values['direction']}:{values['for']}",
    sources=listed("bcc"),
    routes=crud("bcc", added="bcc_saved", edited="bcc_edited", deleted="bcc_deleted"),
    handle="id",
    domain_field="for",
    within=("domain", "alias_domain"),
    after=("mailbox", "alias"),
    fold_key=True,
    serial=True,
    clashes=_clashes,
    on_steps=_perhaps_hidden,
    also_called={"active": "state"},
)
