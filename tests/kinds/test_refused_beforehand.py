"""What only the server refused, in the middle of an apply, is refused where it is written or planned."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from reconciler.kinds import registry
from reconciler.spec.codec import Scope
from reconciler.spec.refusal import InvalidError
from tests.kinds.server import KEY, Server, refused

PASSWORD = {"password": {"env": "PASSWORD"}}
ANNA: Mapping[str, Any] = {"address": "anna@acme.example", "quota": "1GiB", "initial": PASSWORD}
ACME: Mapping[str, Any] = {"name": "acme.example"}


@pytest.fixture(params=["2022-01a", "2024-08a", "2026-07a"])
def server(request: pytest.FixtureRequest) -> Server:
    return Server(request.param)


def is_accepted(kind_name: str, field: str, value: Any) -> bool:
    try:
        registry()[kind_name].read_some({field: value}, Scope())
    except InvalidError:
        return False
    return True


@pytest.mark.parametrize("host", ["mail_1.acme.example", "-mail.acme.example", "0", "*", "m*.acme.example", "a..b", ""])
def test_what_is_no_host_is_no_mail_exchanger(host: str) -> None:
    assert not is_accepted("domain", "mta_sts", {"mode": "testing", "mx": [host]})


def test_mail_exchangers_are_stored_as_servers_look_them_up() -> None:
    server = Server("2026-07a")
    hosts = ["Mail.ACME.example", "*.acme.example", "*.bücher.example"]
    server.apply_first({"domains": [{**ACME, "mta_sts": {"mode": "testing", "mx": hosts}}]})
    (row,) = server.simulator.state.table("mta_sts")
    assert row["mx"] == "*.acme.example,*.xn--bcher-kva.example,mail.acme.example"


def test_nobody_sends_from_outside_as_a_domain_of_this_server(server: Server) -> None:
    alias_domain = {"name": "acme-mail.example", "target": "acme.example"}
    server.apply({"domains": [ACME, {"name": "other.example"}], "alias_domains": [alias_domain]})
    server.base = None
    for external in ("boss@other.example", "@acme-mail.example", "boss@acme.example"):
        manifest = {"mailboxes": [{**ANNA, "external_send_as": [external]}]}
        assert refused(server, manifest) == ["change-refused"]


def test_a_domain_that_relays_is_given_no_alias_domain_and_may_relay_once_it_has_one(server: Server) -> None:
    alias_domain = {"alias_domains": [{"name": "acme-mail.example", "target": "acme.example"}]}
    relaying = {"domains": [{**ACME, "relay": "known"}], **alias_domain}
    server.apply({"domains": [{**ACME, "relay": "known"}]})
    assert refused(server, relaying) == ["change-refused"]

    server.apply({"domains": [{**ACME, "relay": "off"}], **alias_domain})
    server.apply(relaying)

    assert server.plan(relaying) == ()


@pytest.mark.parametrize("relay", ["known", "all", "unknown"])
def test_a_domain_that_relays_and_what_stands_for_it_are_made_anew_together(server: Server, relay: str) -> None:
    alias_domain = {"name": "acme-mail.example", "target": "acme.example"}
    both = {"domains": [{**ACME, "relay": relay}], "alias_domains": [alias_domain]}
    server.apply(both)
    assert server.plan(both) == ()


def test_a_throw_away_address_is_in_a_domain_that_stands_for_the_mailboxes_own() -> None:
    server = Server("2026-07a")
    town = {
        "domains": [ACME, {"name": "other.example"}],
        "mailboxes": [ANNA],
        "alias_domains": [{"name": "acme-mail.example", "target": "acme.example"}],
    }
    server.apply(town)
    address = {"mailbox": "anna@acme.example", "description": "Fair"}
    for domain in ("other.example", "nowhere.example"):
        manifest = {**town, "time_limited_aliases": [{**address, "domain": domain}]}
        assert refused(server, manifest) == ["change-refused"]
    server.apply({**town, "time_limited_aliases": [{**address, "domain": "acme-mail.example"}]})


NOTHING = [
    ("mailbox", {"address": "0@acme.example"}, "add/mailbox", {"local_part": "0", "domain": "acme.example"}),
    ("domain", {"name": "0"}, "add/domain", {"domain": "0"}),
    ("alias_domain", {"name": "0"}, "add/alias-domain", {"alias_domain": "0", "target_domain": "acme.example"}),
    (
        "resource",
        {"address": "0@acme.example"},
        "add/resource",
        {"description": "0", "domain": "acme.example", "kind": "thing"},
    ),
    ("admin", {"username": "0"}, "add/admin", {"username": "0"}),
    ("domain_admin", {"username": "0"}, "add/domain-admin", {"username": "0", "domains": ["acme.example"]}),
    ("domain_admin", {"username": "_.-"}, "add/domain-admin", {"username": "_.-", "domains": ["acme.example"]}),
]


@pytest.mark.parametrize(("kind", "key", "route", "sent"), NOTHING)
def test_what_is_nothing_to_php_is_no_name(kind: str, key: dict[str, str], route: str, sent: dict[str, Any]) -> None:
    """The server refuses it as well, or does nothing: that is why."""
    server = Server("2026-07a")
    server.apply({"domains": [ACME]})
    limits = {"defquota": 1, "maxquota": 1, "quota": 1, "mailboxes": 1, "aliases": 1}
    password = {"password": "Correct.Horse.7", "password2": "Correct.Horse.7"}
    body = json.dumps({**limits, **password, "active": 1, **sent}).encode()
    headers = {"X-API-Key": KEY, "Content-Type": "application/json"}
    answer = server.simulator.handle("POST", f"/api/v1/{route}", headers, body).body.decode()
    assert '"type":"danger"' in answer or answer == '{"type":"success","msg":"Task completed"}'
    ((field, value),) = key.items()
    check = registry()[kind].on_check
    assert not is_accepted(kind, field, value) or (check is not None and check(key))


@pytest.mark.parametrize("pattern", ["00", "boss", "/boss", "/boss/y", "\\boss\\", "(boss", "a/boss/", "übossü"])
def test_what_php_reads_as_no_pattern_is_none(pattern: str) -> None:
    keys = {"key": {"env": "TOKEN"}, "token": {"env": "TOKEN"}}
    assert not is_accepted("mailbox", "pushover", {**keys, "senders_pattern": pattern})


@pytest.mark.parametrize("pattern", ["/boss@.*/i", " #a/b#su", "(boss|chief)i", "{x}", "~~", ""])
def test_patterns_are_written_as_php_has_them(server: Server, pattern: str) -> None:
    notices = {"key": {"env": "TOKEN"}, "token": {"env": "TOKEN"}, "senders_pattern": pattern}
    server.apply_first({"domains": [ACME], "mailboxes": [{**ANNA, "pushover": notices}]})
    (row,) = server.simulator.state.table("pushover")
    assert row["senders_regex"] == pattern


def test_no_alias_is_made_that_hands_mail_on_to_a_resource(server: Server) -> None:
    room = {"address": "Room@acme.example", "description": "Room", "kind": "location"}
    town = {"domains": [ACME], "resources": [room], "mailboxes": [ANNA]}
    server.apply(town)
    alias = {"address": "all@acme.example", "to": ["anna@acme.example", "room@acme.example"]}
    assert refused(server, {**town, "aliases": [alias]}) == ["change-refused"]


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("tls_policy", "destination", "*"),
        ("transport", "username", "0"),
        ("transport", "username", "\0a"),
        ("relayhost", "username", "a\0"),
        ("relayhost", "host", "\0a"),
        ("transport", "nexthop", "a\0"),
        ("app_password", "name", "\0a"),
        ("fail2ban", "allowed_hosts", ["0"]),
    ],
)
def test_what_is_cut_or_taken_for_nothing_is_refused(kind: str, field: str, value: Any) -> None:
    assert not is_accepted(kind, field, value)


@pytest.mark.parametrize(
    "host", ["e\u0301.example", "\u0130.example", "Ünïcödé.example", "XN--bcher-kva.example", "A.example"]
)
def test_hosts_are_compared_as_fail2ban_shows_them(server: Server, host: str) -> None:
    manifest = {"fail2ban": {"allowed_hosts": [host]}}
    server.apply(manifest)
    assert server.plan(manifest) == ()


@pytest.mark.parametrize("destination", ["x" * 64, "x@y", "a." * 124 + "example", "a_b.example"])
def test_a_transport_leads_to_what_mailcow_takes_for_a_destination(server: Server, destination: str) -> None:
    assert refused(server, {"transports": [{"destination": destination, "nexthop": "mx.example"}]}) != []


def test_nobodys_mail_is_not_copied(server: Server) -> None:
    copy = {"for": "nobody@acme.example", "direction": "incoming", "to": "archive@vault.example"}
    alias = {"address": "info@acme.example", "to": ["anna@acme.example"]}
    town = {"domains": [ACME], "mailboxes": [ANNA], "aliases": [alias]}
    server.apply(town)
    assert refused(server, {**town, "bcc_maps": [copy]}) == ["change-refused"]
    server.apply({**town, "bcc_maps": [{**copy, "for": "anna@acme.example"}, {**copy, "for": "acme.example"}]})


@pytest.mark.parametrize("pattern", ["a/b", "*", "?x", "+", "a\\", "a\\\\/b"])
def test_folders_are_excluded_by_what_can_be_a_pattern(server: Server, pattern: str) -> None:
    check = registry()["sync_job"].on_check
    assert check is not None
    assert check({"exclude": pattern})
    job = {"mailbox": "anna@acme.example", "host": "imap.old.example", "username": "anna", "initial": PASSWORD}
    town = {"domains": [ACME], "mailboxes": [ANNA], "sync_jobs": [{**job, "exclude": "a\\/b|c*"}]}
    server.apply(town)
    assert server.plan(town) == ()
    headers = {"X-API-Key": KEY, "Content-Type": "application/json"}
    body = json.dumps({"items": ["1"], "attr": {"exclude": pattern}}).encode()
    assert b"access_denied" in server.simulator.handle("POST", "/api/v1/edit/syncjob", headers, body).body


LIMITS = {
    "max_mailboxes": 5,
    "max_aliases": 5,
    "default_mailbox_quota": "1GiB",
    "max_mailbox_quota": "3GiB",
    "max_total_quota": "10GiB",
}


@pytest.mark.parametrize(
    ("limits", "found"),
    [
        ({"max_mailboxes": 1}, ["change-refused"]),
        ({"max_mailboxes": 2}, []),
        ({"max_total_quota": "3GiB"}, ["change-refused"]),
        ({"max_total_quota": "4GiB"}, []),
        ({"max_mailbox_quota": "1GiB"}, ["change-refused"]),
        ({"max_aliases": 1}, ["change-refused"]),
        ({"max_aliases": 2}, []),
    ],
)
def test_a_domain_s_own_row_tells_which_limits_are_below_what_is_in_use(
    server: Server, limits: dict[str, Any], found: list[str]
) -> None:
    short = {"name": "short.example", "target": "other.example"}
    server.apply(
        {
            "domains": [{**ACME, **LIMITS}, {"name": "other.example"}],
            "alias_domains": [short],
            "mailboxes": [{**ANNA, "quota": "3GiB"}, {**ANNA, "address": "ben@acme.example"}],
            "aliases": [
                {"address": "sales@acme.example", "to": ["anna@acme.example"]},
                {"address": "info@acme.example", "to": ["anna@acme.example"]},
            ],
        }
    )
    server.base = None
    asked = len(server.way.asked)
    alone = {"domains": [{**ACME, **LIMITS, **limits}], "alias_domains": [short]}
    assert refused(server, alone) == found
    assert not [each for each in server.way.asked[asked:] if "mailbox" in each or "get/alias/" in each]
    if not found:
        server.apply(alone)


@pytest.mark.parametrize(("script", "wrong"), [("keep", True), ("keep;", False)])
def test_a_script_that_cannot_be_read_is_refused_where_it_is_written(script: str, *, wrong: bool) -> None:
    for kind_name, field in (("sieve_filter", "script"), ("global_filter", "postfilter")):
        check = registry()[kind_name].on_check
        assert check is not None
        assert [each[0] for each in check({field: script})] == ([field] if wrong else [])


def test_a_script_that_requires_what_the_server_does_not_know_is_refused_beforehand(server: Server) -> None:
    script = 'require "enotify"; keep;'
    entry = {"mailbox": "anna@acme.example", "type": "prefilter", "description": "Told", "script": script}
    found = ["change-refused"] if server.version == "2022-01a" else []
    assert refused(server, {"domains": [ACME], "mailboxes": [ANNA], "sieve_filters": [entry]}) == found
    assert refused(server, {"global_filters": {"prefilter": script}}) == found


def test_the_last_administrator_stays_on_and_one_who_is_off_stays_as_he_is_beside_a_single_one(server: Server) -> None:
    first, eve = {"username": "admin"}, {"username": "eve", "initial": PASSWORD}
    assert refused(server, {"admins": [{**first, "state": "off"}]}) == ["change-refused"]

    server.apply({"admins": [first, eve]})
    both = [{**first, "state": "off"}, {**eve, "state": "off"}]
    assert refused(server, {"admins": both}) == ["change-refused"] * 2
    server.apply({"admins": [first, {**eve, "state": "off"}]})
    if server.version == "2026-07a":
        changed = {"admins": [first, {**eve, "state": "off", "force_two_factor": True}]}
        assert refused(server, changed) == ["change-refused"]
    server.apply({"admins": [first, {**eve, "state": "active"}]})
