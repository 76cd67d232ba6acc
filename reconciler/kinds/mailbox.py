"""Mailboxes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from typing_extensions import Required, TypedDict

from reconciler.model.address import Address
from reconciler.model.operation import Verb
from reconciler.model.resource import Values
from reconciler.model.version import Version
from reconciler.spec.capabilities import Capabilities
from reconciler.spec.codecs import (
    Flag,
    Line,
    MailboxAddress,
    MailboxState,
    Password,
    RateLimit,
    SizeOrUnlimited,
    Tags,
    choice,
    reference,
    words,
)
from reconciler.spec.kind import Attributes, Kind, Situation, Source, crud
from reconciler.spec.mark import MAIN, Bound, Mark, Owner, field
from reconciler.spec.names import domain_for_wire, domain_of
from reconciler.spec.step import Stage, Step
from reconciler.spec.tags import tags_of

_PROTOCOLS: Final = Owner.DOMAIN_ADMIN


def _access(what: str, name: str, *, since: str | None = None) -> Mark:
    return field(
        f"May use {what}.", read=f"attributes.{name}", add=name, edit=name, since=since, default=True, owner=_PROTOCOLS
    )


def _own_choice(about: str, name: str, *, route: str) -> Mark:
    """A setting that users make themselves, behind an edit route of its own (2022-01a to 2026-07a)."""
    return field(
        about,
        read=f"attributes.{name}",
        edit=name,
        route=route,
        successes=("mailbox_modified",),
        owner=Owner.USER,
    )


class Mailbox(TypedDict, total=False):
    """A person's mailbox: where mail is kept, and who may read and send it."""

    address: Required[
        Annotated[MailboxAddress, field("The address people log in with.", read="username", add="address")]
    ]
    name: Annotated[Line, field("The person's name. It cannot be emptied once it is set.", "name")]
    state: Annotated[
        MailboxState,
        field("`no-login` still receives mail; `off` bounces it.", "active", default="active"),
    ]
    quota: Annotated[SizeOrUnlimited, field("How much mail it holds.", "quota", default="3GiB", bound=Bound.USE)]
    password: Annotated[
        Password,
        field(
            "The password, sent when the mailbox is created. The server never shows it.",
            add=("password", "password2"),
            edit=("password", "password2"),
            owner=Owner.USER,
        ),
    ]
    force_password_change: Annotated[
        Flag,
        field(
            "Ask for a new password at the next login. The server clears it once that is done.",
            read="attributes.force_pw_update",
            add="force_pw_update",
            edit="force_pw_update",
            default=False,
            owner=Owner.USER,
        ),
    ]
    force_two_factor: Annotated[
        Flag,
        field(
            "Ask for a second factor to be set up at the next login.",
            read="attributes.force_tfa",
            add="force_tfa",
            edit="force_tfa",
            since="2026-03",
            default=False,
        ),
    ]
    webmail: Annotated[Flag, _access("webmail (SOGo)", "sogo_access")]
    imap: Annotated[Flag, _access("IMAP", "imap_access")]
    pop3: Annotated[Flag, _access("POP3", "pop3_access")]
    smtp: Annotated[Flag, _access("SMTP, to send mail", "smtp_access")]
    sieve: Annotated[Flag, _access("ManageSieve, to edit filters", "sieve_access")]
    activesync: Annotated[Flag, _access("ActiveSync", "eas_access", since="2026-01")]
    dav: Annotated[Flag, _access("CalDAV and CardDAV", "dav_access", since="2026-01")]
    enforce_tls_in: Annotated[
        Flag, _own_choice("Refuse mail that comes unencrypted.", "tls_enforce_in", route="tls_policy")
    ]
    enforce_tls_out: Annotated[Flag, _own_choice("Send mail encrypted only.", "tls_enforce_out", route="tls_policy")]
    quarantine_notification: Annotated[
        str,
        choice("never", "hourly", "daily", "weekly"),
        _own_choice(
            "How often they hear of mail in quarantine.", "quarantine_notification", route="quarantine_notification"
        ),
    ]
    quarantine_category: Annotated[
        str,
        words({"junk": "add_header", "rejected": "reject", "all": "all"}),
        _own_choice("Which mail in quarantine they hear of.", "quarantine_category", route="quarantine_category"),
    ]
    relayhost: Annotated[
        str,
        reference(),
        field(
            "The relayhost their outgoing mail takes, instead of the domain's; or `none`.",
            read="attributes.relayhost",
            add="relayhost",
            edit="relayhost",
            refers="relayhost",
            by_handle=True,
        ),
    ]
    rate_limit: Annotated[
        RateLimit,
        field(
            "How much mail they may send: `500/h`, `10/s`, or `unlimited` for what the domain allows.",
            read="*",
            source="rate limits",
            absent="unlimited",
            edit=("rl_value", "rl_frame"),
            route="rl-mbox",
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
            elements=tags_of("mailbox", edited="mailbox_modified"),
        ),
    ]


def _read(row: Mapping[str, Any], _capabilities: Capabilities) -> Mapping[str, Any] | None:
    """Leave out rows of nulls: mailboxes half created by parallel writers (2022-01a), resources of that name."""
    return row if row.get("username") else None


def _split_address(attributes: Attributes, _situation: Situation) -> Attributes:
    """Give add the address in two parts, and a name: versions differ in what they make of none."""
    local, _, domain = str(attributes.pop("address")).rpartition("@")
    return {"local_part": local, "domain": domain, "name": local, **attributes}


def _needed(_values: Values) -> tuple[str, ...]:
    return ("password",)


def _rename(source: Address, situation: Situation) -> tuple[Step, ...]:
    """Rename in place, keeping mail (since 2024-11, ``edit/rename-mbox``, which ignores its items)."""
    old, _, domain = source.key.rpartition("@")
    new = situation.address.key.rpartition("@")[0]
    keep = 1 if "keep_alias" in situation.changed else 0
    attributes = {"domain": domain_for_wire(domain), "old_local_part": old, "new_local_part": new, "create_alias": keep}
    return (
        Step(
            verb=Verb.EDIT,
            route="rename-mbox",
            item=f"{old}@{domain_for_wire(domain)}",
            attributes=attributes,
            successes=("mailbox_renamed",),
            stage=Stage.FREE,
            alone=True,
        ),
    )


KIND = Kind(
    name="mailbox",
    plural="mailboxes",
    record=Mailbox,
    key=("address",),
    sources={
        MAIN: Source(path="mailbox/reduced", by_domain="mailbox/reduced/{domain}"),
        "rate limits": Source(path="rl-mbox/all", join="mailbox"),
    },
    routes=crud("mailbox", added="mailbox_added", edited="mailbox_modified", deleted="mailbox_removed"),
    handle="username",
    domain_of=lambda values: domain_of(str(values["address"])),
    within=("domain",),
    after=("relayhost",),
    space="mail address",
    protected=True,
    kept={"attribute_hash": "attributes.attribute_hash"},
    measures={"bytes": "quota_used", "messages": "messages", "last_login": "last_imap_login"},
    left_half_made="object_exists",
    needed=_needed,
    consumes={"max_mailboxes": None, "max_total_quota": "quota"},
    moves_since=Version(2024, 11),
    on_move=_rename,
    on_read=_read,
    on_add=_split_address,
    also_called={"active": "state", "full_name": "name", "username": "address"},
)
"""Reading every mailbox in full costs the server 16 statements each, the reduced list 6; rate limits have a list of
their own that holds only mailboxes with one (2022-01a and 2026-07a, measured)."""
