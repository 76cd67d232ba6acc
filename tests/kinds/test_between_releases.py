"""What some release between those that were recorded does otherwise is written, refused or left out as it takes it."""

from typing import Any

import pytest

from reconciler.kinds import registry
from reconciler.model.resource import EntryOptions
from reconciler.model.state import DesiredState
from reconciler.planning.diff import diff
from reconciler.planning.options import PlanOptions
from reconciler.records import replace
from tests.kinds.providers import LDAP
from tests.kinds.samples import payloads, whole_manifest
from tests.kinds.server import Manifest, Server, changed, refused, told

PASSWORD = {"password": {"env": "PASSWORD"}}
ANNA: dict[str, Any] = {"address": "anna@acme.example", "quota": "1GiB", "initial": PASSWORD}
ACME: dict[str, Any] = {"name": "acme.example"}

BETWEEN = ["2022-12", "2023-10", "2023-11a", "2025-03", "2025-09", "2026-01"]


@pytest.mark.parametrize("version", BETWEEN)
def test_everything_settles_and_changes_on_releases_that_were_never_recorded(version: str) -> None:
    server = Server(version)
    manifest = whole_manifest()
    if version < "2024-02":
        manifest = changed(manifest, "domains", 0, footer={"plain": "Acme"})
    mutated: dict[str, Any] = manifest
    for name, kind in registry().items():
        for fields in payloads(name)["mutations"]:
            mutated = changed(mutated, kind.plural, 0, **fields)
    mutated = changed(mutated, "mailboxes", 0, authentication="mailcow")
    server.apply_first(manifest)
    assert told(server.plan(manifest)) == []
    server.apply(mutated)
    assert told(server.plan(mutated)) == []


@pytest.mark.parametrize("version", ["2023-07", "2025-02", "2025-03", "2025-10a", "2025-12"])
def test_cors_is_known_to_be_written_where_the_server_answers_twice(version: str) -> None:
    server = Server(version)
    server.apply_first({"cors": {"allowed_origins": ["https://panel.acme.example"], "allowed_methods": ["GET"]}})
    assert server.simulator.state.redis.hash("CORS_SETTINGS") == {
        "allowed_origins": "panel.acme.example",
        "allowed_methods": "GET",
    }


@pytest.mark.parametrize("version", ["2023-11a", "2024-01e", "2024-02", "2026-07a"])
def test_a_footer_has_the_exceptions_it_is_declared_with(version: str) -> None:
    server = Server(version)
    footer = {"plain": "Regards", "exclude": ["anna@acme.example"]}
    server.apply_first({"domains": [{**ACME, "footer": footer}], "mailboxes": [ANNA]})
    (row,) = server.simulator.state.table("domain_wide_footer")
    assert (row["plain"], row["mbox_exclude"]) == ("Regards", ["anna@acme.example"])


@pytest.mark.parametrize(
    ("version", "part", "is_taken"),
    [
        ("2023-10", {"exclude": ["anna@acme.example"]}, False),
        ("2023-11a", {"exclude": ["anna@acme.example"]}, True),
        ("2023-12a", {"skip_replies": True}, False),
        ("2024-01", {"skip_replies": True}, True),
        ("2024-01e", {"exclude": ["acme-mail.example"]}, False),
        ("2024-01e", {"exclude": ["sales@acme.example"]}, False),
        ("2024-02", {"exclude": ["sales@acme.example", "acme-mail.example"]}, True),
    ],
)
def test_what_a_footer_cannot_have_yet_is_refused(version: str, part: Manifest, is_taken: bool) -> None:
    server = Server(version)
    town: dict[str, Any] = {
        "domains": [ACME],
        "mailboxes": [ANNA],
        "aliases": [{"address": "sales@acme.example", "to": ["anna@acme.example"]}],
        "alias_domains": [{"name": "acme-mail.example", "target": "acme.example"}],
    }
    server.apply_first(town)
    manifest = {**town, "domains": [{**ACME, "footer": {"plain": "Regards", **part}}]}
    assert refused(server, manifest) == ([] if is_taken else ["change-refused"])
    if is_taken:
        server.apply(manifest)


@pytest.mark.parametrize("version", ["2023-10", "2023-11", "2023-11a", "2026-07a"])
def test_a_footer_does_not_come_back_with_its_domain(version: str) -> None:
    server = Server(version)
    server.apply_first({"domains": [{**ACME, "footer": {"plain": "Regards"}}]})
    server.apply({"domains": []})
    table = server.simulator.state.table("domain_wide_footer")
    early = server.simulator.state.redis.hash("DOMAIN_WIDE_FOOTER").values()
    assert "Regards" not in f"{[row['plain'] for row in table]}{list(early)}"


@pytest.mark.parametrize(("version", "is_taken"), [("2025-09b", False), ("2025-09c", True)])
def test_a_policy_names_all_hosts_of_a_domain_once_it_can(version: str, is_taken: bool) -> None:
    manifest = {"domains": [{**ACME, "mta_sts": {"mode": "testing", "mx": ["*.acme.example"]}}]}
    server = Server(version, base=Server(version).desired({}))
    assert refused(server, manifest) == ([] if is_taken else ["change-refused"])


FAIR: dict[str, Any] = {"mailbox": "anna@acme.example", "description": "Fair"}


