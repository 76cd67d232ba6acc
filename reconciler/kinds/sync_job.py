"""Sync jobs."""

import re
from typing import Any, Final, Required, TypedDict

from reconciler.model.operation import Verb
from reconciler.model.resource import Values
from reconciler.model.version import Version
from reconciler.spec.addresses import MailboxAddress
from reconciler.spec.amounts import UNLIMITED, duration
from reconciler.spec.codec import Codec, Scope, refuse
from reconciler.spec.codecs import COLUMN, Flag, ShortLine, ShortText, State, number, text, words
from reconciler.spec.kind import Kind, Situation, Source, crud
from reconciler.spec.language import Annotated
from reconciler.spec.mark import MAIN, Mark, Owner, field
from reconciler.spec.names import inside
from reconciler.spec.patterns import breaks_off
from reconciler.spec.secrets import ShortSecretText

_SPEED: Final = re.compile(r"(\d+) ?(B|KiB|MiB)/s$")
_SPEED_UNITS: Final = {"MiB": 1024**2, "KiB": 1024, "B": 1}
_FASTEST: Final = 125_000_000
_NEEDS_OPTIONS: Final = Version(2022, 6, "a")


def _speed(amount: int) -> str:
    unit = next(name for name, size in _SPEED_UNITS.items() if amount % size == 0)
    return f"{amount // _SPEED_UNITS[unit]}{unit}/s"


def _bytes(value: str) -> int:
    match = _SPEED.match(value)
    return int(match[1]) * _SPEED_UNITS[match[2]] if match else 0


def _accept_speed(value: Any, _scope: Scope) -> str:
    if value == UNLIMITED:
        return UNLIMITED
    amount = _bytes(value) if isinstance(value, str) else 0
    if not 1 <= amount <= _FASTEST:
        hint = "write `500KiB/s`, `2MiB/s` or `unlimited`; at most 125000000B/s"
        raise refuse("speed-malformed", f"`{value}` is not a speed", hint=hint)
    return _speed(amount)


SPEED: Final = Codec(
    accept=_accept_speed,
    decode=lambda value: _speed(int(value)) if int(value or 0) else UNLIMITED,
    encode=lambda value: str(_bytes(value)),
    schema={"type": "string", "pattern": r"^(\d+ ?(B|KiB|MiB)/s|unlimited)$", "examples": ["500KiB/s"]},
)


OPTIONS: Final = text(most=512, pattern=r"^(-\S*( +\S+)*)?$")
"""Adds cut off what is blank at both ends, edits refuse it before and keep it behind (2022-06a to 2026-07a)."""


def _setting(about: str, wire: str, default: Any, *, since: str | None = None, absent: Any = None) -> Mark:
    """A setting of a job, sent with every add: what is omitted there is refused, or becomes 0 (all versions)."""
    more = {} if absent is None else {"absent": absent}
    return field(about, wire, default=default, since=since, owner=Owner.USER, **more)


