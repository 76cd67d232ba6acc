"""What the server would cut, drop or choke on is refused where it is written, and what it keeps stays as it is."""

from collections.abc import Mapping
from typing import Any

import pytest

from reconciler.kinds import registry
from reconciler.spec.codec import Scope
from reconciler.spec.refusal import InvalidError
from tests.kinds.server import Server, refused

PASSWORD = {"password": {"env": "PASSWORD"}}
ANNA: Mapping[str, Any] = {"address": "anna@acme.example", "quota": "1GiB", "initial": PASSWORD}
ACME: Mapping[str, Any] = {"name": "acme.example"}
APP: Mapping[str, Any] = {"mailbox": "anna@acme.example", "name": "Phone", "protocols": ["imap"], "initial": PASSWORD}
JOB: Mapping[str, Any] = {
    "mailbox": "anna@acme.example",
    "host": "imap.old.example",
    "username": "anna",
    "initial": PASSWORD,
}
FILTER: Mapping[str, Any] = {
    "mailbox": "anna@acme.example",
    "type": "prefilter",
    "description": "x",
    "script": "keep;",
}
ROOM: Mapping[str, Any] = {"address": "Room@acme.example", "description": "Room", "kind": "location"}


@pytest.fixture(params=["2022-01a", "2024-08a", "2026-07a"])
def server(request: pytest.FixtureRequest) -> Server:
    return Server(request.param)


def is_refused(kind_name: str, entry: Mapping[str, Any]) -> bool:
    kind = registry()[kind_name]
    written = {name: value for name, value in entry.items() if name != "initial"}
    try:
        (values,) = kind.read_entries([written], Scope())
    except InvalidError:
        return True
    return bool(kind.on_check is not None and kind.on_check(values))