@pytest.mark.parametrize("version", ["2025-01", "2025-10a", "2025-12", "2026-07", "2026-07a"])
@pytest.mark.parametrize(("valid_for", "days"), [("30d", 30), (None, 365)])
def test_a_throw_away_address_lasts_as_long_as_it_says(version: str, valid_for: str | None, days: int) -> None:
    server = Server(version)
    entry = FAIR if valid_for is None else {**FAIR, "valid_for": valid_for}
    manifest = {"domains": [ACME], "mailboxes": [ANNA], "time_limited_aliases": [entry]}
    server.apply_first(manifest)
    (row,) = server.simulator.state.table("spamalias")
    assert row["validity"] - server.simulator.server.unix_time() == days * 24 * 3600
    assert server.plan(manifest) == ()


def test_a_throw_away_address_is_for_ever_where_it_also_names_a_time() -> None:
    server = Server("2026-07")
    entry = {**FAIR, "permanent": True, "valid_for": "30d"}
    server.apply_first({"domains": [ACME], "mailboxes": [ANNA], "time_limited_aliases": [entry]})
    (row,) = server.simulator.state.table("spamalias")
    assert row["permanent"] == 1


@pytest.mark.parametrize(("version", "is_taken"), [("2022-06", True), ("2022-06a", False), ("2022-06b", True)])
def test_a_sync_job_needs_an_option_on_the_one_release_that_takes_none_for_a_bad_one(
    version: str, is_taken: bool
) -> None:
    job = {"mailbox": "anna@acme.example", "host": "imap.old.example", "username": "anna", "initial": PASSWORD}
    server = Server(version)
    server.apply_first({"domains": [ACME], "mailboxes": [ANNA]})
    server.base = None
    assert refused(server, {"sync_jobs": [job]}) == ([] if is_taken else ["change-refused"])
    assert refused(server, {"sync_jobs": [{**job, "options": "--nolog"}]}) == []


@pytest.mark.parametrize(("version", "is_kept"), [("2026-03a", False), ("2026-03b", True)])
def test_a_second_factor_is_asked_for_beside_a_provider_once_the_server_keeps_it(version: str, is_kept: bool) -> None:
    server = Server(version)
    ben = {"address": "ben@acme.example", "quota": "1GiB", "authentication": "ldap", "force_two_factor": True}
    manifest = {"domains": [ACME], "identity_provider": LDAP, "mailboxes": [ben]}
    assert refused(server, manifest) == ([] if is_kept else ["change-refused"])
    if is_kept:
        server.apply(manifest)
        assert server.plan(manifest) == ()


@pytest.mark.parametrize("version", ["2026-01", "2026-07"])
def test_a_template_that_says_nothing_of_a_protocol_lets_it_in(version: str) -> None:
    server = Server(version)
    protocols = ["dav", "eas", "imap", "pop3", "sieve", "smtp"]
    assert server.plan({"mailbox_templates": [{"name": "Default", "protocols": protocols}]}) == ()
    server.apply_first({"mailbox_templates": [{"name": "Default", "protocols": protocols[2:]}]})
    attributes = server.simulator.state.table("templates").get(2)
    assert attributes is not None
    assert (attributes["attributes"]["eas_access"], attributes["attributes"]["imap_access"]) == (0, 1)


@pytest.mark.parametrize("version", ["2022-12", "2023-09", "2023-10", "2023-12a", "2024-01"])
def test_a_new_user_may_do_the_same_on_every_release(version: str) -> None:
    server = Server(version)
    ben = {**ANNA, "address": "ben@acme.example", "permissions": ["pushover"]}
    server.apply_first({"domains": [ACME], "mailboxes": [ANNA, ben]})
    rights = {row["username"]: row["acl"] for row in server.simulator.state.table("mailbox")}
    assert (len(rights["anna@acme.example"]), rights["ben@acme.example"]) == (12, ["pushover"])


@pytest.mark.parametrize(("version", "makes"), [("2022-12", False), ("2023-12a", False), ("2024-01", True)])
def test_nothing_is_made_from_a_template_before_the_server_heeds_one(version: str, makes: bool) -> None:
    server = Server(version)
    server.apply_first({"domain_templates": [{"name": "Small", "max_mailboxes": 3}]})
    wanted = server.desired({"domains": [ACME]})
    declared = wanted.resources["domain"]["acme.example"]
    from_template = replace(declared, options=EntryOptions(template="Small"))
    wanted = DesiredState({"domain": {"acme.example": from_template}})
    found = diff(
        registry(), wanted, server.read(wanted), capabilities=server.capabilities, options=PlanOptions(base=None)
    )
    assert [each.id for each in found.diagnostics] == ([] if makes else ["unsupported"])


@pytest.mark.parametrize(("version", "found"), [("2022-10", ["change-refused"]), ("2022-11", [])])
def test_a_sound_is_refused_where_notices_have_none_yet(version: str, found: list[str]) -> None:
    notices = {"key": {"env": "TOKEN"}, "token": {"env": "TOKEN"}}
    for sound, why in (("bike", found), ("pushover", [])):
        manifest = {"domains": [ACME], "mailboxes": [{**ANNA, "pushover": {**notices, "sound": sound}}]}
        assert refused(Server(version), manifest) == why
