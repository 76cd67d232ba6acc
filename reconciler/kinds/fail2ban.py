"""Fail2ban."""

import re
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any, Final, TypedDict

from reconciler.model.resource import Value
from reconciler.records import replace
from reconciler.spec.amounts import duration
from reconciler.spec.codec import Codec, Scope, refuse
from reconciler.spec.codecs import Flag, a_set_of, number, text
from reconciler.spec.kind import Kind, Routes, Situation, Source
from reconciler.spec.language import Annotated
from reconciler.spec.mappings import a_list_of
from reconciler.spec.mark import MAIN, field
from reconciler.spec.names import domain_for_people, domain_for_wire
from reconciler.spec.step import Step

_HOST_NAME: Final = re.compile(
    r"(?=.{1,253}$)[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?(?:\.[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?)*"
)
_EVERYBODY: Final = ("0.0.0.0", "0.0.0.0/0")  # noqa: S104  no address anybody listens at


def _is_network(text: str) -> bool:
    address, slash, length = text.partition("/")
    try:
        most = ip_address(address).max_prefixlen
    except ValueError:
        return False
    return "%" not in text and (not slash or (length.isascii() and length.isdigit() and int(length) <= most))


def _accept_network(value: Any, _scope: Scope) -> str:
    if isinstance(value, str) and _is_network(value) and value not in _EVERYBODY:
        return value
    hint = "write an address or a network: `192.0.2.1`, `192.0.2.0/24`"
    raise refuse("network-malformed", f"`{value}` is no network to keep out", hint=hint)


def _accept_host(value: Any, _scope: Scope) -> str:
    if isinstance(value, str) and _is_network(value):
        return value
    if isinstance(value, str) and value != "0" and _HOST_NAME.fullmatch(domain_for_wire(value).lower()):
        return _read_host(value) if value.isascii() else domain_for_people(value)
    hint = "write an address, a network or a name: `192.0.2.1`, `192.0.2.0/24`, `mail.acme.example`"
    raise refuse("host-malformed", f"`{value}` is no host", hint=hint)


def _read_host(value: Any) -> str:
    written = str(value)
    return domain_for_people(written) if "xn--" in written.lower() else written


NETWORKS: Final = a_set_of(Codec(accept=_accept_network, decode=str, schema={"type": "string"}), wire="text")
HOSTS: Final = a_set_of(
    Codec(
        accept=_accept_host,
        decode=_read_host,
        encode=lambda value: value if value.isascii() else domain_for_wire(value),
        schema={"type": "string"},
    ),
    wire="text",
)
"""One text with a line for each. All that was there is taken away before a wrong one is noticed, and the rest is stored
(2022-01a to 2026-07a, functions.fail2ban.inc.php)."""


def _decode_patterns(value: Any) -> tuple[str, ...]:
    return tuple(value.values()) if isinstance(value, Mapping) else tuple(value or ())


_ANY_PATTERNS: Final = a_list_of(
    text(least=1), encode=lambda values: {str(place): each for place, each in enumerate(values, 1)}
)


def _accept_patterns(value: Any, scope: Scope) -> Value:
    if value == []:
        hint = "name one at least; mailcow's own are back when none are stored and its firewall starts anew"
        raise refuse("list-too-short", "mailcow takes no empty list of patterns, and says it did", hint=hint)
    return _ANY_PATTERNS.accept(value, scope)


PATTERNS: Final[Codec] = replace(_ANY_PATTERNS, accept=_accept_patterns, decode=_decode_patterns)


class Fail2ban(TypedDict, total=False):
    """Whom the server locks out after how many wrong passwords."""

    ban_time: Annotated[
        str, duration(unit="s", least=60), field("How long the first ban lasts; at least `1min`.", "ban_time")
    ]
    growing_bans: Annotated[
        Flag,
        field("Each further ban lasts longer.", "ban_time_increment", since="2023-04", default=False, repeated=True),
    ]
    max_ban_time: Annotated[
        str, duration(unit="s", least=60), field("How long a ban may grow.", "max_ban_time", since="2023-04")
    ]
    max_attempts: Annotated[int, number(least=1), field("How many wrong passwords lead to a ban.", "max_attempts")]
    retry_window: Annotated[
        str, duration(unit="s", least=1), field("Within which time they are counted.", "retry_window")
    ]
    ipv4_prefix: Annotated[
        int, number(most=32), field("How much of an IPv4 address is banned: 32 for itself alone.", "netban_ipv4")
    ]
    ipv6_prefix: Annotated[
        int, number(most=128), field("How much of an IPv6 address is banned: 128 for itself alone.", "netban_ipv6")
    ]
    allowed_hosts: Annotated[
        tuple[str, ...], HOSTS, field("Addresses, networks and names that are never banned.", "whitelist")
    ]
    blocked_hosts: Annotated[
        tuple[str, ...], NETWORKS, field("Addresses and networks that are always banned.", "blacklist")
    ]
    external_firewall: Annotated[
        Flag,
        field(
            "Leave the banning to a firewall outside that fetches the list of bans.",
            "manage_external",
            since="2023-12",
            default=False,
            repeated=True,
        ),
    ]
    patterns: Annotated[
        Value,
        PATTERNS,
        field("The patterns by which attackers are found in the logs, all of them, in order.", "regex"),
    ]


def _patterns_apart(steps: tuple[Step, ...], _situation: Situation) -> tuple[Step, ...]:
    """Write the patterns by an action of their own, which writes nothing else (all versions, fail2ban)."""
    made: list[Step] = []
    for step in steps:
        rest = {name: value for name, value in step.attributes.items() if name != "regex"}
        if step.fields != {"patterns"}:
            made.append(replace(step, attributes=rest, fields=step.fields - {"patterns"}))
        if "regex" in step.attributes:
            action = {"action": "edit-regex", "regex": step.attributes["regex"]}
            told = ("object_modified",)
            made.append(replace(step, attributes=action, successes=told, fields=frozenset({"patterns"}), alone=True))
    return tuple(made)


KIND = Kind(
    name="fail2ban",
    plural="fail2ban",
    record=Fail2ban,
    example={"max_attempts": 10, "retry_window": "10min", "ban_time": "30min", "allowed_hosts": ["192.0.2.0/24"]},
    key=(),
    sources={MAIN: Source(path="fail2ban")},
    routes=Routes(edit="fail2ban", edited=("f2b_modified",)),
    singleton=True,
    on_steps=_patterns_apart,
    also_called={"whitelist": "allowed_hosts", "blacklist": "blocked_hosts", "netban_ipv4": "ipv4_prefix"},
)