def beside_others(kind_name: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """A manifest of a domain, a mailbox and the entry."""
    kind = registry()[kind_name]
    manifest: dict[str, Any] = {"domains": [ACME], "mailboxes": [ANNA]}
    others = [each for each in manifest.get(kind.plural, ()) if each[kind.key[0]] != entry[kind.key[0]]]
    return {**manifest, kind.plural: [*others, entry]}


REFUSED = [
    ("domain", {**ACME, "description": "x" * 256}),
    ("domain", {**ACME, "max_aliases": 2**31}),
    ("domain", {**ACME, "tags": ["0"]}),
    ("domain", {**ACME, "rate_limit": "9999999999999999999/s"}),
    ("domain", {**ACME, "max_total_quota": "8192PiB"}),
    ("domain", {"name": "acme_post.example"}),
    ("domain", {"name": "ab--cd.example"}),
    ("domain", {"name": "-acme.example"}),
    ("mailbox", {**ANNA, "address": f"{'a' * 65}@acme.example"}),
    ("mailbox", {**ANNA, "address": "anna@localhost"}),
    ("mailbox", {**ANNA, "address": "anna@acme.1example"}),
    ("mailbox", {**ANNA, "address": f"anna@{'a.' * 122}example"}),
    ("alias", {"address": "sales@acme.example", "to": ["anna@a_b.example"]}),
    ("mailbox", {**ANNA, "name": "<Anna"}),
    ("mailbox", {**ANNA, "name": "Anna>"}),
    ("mailbox", {**ANNA, "name": "x" * 256}),
    ("mailbox", {**ANNA, "spam_score": {"junk": 5, "reject": float("inf")}}),
    ("resource", {**ROOM, "description": "0"}),
    ("resource", {**ROOM, "description": "x" * 256}),
    ("resource", {**ROOM, "bookings": 2**31}),
    ("app_password", {**APP, "name": " Phone"}),
    ("app_password", {**APP, "name": "0"}),
    ("app_password", {**APP, "name": "&" * 52}),
    ("sync_job", {**JOB, "options": "--dry "}),
    ("sync_job", {**JOB, "options": "dry"}),
    ("sync_job", {**JOB, "options": "--pipemess=sh"}),
    ("sync_job", {**JOB, "folder": "0"}),
    ("sync_job", {**JOB, "exclude": "x" * 501}),
    ("sync_job", {**JOB, "host": "imap..example"}),
    ("sieve_filter", {**FILTER, "description": "x" * 256}),
    ("sieve_filter", {**FILTER, "script": "#" + "ä" * 32_768}),
]

KEPT = [
    ("domain", {**ACME, "description": "ä" * 255}),
    ("domain", {**ACME, "max_aliases": 2**31 - 1, "tags": ["00", "1"]}),
    ("domain", {**ACME, "rate_limit": "999999999999999999/s", "max_total_quota": "8191PiB"}),
    ("domain", {"name": "a--b.example"}),
    ("domain", {"name": "xn--bcher-kva.example"}),
    ("domain", {"name": "localhost"}),
    ("domain", {"name": "10.in-addr.1"}),
    ("mailbox", {**ANNA, "address": f"{'a' * 64}@acme.example"}),
    ("alias", {"address": "Sales+!#$%&'*/=?^_`{|}~-@acme.example", "to": [f"anna@{'a.' * 120}bexample"]}),
    ("alias", {"address": "@acme.example", "to": ["anna@bücher.example", "anna@acme.e1-1"]}),
    ("mailbox", {**ANNA, "name": "Anna <Ä> 😀 B"}),
    ("mailbox", {**ANNA, "name": "x" * 255}),
    ("resource", {**ROOM, "description": "00", "bookings": 2**31 - 1}),
    ("app_password", {**APP, "name": "&" * 51}),
    ("app_password", {**APP, "name": 'Anna\'s "Phone" <&amp;>'}),
    ("sync_job", {**JOB, "options": "--dry  --skipemptyfolders", "folder": "00", "exclude": "x" * 500}),
    ("sieve_filter", {**FILTER, "script": "#" + "ä" * 32_767}),
]


@pytest.mark.parametrize(("kind", "entry"), REFUSED)
def test_what_the_server_would_not_keep_is_refused(kind: str, entry: Mapping[str, Any]) -> None:
    assert is_refused(kind, entry)


@pytest.mark.parametrize(("kind", "entry"), KEPT)
def test_what_just_fits_is_kept_as_it_is(server: Server, kind: str, entry: Mapping[str, Any]) -> None:
    assert not is_refused(kind, entry)
    manifest = beside_others(kind, entry)
    server.apply(manifest)
    assert server.plan(manifest) == ()


@pytest.mark.parametrize("junk", [5, 7.5, -3.25, 0.1234567891, 123456.75, 1e-07])
def test_a_spam_score_reads_the_same_again(server: Server, junk: float) -> None:
    score = {"junk": junk, "reject": 654321.875}
    manifest = {"domains": [ACME], "mailboxes": [{**ANNA, "spam_score": score}]}
    server.apply(manifest)
    assert server.plan(manifest) == ()


def test_custom_attributes_may_have_numbers_for_names(server: Server) -> None:
    for named in ({"0": "a", "1": "b"}, {"1": "b"}, {"": "c"}, {}):
        manifest = {"domains": [ACME], "mailboxes": [{**ANNA, "custom_attributes": named}]}
        server.apply(manifest)
        assert server.plan(manifest) == ()


def test_the_ends_of_a_scripts_lines_do_not_matter(server: Server) -> None:
    manifest = {"domains": [ACME], "mailboxes": [ANNA], "sieve_filters": [{**FILTER, "script": "keep;\r\nstop;\r\n"}]}
    manifest["global_filters"] = {"prefilter": "keep;\rstop;\r\n"}
    server.apply(manifest)
    assert server.plan(manifest) == ()


def test_the_right_to_send_as_oneself_is_there_already(server: Server) -> None:
    manifest = {"domains": [ACME], "mailboxes": [{**ANNA, "send_as": ["anna@acme.example"]}]}
    server.apply(manifest)
    assert server.plan(manifest) == ()


def test_who_gets_the_rest_of_a_domains_mail_may_send_as_it_only_when_that_is_said() -> None:
    server = Server("2026-07a")
    rest = {"address": "@acme.example", "to": ["anna@acme.example"]}
    server.apply({"domains": [ACME], "mailboxes": [ANNA], "aliases": [rest]})
    manifest = {"domains": [ACME], "mailboxes": [{**ANNA, "send_as": ["@acme.example"]}], "aliases": [rest]}
    server.apply(manifest)
    assert [row["send_as"] for row in server.simulator.state.table("sender_acl")] == ["@acme.example"]
    assert server.plan(manifest) == ()


def test_a_recipient_is_rewritten_to_a_domain_only_where_the_server_can(server: Server) -> None:
    manifest = {"recipient_maps": [{"for": "old.example", "to": "new.example"}]}
    knows = server.version == "2026-07a"
    assert refused(server, manifest) == ([] if knows else ["change-refused"])


def test_mail_of_an_alias_is_copied_only_where_the_server_finds_it(server: Server) -> None:
    alias = {"address": "sales@acme.example", "to": ["anna@acme.example"]}
    copy = {"for": "Sales@acme.example", "direction": "incoming", "to": "archive@vault.example"}
    manifest = {"domains": [ACME], "mailboxes": [ANNA], "aliases": [alias], "bcc_maps": [copy]}
    knows = server.version != "2022-01a"
    assert refused(server, manifest) == ([] if knows else ["change-refused"])
    spelled = {**manifest, "aliases": [{**alias, "address": "Sales@acme.example"}]}
    assert refused(server, spelled) == ["change-refused"]
    if knows:
        server.apply(manifest)
        assert server.plan(manifest) == ()
