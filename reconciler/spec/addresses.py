"""The codecs of domains and mail addresses: lowercase where the server is, and as people read them."""

from __future__ import annotations

from typing import Any, Final

from reconciler.records import replace
from reconciler.spec import accept_many, decode_many
from reconciler.spec.codec import Codec, Many, Scope, refuse
from reconciler.spec.codecs import a_set_of, as_text
from reconciler.spec.language import Annotated
from reconciler.spec.names import domain_for_people, domain_for_wire, read_address, read_domain

DOMAIN: Final = Codec(
    accept=lambda value, _scope: read_domain(value),
    decode=lambda value: domain_for_people(as_text(value)),
    encode=domain_for_wire,
    schema={"type": "string", "format": "hostname", "description": "a domain", "examples": ["acme.example"]},
)
Domain = Annotated[str, DOMAIN]


def _decode_address(value: Any) -> str:
    local, at, domain = as_text(value).rpartition("@")
    return f"{local}{at}{domain_for_people(domain)}"


def _encode_address(value: str) -> str:
    local, at, domain = value.rpartition("@")
    return f"{local}{at}{domain_for_wire(domain)}"


def _accept_address(value: Any, scope: Scope) -> str:
    return read_address(value, scope.domain)


def _accept_mailbox_address(value: Any, scope: Scope) -> str:
    return _accept_address(value, scope).lower()


def _decode_mailbox_address(value: Any) -> str:
    return _decode_address(value).lower()


def _accept_alias_address(value: Any, scope: Scope) -> str:
    return read_address(value, scope.domain, catch_all=True)


MAILBOX_ADDRESS: Final = Codec(
    accept=_accept_mailbox_address,
    decode=_decode_mailbox_address,
    encode=_encode_address,
    schema={"type": "string", "examples": ["anna", "anna@acme.example"]},
    accept_many=Many(_accept_mailbox_address, accept_many.accept_addresses(_accept_address, lower=True)),
    are_plain=decode_many.are_plain_addresses,
    decode_many=Many(_decode_mailbox_address, decode_many.decode_addresses(_decode_mailbox_address)),
)
MailboxAddress = Annotated[str, MAILBOX_ADDRESS]


def _accept_listed_mailbox(value: Any, scope: Scope) -> str:
    address = _accept_mailbox_address(value, scope)
    if "/" not in address:
        return address
    why = f"what belongs to `{address}` cannot be asked for: mailcow splits paths at the slash"
    raise refuse("address-with-slash", why, hint="give it to a mailbox without a slash, or see to it in mailcow itself")


LISTED_MAILBOX: Final = replace(MAILBOX_ADDRESS, accept=_accept_listed_mailbox)
ListedMailbox = Annotated[str, LISTED_MAILBOX]
"""A mailbox whose belongings have no list of everybody's, so that it must be named in a path (2022-01a to 2026-07a)."""

MAIL_ADDRESS: Final = Codec(
    accept=_accept_address,
    decode=_decode_address,
    encode=_encode_address,
    fold=str.lower,
    schema={"type": "string", "examples": ["sales", "sales@acme.example"]},
    accept_many=Many(_accept_address, accept_many.accept_addresses(_accept_address)),
    are_plain=decode_many.are_plain_addresses,
    decode_many=Many(_decode_address, decode_many.decode_addresses(_decode_address)),
)
MailAddress = Annotated[str, MAIL_ADDRESS]

ALIAS_ADDRESS: Final = replace(
    MAIL_ADDRESS,
    accept=_accept_alias_address,
    schema={"type": "string", "examples": ["sales", "@acme.example"]},
    accept_many=Many(_accept_alias_address, accept_many.accept_addresses(_accept_alias_address)),
)
AliasAddress = Annotated[str, ALIAS_ADDRESS]


def _accept_domain_or_address(value: Any, scope: Scope) -> str:
    if isinstance(value, str) and "@" not in value and "." in value:
        return read_domain(value)
    return read_address(value, scope.domain, catch_all=True).removeprefix("@").lower()


DOMAIN_OR_ADDRESS: Final = Codec(
    accept=_accept_domain_or_address,
    decode=lambda value: _decode_address(value).removeprefix("@"),
    encode=_encode_address,
    fold=str.lower,
    schema={"type": "string", "examples": ["acme.example", "anna@acme.example"]},
)
DomainOrAddress = Annotated[str, DOMAIN_OR_ADDRESS]
"""A whole domain, or one address. The server answers a whole domain with ``@`` before it, and refuses it written so."""

Addresses = Annotated[tuple[str, ...], a_set_of(MAIL_ADDRESS, wire="text")]
Domains = Annotated[tuple[str, ...], a_set_of(DOMAIN)]
