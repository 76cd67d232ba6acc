"""Sieve filters."""

from typing import Final, Required, TypedDict

from reconciler.model.resource import Value, Values
from reconciler.records import replace
from reconciler.spec.addresses import MailboxAddress
from reconciler.spec.codecs import Name, State, choice, text
from reconciler.spec.kind import Kind, Situation, Source, crud
from reconciler.spec.language import Annotated
from reconciler.spec.mark import MAIN, Owner, field
from reconciler.spec.names import inside


def _unix(script: Value) -> str:
    return str(script).replace("\r\n", "\n")


SCRIPT: Final = replace(text(least=1, most_bytes=65_535), decode=_unix, fold=_unix)
"""The server keeps line ends as they come, and no more than 65535 bytes (2022-01a to 2026-07a, init_db.inc.php)."""


class SieveFilter(TypedDict, total=False):
    """A script that sorts a mailbox's mail, before or after the user's own."""

    mailbox: Required[
        Annotated[
            MailboxAddress,
            field(
                "Whose mail it sorts.",
                read="username",
                add="username",
                refers="mailbox",
                renamed_with=("mailbox",),
                owner=Owner.USER,
            ),
        ]
    ]
    type: Required[
        Annotated[
            str,
            choice("prefilter", "postfilter"),
            field(
                "Whether it runs before or after the user's own scripts.",
                read="filter_type",
                add="filter_type",
                owner=Owner.USER,
            ),
        ]
    ]
    description: Required[
        Annotated[Name, field("What people call it.", read="script_desc", add="script_desc", owner=Owner.USER)]
    ]
    script: Required[
        Annotated[
            str, SCRIPT, field("The script. The server refuses one with a mistake.", "script_data", owner=Owner.USER)
        ]
    ]
    state: Annotated[
        State,
        field(
            "Whether it is in force. Of a mailbox's filters of one type only one can be.",
            "active",
            default="active",
            owner=Owner.USER,
        ),
    ]


def _key(values: Values) -> str:
    return inside(str(values["mailbox"]), str(values["type"]), str(values["description"]))


def _rivals(values: Values) -> str | None:
    return f"the active {values['type']} of {values['mailbox']}" if values["state"] == "active" else None


def _check(values: Values) -> tuple[tuple[str, str, str], ...]:
    """Find what the server is sure to refuse, on all versions."""
    from reconciler.spec.sieve import mistake  # noqa: PLC0415  only where there are scripts

    found = mistake(str(values.get("script", "")))
    return () if found is None else (("script", f"mailcow takes no such script: {found}", "mend it"),)


def _clashes(situation: Situation) -> tuple[tuple[str, str, str], ...]:
    """Find an extension this server does not know."""
    if "script" not in situation.changed:
        return ()
    from reconciler.spec.sieve import unknown_extension  # noqa: PLC0415  only where scripts change

    found = unknown_extension(str(situation.after["script"]), situation.capabilities.version)
    why = f"mailcow takes no script that requires `{found}`, whatever Dovecot knows"
    return () if found is None else (("script", why, "do without it"),)


def _effects(situation: Situation) -> tuple[str, ...]:
    """Name the filter that is put out of force, without a word, by another of its type (all versions)."""
    after = situation.after
    if "state" not in situation.changed and situation.observed is not None:
        return ()
    if after.get("state", "active") != "active":
        return ()
    from reconciler.model.amended import those_with  # noqa: PLC0415  only where one changes

    there = situation.live.of(situation.address.kind)
    beside = map(there.__getitem__, those_with(there, "mailbox", str(after.get("mailbox"))))
    return tuple(
        f"puts `{each.values['description']}` out of force, the active {after['type']} there is"
        for each in beside
        if each.address != situation.address
        and each.values["state"] == "active"
        and each.values["type"] == after.get("type")
    )


KIND = Kind(
    name="sieve_filter",
    plural="sieve_filters",
    record=SieveFilter,
    example={
        "mailbox": "anna@acme.example",
        "type": "prefilter",
        "description": "Invoices",
        "script": 'require "fileinto"; if header :contains "Subject" "Invoice" { fileinto "Invoices"; }',
    },
    key=("mailbox", "type", "description"),
    key_text=_key,
    sources={MAIN: Source(path="filters/all")},
    routes=crud("filter", added="mailbox_modified", edited="mailbox_modified", deleted="delete_filter"),
    handle="id",
    domain_field="mailbox",
    after=("mailbox",),
    unique=False,
    rivals=_rivals,
    effects=_effects,
    on_check=_check,
    clashes=_clashes,
    also_called={"active": "state", "script_data": "script", "script_desc": "description", "username": "mailbox"},
)
