"""What may be deleted, through the command line: with the memory of earlier applies that git keeps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.simulator.faults import Faults, parse
from tests.acceptance.person import Ended, Person
from tests.repository import Made, made

Welcome = Callable[..., Person]

REF = "refs/reconciler/applied/default"
WRONG, REFUSED, INCOMPLETE = 3, 5, 6

DOMAIN = """
domains:
  - {name: acme.example, max_mailboxes: 5, max_aliases: 400, max_total_quota: 20GiB, max_mailbox_quota: 5GiB}
mailboxes:
  - {address: anna@acme.example, name: Anna, quota: 2GiB, initial: {password: {hash: "{BLF-CRYPT}$2y$10$abc"}}}
"""

TAGGED = "bcc_maps:\n  - {for: acme.example, direction: outgoing, to: archive@acme.example}\n"


def _aliases(*names: str) -> str:
    return "".join(
        ["aliases:\n", *(f"  - {{address: {name}@acme.example, to: [anna@acme.example]}}\n" for name in names)]
    )


@pytest.fixture
def team(welcome: Welcome) -> tuple[Person, Made]:
    """Somebody with a repository, and a server as its first commit declares."""
    person = welcome()
    repository = made(person.folder)
    repository.commit({"mail/domain.yaml": DOMAIN, "mail/aliases.yaml": _aliases("sales", "info")})
    ended = _apply(person)
    assert ended.code == 0, ended.out + ended.err
    return person, repository


def _apply(person: Person, *words: str) -> Ended:
    return person.types("apply", "mail", "--auto-approve", *words)


def _plan(person: Person, *words: str) -> Any:
    return person.types("plan", "mail", "--format", "json", *words)


def _changes(ended: Ended) -> list[tuple[str, str]]:
    return [(change["action"], change["address"]) for change in ended.document["changes"]]


def _addresses(person: Person) -> list[str]:
    return sorted(row["address"].partition("@")[0] for row in person.asks("alias/all") or [])


def test_the_first_apply_deletes_nothing_and_sets_the_ref(welcome: Welcome) -> None:
    person = welcome()
    repository = made(person.folder)
    head = repository.commit({"mail/domain.yaml": DOMAIN, "mail/aliases.yaml": _aliases("sales")})
    planned = person.types("plan", "mail")
    assert "nothing is deleted for being no longer declared" in planned.out
    applied = _apply(person)
    assert (applied.code, repository.ref(REF)) == (0, head)
    assert f"{head[:12]} is remembered as applied: {REF}" in applied.out


def test_outside_of_a_repository_nothing_is_remembered_and_nothing_is_said_of_it(welcome: Welcome) -> None:
    person = welcome()
    person.writes("mail/domain.yaml", DOMAIN)
    applied = _apply(person)
    assert (applied.code, "remembered" in applied.out + applied.err) == (0, False)


def test_what_a_merge_no_longer_declares_is_deleted_and_nothing_else(team: tuple[Person, Made]) -> None:
    person, repository = team
    person.does("add/alias", {"address": "by-hand@acme.example", "goto": "anna@acme.example", "active": 1})
    head = repository.commit({"mail/aliases.yaml": _aliases("info")})
    planned = _plan(person)
    assert _changes(planned) == [("delete", "alias/sales@acme.example")]
    assert planned.document["changes"][0]["reason"] == "no-longer-declared"
    assert planned.document["unmanaged"]["alias"] == 1, "what is deleted is not left alone"
    assert _apply(person).code == 0
    assert _addresses(person) == ["by-hand", "info"]
    assert repository.ref(REF) == head


def test_an_empty_plan_moves_the_ref_too(team: tuple[Person, Made]) -> None:
    person, repository = team
    head = repository.commit({"mail/aliases.yaml": "# in another order\n" + _aliases("info", "sales")})
    applied = _apply(person)
    assert (applied.code, repository.ref(REF)) == (0, head)
    assert "is remembered as applied" in applied.err


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def unlucky(welcome: Welcome, faults: Faults) -> tuple[Person, Made]:
    """As `team`, with a server that can be made to fail."""
    person = welcome(faults=faults)
    repository = made(person.folder)
    repository.commit({"mail/domain.yaml": DOMAIN, "mail/aliases.yaml": _aliases("sales", "info")})
    assert _apply(person).code == 0
    return person, repository


def test_after_a_failed_apply_and_two_more_merges_the_first_delete_is_still_pending_and_then_done(
    unlucky: tuple[Person, Made], faults: Faults
) -> None:
    person, repository = unlucky
    first = repository.ref(REF)
    repository.commit({"mail/aliases.yaml": _aliases("info")})
    faults.faults = (parse("status=500:delete/alias"),)
    assert _apply(person).code == INCOMPLETE
    assert repository.ref(REF) == first
    faults.faults = ()
    repository.commit({"mail/more.yaml": _aliases("second")})
    head = repository.commit({"mail/most.yaml": _aliases("third")})
    deletes = [address for action, address in _changes(_plan(person)) if action == "delete"]
    assert deletes == ["alias/sales@acme.example"]
    assert _apply(person).code == 0
    assert _addresses(person) == ["info", "second", "third"]
    assert repository.ref(REF) == head


def test_what_a_failed_apply_made_goes_when_its_merge_is_reverted(unlucky: tuple[Person, Made], faults: Faults) -> None:
    person, repository = unlucky
    repository.commit({"mail/more.yaml": _aliases("first", "second"), "mail/tags.yaml": TAGGED})
    faults.faults = (parse("status=500:add/bcc"),)
    assert _apply(person).code == INCOMPLETE
    assert _addresses(person) == ["first", "info", "sales", "second"]
    faults.faults = ()
    repository.git("revert", "--no-edit", "HEAD")
    assert _changes(_plan(person)) == [("delete", "alias/first@acme.example"), ("delete", "alias/second@acme.example")]
    assert _apply(person).code == 0
    assert _addresses(person) == ["info", "sales"]
    assert repository.git("for-each-ref", "--format=%(refname)", "refs/reconciler") == REF


def test_a_branch_that_is_behind_does_not_delete_what_its_sibling_brought(team: tuple[Person, Made]) -> None:
    person, repository = team
    repository.git("branch", "feature")
    repository.commit({"mail/sibling.yaml": _aliases("sibling")})
    assert _apply(person).code == 0
    repository.git("checkout", "--quiet", "feature")
    repository.commit({"mail/aliases.yaml": _aliases("info")})
    planned = _plan(person)
    assert _changes(planned) == [("delete", "alias/sales@acme.example")]
    assert [each["id"] for each in planned.document["diagnostics"]] == ["base-diverged"]


def test_after_a_force_push_the_ref_stays_until_the_base_is_named(team: tuple[Person, Made]) -> None:
    person, repository = team
    lost = repository.commit({"mail/more.yaml": _aliases("lost")})
    assert _apply(person).code == 0
    repository.git("reset", "--quiet", "--hard", "HEAD^")
    head = repository.commit({"mail/other.yaml": _aliases("other")})
    applied = _apply(person)
    assert (applied.code, repository.ref(REF)) == (0, lost)
    assert "applied-not-remembered" in applied.out
    assert _addresses(person) == ["info", "lost", "other", "sales"]
    assert _apply(person, "--base", lost).code == 0
    assert _addresses(person) == ["info", "other", "sales"]
    assert repository.ref(REF) == head


def test_a_pipeline_s_shallow_clone_is_told_what_it_needs_and_sends_nothing(
    team: tuple[Person, Made], tmp_path: Path
) -> None:
    person, repository = team
    repository.commit({"mail/aliases.yaml": _aliases("info")})
    clone = repository.clone(tmp_path / "clone", "--depth=1")
    clone.git("fetch", "--quiet", "--depth=1", "origin", "refs/reconciler/*:refs/reconciler/*")
    person.folder = clone.folder
    stopped = _apply(person)
    assert stopped.code == WRONG
    assert "git fetch --unshallow" in stopped.err
    assert "fetch-depth: 0" in stopped.err
    assert _addresses(person) == ["info", "sales"]
    clone.git("fetch", "--quiet", "--unshallow")
    assert _apply(person).code == 0
    assert _addresses(person) == ["info"]


def test_a_base_that_cannot_be_built_stops_the_run_and_no_base_goes_on(team: tuple[Person, Made]) -> None:
    person, repository = team
    broken = repository.commit({"mail/aliases.yaml": "aliases: [17]\n"})
    repository.commit({"mail/aliases.yaml": _aliases("info")})
    stopped = _apply(person, "--base", broken)
    assert (stopped.code, f"{broken[:12]}:mail/aliases.yaml:1" in stopped.err) == (WRONG, True)
    assert "--no-base" in stopped.err
    before = repository.ref(REF)
    applied = _apply(person, "--no-base")
    assert (applied.code, repository.ref(REF)) == (0, before)
    assert _addresses(person) == ["info", "sales"]


def test_a_dirty_work_tree_is_applied_and_not_remembered(team: tuple[Person, Made]) -> None:
    person, repository = team
    before = repository.ref(REF)
    person.writes("mail/aliases.yaml", _aliases("info"))
    applied = _apply(person)
    assert (applied.code, repository.ref(REF)) == (0, before)
    assert "the work tree is not exactly a commit: mail/aliases.yaml" in applied.out
    assert _addresses(person) == ["info"]


def test_a_run_narrowed_to_domains_is_not_remembered(team: tuple[Person, Made]) -> None:
    person, repository = team
    before = repository.ref(REF)
    repository.commit({"mail/aliases.yaml": _aliases("info")})
    applied = _apply(person, "--domain", "acme.example")
    assert (applied.code, repository.ref(REF)) == (0, before)
    assert "narrowed" in applied.out


def test_another_server_from_the_same_repository_needs_an_environment_of_its_own(
    team: tuple[Person, Made], welcome: Welcome
) -> None:
    _, repository = team
    before = repository.ref(REF)
    repository.commit({"mail/aliases.yaml": _aliases("info")})
    staging = welcome(folder=repository.folder)
    applied = _apply(staging)
    assert (applied.code, repository.ref(REF)) == (0, before)
    assert "give each server an environment" in applied.out
    repository.commit({"reconciler.yaml": "environments: {staging: {}}\n"})
    again = _apply(staging, "--env", "staging")
    assert again.code == 0
    assert repository.ref("refs/reconciler/applied/staging") == repository.git("rev-parse", "HEAD")


def test_a_mailbox_that_is_not_declared_any_more_stays_until_it_is_removed_or_its_kind_is_named(
    team: tuple[Person, Made],
) -> None:
    person, repository = team
    repository.commit({"mail/domain.yaml": DOMAIN.partition("\nmailboxes:")[0]})
    planned = _plan(person)
    assert _changes(planned) == []
    assert [each["id"] for each in planned.document["diagnostics"]] == ["no-longer-declared"]
    named = _plan(person, "--allow-delete-kind", "mailbox")
    assert _changes(named) == [
        ("delete", "mailbox/anna@acme.example"),
        ("create", "alias/info@acme.example"),
        ("create", "alias/sales@acme.example"),
    ]
    assert [each["id"] for each in named.document["diagnostics"]] == ["deleted-but-named"] * 2


def test_what_is_to_be_removed_and_was_never_there_is_told_once(team: tuple[Person, Made]) -> None:
    person, repository = team
    removed = "removed: [{alias: saels@acme.example}, {alias: sales@acme.example}]\n"
    repository.commit({"mail/aliases.yaml": _aliases("info"), "mail/left.yaml": removed})
    planned = _plan(person)
    told = [each for each in planned.document["diagnostics"] if each["id"] == "nothing-to-remove"]
    assert [(each["address"], each["origin"]["line"]) for each in told] == [("alias/saels@acme.example", 1)]
    assert _apply(person).code == 0
    assert "nothing-to-remove" not in person.types("plan", "mail").err


def test_a_domain_handed_to_another_repository_keeps_everything(team: tuple[Person, Made], welcome: Welcome) -> None:
    giver, repository = team
    taker = welcome()
    taker.simulator, taker.url = giver.simulator, giver.url
    other = made(taker.folder)
    other.commit({"mail/all.yaml": DOMAIN + _aliases("sales", "info")})
    repository.commit({"mail/domain.yaml": None, "mail/aliases.yaml": None, "mail/left.yaml": "{}\n"})
    before = giver.asks("alias/all")
    for person in (giver, taker, giver):
        applied = _apply(person)
        assert applied.code == 0, applied.out
    assert giver.asks("alias/all") == before
    assert _changes(_plan(giver)) == _changes(_plan(taker)) == []


def test_a_secret_that_is_never_shown_is_sent_when_its_declaration_changed_and_once(team: tuple[Person, Made]) -> None:
    person, repository = team
    person.environ["NEW_PASSWORD"] = "Correct.Horse.77"
    managed = DOMAIN.replace('initial: {password: {hash: "{BLF-CRYPT}$2y$10$abc"}}', "password: {env: NEW_PASSWORD}")
    repository.commit({"mail/domain.yaml": managed})
    planned = _plan(person)
    assert [(change["reason"], change["fields"][0]["name"]) for change in planned.document["changes"]] == [
        ("redeclared", "password")
    ]
    assert _apply(person).code == 0
    assert _changes(_plan(person)) == []


def test_what_users_change_themselves_is_left_alone_night_after_night(team: tuple[Person, Made]) -> None:
    person, _ = team
    box = ["anna@acme.example"]
    person.does("edit/mailbox", {"items": box, "attr": {"password": "Users.Own.77", "password2": "Users.Own.77"}})
    person.does("edit/tls_policy", {"items": box, "attr": {"tls_enforce_in": 1, "tls_enforce_out": 1}})
    person.does("edit/quarantine_notification", {"items": box, "attr": {"quarantine_notification": "daily"}})
    person.does("edit/spam-score", {"items": box, "attr": {"spam_score": "3,9"}})
    for _ in range(2):
        applied = _apply(person)
        assert (applied.code, "Nothing to do" in applied.out) == (0, True), applied.out


def test_pruning_from_the_command_line_deletes_in_scope_and_nothing_else(team: tuple[Person, Made]) -> None:
    person, _ = team
    for name in ("by-hand", "other"):
        person.does("add/alias", {"address": f"{name}@acme.example", "goto": "anna@acme.example", "active": 1})
    assert _changes(_plan(person)) == []
    assert _changes(_plan(person, "--prune", "alias:*.elsewhere.example")) == []
    assert len(_changes(_plan(person, "--prune", "aliases:acme.*"))) == 2
    assert _apply(person, "--prune", "alias").code == 0
    assert _addresses(person) == ["info", "sales"]
    wrong = person.types("plan", "mail", "--prune", "aliass")
    assert (wrong.code, "did you mean `alias`?" in wrong.err) == (64, True)


def test_what_is_not_managed_is_counted_and_listed_on_demand(team: tuple[Person, Made]) -> None:
    person, _ = team
    person.does("add/alias", {"address": "by-hand@acme.example", "goto": "anna@acme.example", "active": 1})
    person.does("add/fwdhost", {"hostname": "192.0.2.7", "filter_spam": 0})
    assert "unmanaged_keys" not in _plan(person).document
    listed = _plan(person, "--show-unmanaged").document
    assert listed["unmanaged_keys"]["alias"] == ["by-hand@acme.example"]
    assert listed["unmanaged_keys"]["forwarding_host"] == ["192.0.2.7"]
    told = person.types("plan", "mail", "--show-unmanaged")
    assert "  alias/by-hand@acme.example\n" in told.out


def test_a_server_that_shows_nothing_of_what_was_applied_stops_the_run(team: tuple[Person, Made]) -> None:
    person, _ = team
    person.does("delete/alias", [row["id"] for row in person.asks("alias/all")])
    stopped = _apply(person)
    assert stopped.code == REFUSED
    assert "nothing is left on the server of what was applied before: 2 aliases" in stopped.out
    assert "--allow-vanished alias" in stopped.out
    assert _addresses(person) == []
    assert _apply(person, "--allow-vanished", "alias").code == 0
    assert _addresses(person) == ["info", "sales"]


def test_what_an_apply_deleted_before_it_failed_has_not_vanished(welcome: Welcome) -> None:
    person = welcome(faults=Faults.of("status=502:add/bcc"))
    repository = made(person.folder)
    repository.commit({"mail/domain.yaml": DOMAIN, "mail/aliases.yaml": _aliases("sales", "info")})
    assert _apply(person).code == 0
    repository.commit({"mail/aliases.yaml": TAGGED})
    assert _apply(person, "--allow-delete-percent=100").code == INCOMPLETE
    assert _addresses(person) == []

    repository.git("revert", "--no-edit", "HEAD")

    assert _apply(person).code == 0
    assert _addresses(person) == ["info", "sales"]


def test_a_path_without_manifests_or_a_template_without_text_stops_the_run(team: tuple[Person, Made]) -> None:
    person, _ = team
    (person.folder / "empty").mkdir()
    for path, finding in (("empty", "path-without-manifests"), ("gone", "path-not-found")):
        stopped = person.types("apply", "mail", path, "--auto-approve")
        assert (stopped.code, finding in stopped.err) == (WRONG, True)
    person.writes("mail/more.yaml.j2", "{% for each in [] %}{{ each }}{% endfor %}")
    stopped = _apply(person)
    assert (stopped.code, "template-empty" in stopped.err) == (WRONG, True)


def test_mail_is_destroyed_only_by_the_flag_that_says_how_much(team: tuple[Person, Made]) -> None:
    person, repository = team
    person.simulator.state.table("mailbox").update("anna@acme.example", bytes=4096)
    removed = DOMAIN.partition("\nmailboxes:")[0] + "\nremoved: [{mailbox: anna@acme.example}]\n"
    repository.commit({"mail/domain.yaml": removed, "mail/aliases.yaml": _aliases("info").replace("anna", "ben")})
    refused = _plan(person)
    assert refused.code == REFUSED
    assert [each["permit"] for each in refused.document["refusals"]] == ["--allow-delete-bytes 4096"]
    assert _apply(person).code == REFUSED
    assert person.asks("mailbox/anna@acme.example")["username"] == "anna@acme.example"
    assert _apply(person, "--allow-delete", "mailbox/anna@acme.example").code == 0
    assert person.asks("mailbox/anna@acme.example") == {}
