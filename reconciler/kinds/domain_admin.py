"""Domain administrators."""

from typing import Any, Final, Required, TypedDict

from reconciler.spec.accounts import FORCE_TWO_FACTOR, force_password_change, password_of, renamed_by
from reconciler.spec.addresses import DOMAIN
from reconciler.spec.codec import Codec, Scope, refuse
from reconciler.spec.codecs import COLUMN, Flag, State, a_set_of, choice
from reconciler.spec.kind import Kind, crud, listed
from reconciler.spec.language import Annotated
from reconciler.spec.mark import Follows, Owner, field
from reconciler.spec.secrets import Password

_RIGHTS: Final = (
    "alias_domains",
    "app_passwds",
    "bcc_maps",
    "domain_desc",
    "domain_relayhost",
    "extend_sender_acl",
    "filters",
    "login_as",
    "mailbox_relayhost",
    "protocol_access",
    "pushover",
    "quarantine",
    "ratelimit",
    "smtp_ip_access",
    "sogo_access",
    "spam_policy",
    "syncjobs",
    "unlimited_quota",
)


_MARKS: Final = str.maketrans("", "", "_.-")


def _accept(value: Any, _scope: Scope) -> str:
    bare = value.translate(_MARKS) if isinstance(value, str) else ""
    if bare.isascii() and bare.isalnum() and value != "0" and len(value) <= COLUMN:
        return str(value).lower()
    hint = "write letters, digits and `_.-`; more than `0`, and not marks alone"
    raise refuse("user-name-malformed", f"`{value}` is not a name mailcow takes", hint=hint)


USER_NAME: Final = Codec(accept=_accept, schema={"type": "string", "pattern": r"^[A-Za-z0-9_.-]+$"})
"""The server stores names in lowercase (2022-01a to 2026-07a, functions.domain_admin.inc.php)."""


class DomainAdmin(TypedDict, total=False):
    """Somebody who runs some of the domains, in mailcow's own pages."""

    username: Required[Annotated[str, USER_NAME, field("The name they log in with.", read="username", add="username")]]
    domains: Required[
        Annotated[
            tuple[str, ...],
            a_set_of(DOMAIN, least=1),
            field(
                "The domains they run. Who loses the last one is deleted by the server.",
                read="selected_domains",
                add="domains",
                edit="domains",
                absent=(),
                refers="domain",
                follows=(Follows(("domain",)),),
            ),
        ]
    ]
    state: Annotated[State, field("`off` does not let them log in.", "active", default="active")]
    password: Annotated[Password, password_of(Owner.DOMAIN_ADMIN)]
    permissions: Annotated[
        tuple[str, ...],
        a_set_of(choice(*_RIGHTS)),
        field(
            "What they may do; what is not named they may not. The server never shows it.",
            edit="da_acl",
            route="da-acl",
            successes=("acl_saved",),
        ),
    ]
    force_two_factor: Annotated[Flag, FORCE_TWO_FACTOR]
    force_password_change: Annotated[Flag, force_password_change(Owner.DOMAIN_ADMIN)]


KIND = Kind(
    name="domain_admin",
    plural="domain_admins",
    record=DomainAdmin,
    example={
        "username": "acme-admin",
        "domains": ["acme.example"],
        "permissions": ["syncjobs", "quarantine"],
        "initial": {"password": {"env": "ACME_ADMIN"}},
    },
    key=("username",),
    sources=listed("domain-admin"),
    routes=crud(
        "domain-admin", added="domain_admin_added", edited="domain_admin_modified", deleted="domain_admin_removed"
    ),
    handle="username",
    after=("domain",),
    space="account",
    serial=True,
    needed=lambda _values: ("password",),
    on_move=renamed_by("domain-admin", successes=("domain_admin_modified",)),
    also_called={"active": "state", "name": "username", "acl": "permissions"},
)
