"""What is longer than the server's database has room for is refused where it is written, and what just fits is kept."""

from collections.abc import Mapping
from typing import Any

import pytest

from reconciler.kinds import registry
from reconciler.spec.codec import Scope
from reconciler.spec.refusal import InvalidError, Refusal
from tests.kinds.server import Server, refused

PASSWORD = {"password": {"env": "PASSWORD"}}
ANNA: Mapping[str, Any] = {"address": "anna@acme.example", "quota": "1GiB", "initial": PASSWORD}
KEYS: Mapping[str, Any] = {"key": {"env": "TOKEN"}, "token": {"env": "TOKEN"}}
HASH = "{SHA512-CRYPT}"


def addresses(characters: int) -> list[str]:
    """Addresses that, with one character between them, are so many together."""
    made = [f"{number:05}@{'x' * 40}.example" for number in range(characters // 55)]
    return [*made, "y" * (characters - 55 * len(made) - 10) + "@y.example"]


LENGTHS = [
    ("alias", "to", addresses(65_535), addresses(65_536)),
    ("mailbox", "external_send_as", addresses(6_144), addresses(6_145)),
    ("mailbox", "external_send_as", [f"@{each.partition('@')[0]}.example" for each in addresses(9_000)], None),
    ("mailbox", "pushover", {**KEYS, "title": "ä" * 32_767}, {**KEYS, "title": "ä" * 32_768}),
    ("mailbox", "pushover", {**KEYS, "text": "x" * 65_535}, {**KEYS, "text": "x" * 65_536}),
    ("mailbox", "pushover", {**KEYS, "senders": addresses(65_535)}, {**KEYS, "senders": addresses(65_536)}),
    (
        "mailbox",
        "pushover",
        {**KEYS, "senders_pattern": f"/{'x' * 65_533}/"},
        {**KEYS, "senders_pattern": f"/{'x' * 65_534}/"},
    ),
    ("mailbox", "password", {"hash": HASH + "x" * 241}, {"hash": HASH + "x" * 242}),
    ("time_limited_alias", "description", "ä" * 32_767, "ä" * 32_768),
    ("identity_provider", "realm", "x" * 65_535, "x" * 65_536),
    ("identity_provider", "filter", "x" * 65_535, "x" * 65_536),
    ("identity_provider", "default_template", "x" * 255, "x" * 256),
]


def is_refused(kind_name: str, field: str, value: Any) -> bool:
    kind = registry()[kind_name]
    try:
        kind.read_some({field: value}, Scope())
    except InvalidError:
        return True
    return False


@pytest.mark.parametrize(("kind", "field", "fits", "too_long"), LENGTHS)
def test_what_has_no_room_is_refused_and_what_just_has_is_not(kind: str, field: str, fits: Any, too_long: Any) -> None:
    assert [is_refused(kind, field, each) for each in (fits, too_long) if each is not None] == [False, True][
        : 1 if too_long is None else 2
    ]


@pytest.mark.parametrize("version", ["2022-01a", "2024-08a", "2026-07a"])
def test_an_alias_may_have_as_many_targets_as_there_is_room_for(version: str) -> None:
    server = Server(version)
    alias = {"address": "all@acme.example", "to": addresses(65_535)}
    manifest = {"domains": [{"name": "acme.example"}], "aliases": [alias]}
    server.apply(manifest)
    assert server.plan(manifest) == ()


def with_secret(plural: str, name: str) -> dict[str, Any]:
    secret = {"env": name}
    found: dict[str, dict[str, Any]] = {
        "relayhosts": {"relayhosts": [{"host": "smtp.example:587", "username": "acme", "password": secret}]},
        "transports": {
            "transports": [
                {"destination": "a.example", "nexthop": "b.example", "username": "acme", "password": secret},
            ]
        },
        "sync_jobs": {
            "domains": [{"name": "acme.example"}],
            "mailboxes": [ANNA],
            "sync_jobs": [{"mailbox": ANNA["address"], "host": "old.example", "username": "a", "password": secret}],
        },
    }
    return found[plural]


@pytest.mark.parametrize("version", ["2022-01a", "2026-07a"])
@pytest.mark.parametrize("plural", ["relayhosts", "transports", "sync_jobs"])
def test_a_plan_tells_of_a_password_that_has_no_room(version: str, plural: str) -> None:
    server = Server(version)
    assert refused(server, with_secret(plural, "TOO_LONG")) == ["secret-refused"]
    server.apply(with_secret(plural, "LONGEST"))
    assert server.plan(with_secret(plural, "LONGEST")) == ()


def test_a_long_list_among_many_is_read_with_them_unless_it_is_too_long() -> None:
    codec = registry()["alias"].fields["to"].codec
    column = [["a@b.example"], addresses(65_535), "discard"]
    assert codec.accept_many is not None
    assert [codec.accept(each, Scope()) for each in column] == list(codec.accept_many.many(column, Scope()))
    with pytest.raises(Refusal):
        codec.accept_many.many([*column, addresses(65_536)], Scope())
