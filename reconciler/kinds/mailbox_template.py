"""Mailbox templates."""

from typing import Any, Final, Required, TypedDict

from reconciler.model.operation import HandleOf, Verb
from reconciler.model.version import OLDEST, Version
from reconciler.records import replace
from reconciler.spec.amounts import SizeOrUnlimited
from reconciler.spec.codecs import Flag, MailboxState, Name, Tags, a_set_of, choice, collated, words
from reconciler.spec.kind import Kind, Situation, crud, listed
from reconciler.spec.language import Annotated
from reconciler.spec.mark import Mark, field
from reconciler.spec.rights import PERMISSIONS, PROTOCOLS, RATE_IN_PARTS, USUAL_RIGHTS, named_by_flags
from reconciler.spec.step import Stage, Step

_HEEDED_SINCE: Final = Version(2024, 1)
_LATER: Final = {
    "permissions": (Version(2024, 8), ("pw_reset",)),
    "protocols": (Version(2026, 1), ("dav", "eas")),
}
"""What came later than the lists they are words of. A template that is older, as the one of the beginning was until
2026-07a, says nothing of it: its mailboxes may use the protocol, and lack the right (functions.mailbox.inc.php: add
mailbox, to 2026-07a)."""


def _kept(about: str, *names: str, default: Any, since: str | None = None) -> Mark:
    """A setting of the template: an edit loses what it does not name (2022-12 to 2026-07a, functions.mailbox)."""
    read = tuple(f"attributes.{name}" for name in names)
    return field(about, names, read=read, default=default, absent=default, repeated=True, since=since)


class MailboxTemplate(TypedDict, total=False):
    """What new mailboxes are made from, by mailcow's own pages and by entries that name it as their `template`."""

    name: Required[
        Annotated[Name, field("Its name. `Default` is there always.", "template", edit="template", repeated=True)]
    ]
    state: Annotated[MailboxState, _kept("As in a mailbox.", "active", default="active")]
    quota: Annotated[SizeOrUnlimited, _kept("How much mail a mailbox holds.", "quota", default="unlimited")]
    force_password_change: Annotated[
        Flag, _kept("Ask for a new password at the next login.", "force_pw_update", default=False)
    ]
    force_two_factor: Annotated[Flag, _kept("Ask for a second factor.", "force_tfa", default=False, since="2026-07")]
    webmail: Annotated[Flag, _kept("May use webmail (SOGo).", "sogo_access", default=True)]
    protocols: Annotated[
        tuple[str, ...],
        named_by_flags(a_set_of(choice(*PROTOCOLS)), "{}_access", absent=True),
        field(
            "What they may log in with: `imap`, `pop3`, `smtp`, `sieve`, and since 2026-01 `eas` and `dav`.",
            "protocol_access",
            read="attributes",
            default=PROTOCOLS,
            repeated=True,
        ),
    ]
    permissions: Annotated[
        tuple[str, ...],
        named_by_flags(PERMISSIONS, "acl_{}", absent=False),
        field("What users may do themselves.", "acl", read="attributes", default=USUAL_RIGHTS, repeated=True),
    ]
    enforce_tls_in: Annotated[Flag, _kept("Refuse mail that comes unencrypted.", "tls_enforce_in", default=False)]
    enforce_tls_out: Annotated[Flag, _kept("Send mail encrypted only.", "tls_enforce_out", default=False)]
    quarantine_notification: Annotated[
        str,
        choice("never", "hourly", "daily", "weekly"),
        _kept("How often they hear of mail in quarantine.", "quarantine_notification", default="hourly"),
    ]
    quarantine_category: Annotated[
        str,
        words({"junk": "add_header", "rejected": "reject", "all": "all"}),
        _kept("Which mail in quarantine they hear of.", "quarantine_category", default="rejected"),
    ]
    tagged_mail: Annotated[
        str,
        choice("none", "subject", "subfolder"),
        _kept("Where the tag of `anna+tag@` goes.", "tagged_mail_handler", default="none", since="2025-09"),
    ]
    rate_limit: Annotated[
        str,
        RATE_IN_PARTS,
        _kept("How much mail they may send: `500/h`, or `unlimited`.", "rl_value", "rl_frame", default="unlimited"),
    ]
    tags: Annotated[Tags, _kept("Words to find it by.", "tags", default=())]


def _said_twice(steps: tuple[Step, ...], situation: Situation) -> tuple[Step, ...]:
    """Edit what was just added: until 2024-01 add lets every protocol in, whatever the list says; edit heeds it."""
    if situation.verb is not Verb.ADD or situation.capabilities.version >= _HEEDED_SINCE:
        return steps
    again = replace(steps[0], verb=Verb.EDIT, item=HandleOf(situation.address), successes=KIND.routes.edited)
    return (steps[0], replace(again, stage=Stage.FOLLOW, alone=True), *steps[1:])


def _settled(name: str, situation: Situation) -> bool:
    """Whether a list differs only by words the server does not know yet, and so never shows."""
    since, unknown = _LATER.get(name, (OLDEST, ()))
    if situation.capabilities.version >= since:
        return False
    return {*situation.after[name]} ^ {*situation.before.get(name, ())} <= {*unknown}


KIND = Kind(
    name="mailbox_template",
    plural="mailbox_templates",
    record=MailboxTemplate,
    example={"name": "Employee", "quota": "5GiB", "protocols": ["imap", "smtp", "sieve"]},
    key=("name",),
    sources=listed("mailbox/template"),
    routes=crud("mailbox/template", added="template_added", edited="template_modified", deleted="template_removed"),
    handle="id",
    since=Version(2022, 12),
    serial=True,
    alone=True,
    on_steps=_said_twice,
    settled=_settled,
    rivals=lambda values: f"called {collated(values['name'])}",
    stays=lambda values: values["name"] == "Default",
    also_called={"active": "state", "template": "name"},
)
"""One call each: several ids in an edit get one name (recorded exchanges)."""
