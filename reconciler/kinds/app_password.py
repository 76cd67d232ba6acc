"""App passwords."""

from html import escape, unescape
from typing import Any, Final, Required, TypedDict

from reconciler.model.operation import Verb
from reconciler.model.resource import Value
from reconciler.model.version import Version
from reconciler.records import replace
from reconciler.spec.addresses import MAILBOX_ADDRESS, ListedMailbox
from reconciler.spec.codec import Scope, refuse
from reconciler.spec.codecs import COLUMN, State, a_set_of, text, truthy, words
from reconciler.spec.kind import Attributes, Kind, Situation, Source, crud
from reconciler.spec.language import Annotated
from reconciler.spec.mark import MAIN, Owner, field
from reconciler.spec.names import inside
from reconciler.spec.secrets import Password

_PROTOCOLS: Final = ("dav", "eas", "imap", "pop3", "sieve", "smtp")
_OWN_PASSWORD_NAMES_SINCE: Final = Version(2025, 9, "c")

PROTOCOLS: Final = replace(
    a_set_of(words({each: f"{each}_access" for each in _PROTOCOLS})),
    decode=lambda *flags: tuple(name for name, flag in zip(_PROTOCOLS, flags, strict=True) if truthy(flag)),
)


def _accept_name(value: Any, scope: Scope) -> Value:
    """Read a name that has room when it is escaped, for that is what the server keeps, without blanks at its ends."""
    name = _NAME.accept(value, scope)
    if name != name.strip() or name == "0" or "\0" in (name[0], name[-1]):
        hint = "write it without blanks at its ends; `0` is no name to mailcow"
        raise refuse("app-name-malformed", f"`{name}` is not what mailcow keeps as a name", hint=hint)
    if len(escape(name).replace("&#x27;", "&#039;")) > COLUMN:
        hint = "shorten it; `&`, `<`, `>` and quotes take up to six characters"
        raise refuse("text-too-long", f"the name takes up more than {COLUMN} characters", hint=hint)
    return name


_NAME: Final = text(least=1, most=COLUMN)
NAME: Final = replace(
    _NAME,
    accept=_accept_name,
    core=None,
    decode=lambda value: unescape(unescape(str(value))),
)
"""Trimmed and escaped when it is written, and escaped once more when it is read (2022-01a to 2026-07a, recorded
exchanges)."""


class AppPassword(TypedDict, total=False):
    """A password of one program, so that a mailbox's own need not be given to it."""

    mailbox: Required[
        Annotated[
            ListedMailbox,
            field(
                "Whose it is.",
                read="mailbox",
                add="username",
                refers="mailbox",
                renamed_with=("mailbox",),
                owner=Owner.USER,
            ),
        ]
    ]
    name: Required[Annotated[str, NAME, field("What people call it.", read="name", add="app_name", owner=Owner.USER)]]
    protocols: Required[
        Annotated[
            tuple[str, ...],
            PROTOCOLS,
            field(
                "What it may be used for: `imap`, `smtp`, `pop3`, `sieve`, `dav`, `eas`.",
                read=tuple(f"{each}_access" for each in _PROTOCOLS),
                add="protocols",
                edit="protocols",
                owner=Owner.USER,
            ),
        ]
    ]
    password: Annotated[
        Password,
        field(
            "The password, sent when it is created. The server shows only a hash, which `{hash: ...}` can restore.",
            add=("app_passwd", "app_passwd2"),
            edit=("app_passwd", "app_passwd2"),
            owner=Owner.USER,
        ),
    ]
    state: Annotated[State, field("`off` lets nobody in with it.", "active", default="active", owner=Owner.USER)]


def _under_its_owner(attributes: Attributes, situation: Situation) -> Attributes:
    """Repeat owner and name: without the owner nothing is stored, without the name it is escaped once more.

    Until 2025-09c edits call the password otherwise than adds (functions.app_passwd.inc.php).
    """
    after = situation.after
    old = situation.capabilities.version < _OWN_PASSWORD_NAMES_SINCE and situation.verb is not Verb.ADD
    named = {name.replace("app_passwd", "password") if old else name: value for name, value in attributes.items()}
    return {**named, "username": MAILBOX_ADDRESS.encode(after["mailbox"]), "app_name": after["name"]}


def _key(values: Any) -> str:
    return inside(str(values["mailbox"]), str(values["name"]))


KIND = Kind(
    name="app_password",
    plural="app_passwords",
    record=AppPassword,
    example={
        "mailbox": "anna@acme.example",
        "name": "Phone",
        "protocols": ["imap", "smtp"],
        "initial": {"password": {"env": "ANNA_PHONE"}},
    },
    key=("mailbox", "name"),
    key_text=_key,
    sources={MAIN: Source(path="app-passwd/all/{each}", each="mailbox")},
    routes=crud("app-passwd", added="app_passwd_added", edited="object_modified", deleted="app_passwd_removed"),
    handle="id",
    domain_field="mailbox",
    after=("mailbox",),
    unique=False,
    alone=True,
    needed=lambda _values: ("password",),
    on_edit=_under_its_owner,
    also_called={"active": "state", "app_name": "name", "username": "mailbox"},
)
"""There is a list for each mailbox only; deleting several ends at the first that is gone (recorded exchanges)."""