class SyncJob(TypedDict, total=False):
    """A mailbox on another server whose mail is fetched again and again."""

    mailbox: Required[
        Annotated[
            MailboxAddress,
            field(
                "Where the mail goes.",
                read="user2",
                add="username",
                refers="mailbox",
                renamed_with=("mailbox",),
                owner=Owner.USER,
            ),
        ]
    ]
    host: Required[
        Annotated[
            str,
            text(least=1, most=COLUMN, pattern=r"^[a-z0-9](-*[a-z0-9])*([.][a-z0-9](-*[a-z0-9])*)*$"),
            field("The server it comes from: a name or an IPv4 address.", read="host1", add="host1", owner=Owner.USER),
        ]
    ]
    username: Required[Annotated[ShortLine, field("The account there.", read="user1", add="user1", owner=Owner.USER)]]
    password: Annotated[
        ShortSecretText,
        field(
            "Its password. It cannot be compared, and the server shows it to anyone with an API key.",
            add="password1",
            edit="password1",
            owner=Owner.USER,
        ),
    ]
    port: Annotated[int, number(least=1, most=65535), _setting("The port there.", "port1", 993)]
    encryption: Annotated[
        str,
        words({"tls": "SSL", "starttls": "TLS", "none": "PLAIN"}),
        _setting("`tls` from the start, `starttls`, or `none`.", "enc1", "tls"),
    ]
    state: Annotated[State, _setting("`off` fetches nothing.", "active", "active")]
    interval: Annotated[
        str, duration(unit="min", least=1, most=43_800), _setting("How often.", "mins_interval", "20min")
    ]
    folder: Annotated[
        ShortText, _setting('The folder it goes into; `""` for the same folders as there.', "subfolder2", "External")
    ]
    exclude: Annotated[
        str, text(most=500), _setting("A pattern of folders that are left out.", "exclude", "(?i)spam|(?i)junk")
    ]
    max_age: Annotated[
        str,
        duration(unit="d", least=1, most=32_000, unlimited=True),
        _setting("How old mail may be.", "maxage", UNLIMITED),
    ]
    max_speed: Annotated[
        str, SPEED, _setting("How fast it may be fetched, such as `500KiB/s`.", "maxbytespersecond", UNLIMITED)
    ]
    timeout_there: Annotated[
        str,
        duration(unit="s", least=1, most=32_000),
        _setting("How long the other server may take.", "timeout1", "10min"),
    ]
    timeout_here: Annotated[
        str, duration(unit="s", least=1, most=32_000), _setting("How long this server may take.", "timeout2", "10min")
    ]
    delete_there: Annotated[Flag, _setting("Delete there what was fetched.", "delete1", default=False)]
    delete_here: Annotated[Flag, _setting("Delete here what is gone there.", "delete2", default=False)]
    delete_duplicates: Annotated[Flag, _setting("Delete duplicates here.", "delete2duplicates", default=True)]
    map_folders: Annotated[
        Flag, _setting("Recognise folders such as sent mail by their names.", "automap", default=True)
    ]
    skip_duplicates_across: Annotated[
        Flag, _setting("Leave out what is in another folder already.", "skipcrossduplicates", default=False)
    ]
    subscribe_all: Annotated[Flag, _setting("Subscribe to all folders.", "subscribeall", default=True)]
    options: Annotated[
        str, OPTIONS, _setting("Further options of imapsync: `--option=value --option`.", "custom_params", "")
    ]
    dry_run: Annotated[Flag, _setting("Fetch nothing, only look.", "dry", default=False, since="2023-11", absent=False)]


def _check(values: Values) -> tuple[tuple[str, str, str], ...]:
    """Name what is nothing to PHP, and so never stored as a folder, and an option that is never kept (all versions)."""
    if values.get("folder") == "0":
        return (("folder", "mailcow takes this for no folder at all", "write another"),)
    if breaks_off(str(values.get("exclude", ""))):
        hint = "write `\\/` for a slash, and something before `*`, `+` or `?`"
        return (("exclude", "mailcow takes this for no regular expression", hint),)
    if "pipemess" in values.get("options", ""):
        return (("options", "mailcow keeps no options with `pipemess`", "leave it out"),)
    return ()


def _clashes(situation: Situation) -> tuple[tuple[str, str, str], ...]:
    """Find an option this server does not take, and a job without any, which 2022-06a takes for a bad option.

    Source: functions.mailbox.inc.php of 2022-06, 2022-06a and 2022-06b.
    """
    if not situation.after.get("options"):
        why = f"mailcow {_NEEDS_OPTIONS} takes no job without options"
        needed = situation.verb is not Verb.DELETE and situation.capabilities.version == _NEEDS_OPTIONS
        return (("options", why, "write a harmless one such as `--nolog`, or update mailcow"),) if needed else ()
    if "options" not in situation.changed:
        return ()
    from reconciler.spec.imapsync import refused_option  # noqa: PLC0415  few jobs have options

    found = refused_option(str(situation.after["options"]), situation.capabilities.version)
    hint = "leave it out; mailcow takes whatever follows a hyphen for an option, in a value too"
    return () if found is None else (("options", f"mailcow takes no option `{found}`", hint),)


def _key(values: Values) -> str:
    return inside(str(values["mailbox"]), f"{values['username']}@{values['host']}")


KIND = Kind(
    name="sync_job",
    plural="sync_jobs",
    record=SyncJob,
    example={
        "mailbox": "anna@acme.example",
        "host": "imap.old.example",
        "username": "anna",
        "interval": "1h",
        "initial": {"password": {"env": "OLD_IMAP_ANNA"}},
    },
    key=("mailbox", "host", "username"),
    key_text=_key,
    sources={MAIN: Source(path="syncjobs/all/no_log")},
    routes=crud("syncjob", added="mailbox_modified", edited="mailbox_modified", deleted="deleted_syncjob"),
    handle="id",
    domain_field="mailbox",
    after=("mailbox",),
    needed=lambda _values: ("password",),
    on_check=_check,
    clashes=_clashes,
    also_called={"active": "state", "user1": "username", "host1": "host", "user2": "mailbox", "password1": "password"},
)
