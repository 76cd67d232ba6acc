"""Careful applies: some changes now, the others later; one domain before the rest; an end when too much fails."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from reconciler.simulator import Simulator
from reconciler.simulator.http import serving
from reconciler.simulator.protocol import Answer
from tests.acceptance.person import KEY, Ended, Person
from tests.repository import made

Welcome = Callable[..., Person]

PENDING, INCOMPLETE, REFUSED, USAGE = 2, 6, 5, 64
HASH = "{BLF-CRYPT}$2y$10$abc"
DOMAINS = ("a.example", "b.example", "c.example")


def _manifest(*domains: str, aliases: int = 4) -> str:
    sizes = {"max_mailboxes": 9, "max_aliases": 400, "max_total_quota": "9GiB", "max_mailbox_quota": "5GiB"}
    password = {"password": {"hash": HASH}}
    return json.dumps(
        {
            "domains": [{"name": domain, **sizes} for domain in domains],
            "mailboxes": [{"address": f"anna@{domain}", "quota": "1GiB", "initial": password} for domain in domains],
            "aliases": [
                {"address": f"n{number}@{domain}", "to": [f"anna@{domain}"]}
                for domain in domains
                for number in range(aliases)
            ],
        }
    )


@pytest.fixture
def person(welcome: Welcome) -> Person:
    """Somebody with manifests of three domains, and an empty server."""
    person = welcome()
    person.writes("mail/all.json.yaml", _manifest(*DOMAINS))
    return person


def _apply(person: Person, *words: str) -> Ended:
    return person.types("apply", "mail", "--auto-approve", *words)


def _waves(person: Person, most: int) -> int:
    """Apply so many changes at a time until nothing is left; how often that took."""
    for done in range(20):
        if person.types("plan", "mail", "--detailed-exitcode").code == 0:
            return done
        applied = _apply(person, "--max-changes", str(most))
        assert applied.code == 0, applied.out + applied.err
    pytest.fail("there is always something left")


def _last(ended: Ended) -> Any:
    return json.loads(ended.out.strip().splitlines()[-1])


def _there(person: Person, path: str = "alias/all", name: str = "address") -> list[str]:
    return sorted(row[name] for row in person.asks(path) or [])


class _Scripted(Simulator):
    """A server with answers of its own to some writes: the messages, or None where it does as ever."""

    script: Callable[[str, Any], list[Any] | None] = staticmethod(lambda _path, _body: None)

    def handle(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"", peer: str = "127.0.0.1"
    ) -> Answer:
        own = self.script(path.removeprefix("/api/v1/"), json.loads(body)) if method == "POST" else None
        if own is None:
            return super().handle(method, path, headers, body, peer)
        return Answer(200, (("Content-Type", "application/json"),), json.dumps(own).encode())


@contextmanager
def _answering(person: Person, script: Callable[[str, Any], list[Any] | None]) -> Iterator[None]:
    """Let a script answer in place of the server, where it has an answer."""
    own, url = person.simulator, person.url
    scripted = _Scripted(own.version, api_key=KEY, state=own.state)
    scripted.script = script
    with serving(scripted) as person.url:
        yield
    person.url = url


def _no_aliases(path: str, body: Any) -> list[Any] | None:
    """A server that refuses every alias."""
    if path != "add/alias":
        return None
    return [{"type": "danger", "log": [], "msg": ["max_alias_exceeded", body["address"]]}]


def test_only_so_many_changes_are_carried_out_and_the_next_run_goes_on(person: Person) -> None:
    first = _apply(person, "--max-changes", "5")
    assert first.code == 0, first.out + first.err
    assert "13 more changes are left for the next run (1 of kind mailbox, 12 of kind alias)" in first.out
    assert "5 done" in first.out
    assert len(_there(person, "domain/all", "domain_name")) == 3
    assert len(_there(person, "mailbox/all", "username")) == 2
    counts = []
    for _ in range(3):
        assert _apply(person, "--max-changes", "5").code == 0
        counts.append(len(_there(person)))
    assert counts == [4, 9, 12]
    assert "Nothing to do" in _apply(person, "--max-changes", "5").out


def test_a_job_that_asks_for_it_hears_that_it_must_run_again(person: Person) -> None:
    first = _apply(person, "--max-changes", "7", "--detailed-exitcode")
    assert first.code == PENDING, first.out + first.err
    assert "Converged so far: reading again found what was carried out as declared." in first.out
    assert first.out.endswith(" s; 11 changes left\n")
    second = _apply(person, "--max-changes", "7", "--detailed-exitcode", "--format", "json")
    assert (second.code, _last(second)["left"], _last(second)["converged"]) == (PENDING, 4, True)
    third = _apply(person, "--max-changes", "7", "--detailed-exitcode")
    assert (third.code, "changes left" in third.out) == (0, False), third.out
    assert "Converged: reading again found the server as declared." in third.out
    assert _apply(person, "--max-changes", "7", "--detailed-exitcode").code == 0


def test_what_failed_is_graver_than_what_is_left(person: Person) -> None:
    assert _apply(person, "--max-changes", "6").code == 0
    with _answering(person, _no_aliases):
        applied = _apply(person, "--max-changes", "6", "--detailed-exitcode", "--format", "json")
    assert (applied.code, _last(applied)["left"]) == (INCOMPLETE, 6)


def test_a_part_is_remembered_as_an_attempt_only_and_the_whole_as_applied(person: Person) -> None:
    repository = made(person.folder)
    repository.commit({})
    assert _apply(person).code == 0
    before = repository.ref("refs/reconciler/applied/default")
    repository.commit({"mail/all.json.yaml": _manifest(*DOMAINS, aliases=1)})
    wave = ("--max-changes", "5", "--allow-delete-percent", "100")
    assert (_apply(person, *wave).code, len(_there(person))) == (0, 7)
    assert repository.ref("refs/reconciler/applied/default") == before
    assert _apply(person, *wave).code == 0
    assert _there(person) == [f"n0@{domain}" for domain in DOMAINS]
    assert repository.ref("refs/reconciler/applied/default") == repository.git("rev-parse", "HEAD")


def test_what_a_part_made_goes_when_its_merge_is_reverted(person: Person) -> None:
    repository = made(person.folder)
    repository.commit({})
    assert _apply(person).code == 0
    repository.commit({"mail/all.json.yaml": _manifest(*DOMAINS, aliases=6)})
    assert _apply(person, "--max-changes", "2").code == 0
    assert len(_there(person)) == 14
    repository.git("revert", "--no-edit", "HEAD")
    assert _apply(person).code == 0
    assert len(_there(person)) == 12


def test_the_guards_judge_the_whole_plan_and_not_a_part_of_it(person: Person) -> None:
    assert _apply(person).code == 0
    person.writes("mail/all.json.yaml", _manifest(*DOMAINS, aliases=0))
    refused = _apply(person, "--prune", "alias", "--max-changes", "1")
    assert (refused.code, "--allow-delete-percent 100" in refused.out) == (REFUSED, True)
    assert len(_there(person)) == 12


def test_an_address_is_not_given_up_in_one_run_to_be_taken_in_the_next(person: Person) -> None:
    assert _apply(person).code == 0
    document = json.loads(_manifest(*DOMAINS))
    document["aliases"] = [each for each in document["aliases"] if each["address"] != "n0@a.example"]
    hashed = {"password": {"hash": "{BLF-CRYPT}$2y$10$abc"}}
    document["mailboxes"].append({"address": "n0@a.example", "quota": "1GiB", "initial": hashed})
    document["removed"] = [{"alias": "n0@a.example"}]
    person.writes("mail/all.json.yaml", json.dumps(document))
    applied = _apply(person, "--max-changes", "1")
    assert applied.code == 0, applied.out + applied.err
    assert "n0@a.example" in _there(person, "mailbox/all", "username")


def test_a_canary_goes_first_and_the_rest_follows_in_the_same_run(person: Person) -> None:
    applied = _apply(person, "--canary", "b.example", "--format", "json")
    assert applied.code == 0, applied.out + applied.err
    ended = [each for each in map(json.loads, applied.out.splitlines()) if each["type"] == "change_ended"]
    assert [each["address"].endswith("b.example") for each in ended] == [True] * 6 + [False] * 12
    assert len(_there(person)) == 12


def test_what_fails_at_the_canary_is_not_tried_elsewhere(person: Person) -> None:
    with _answering(person, lambda path, body: _no_aliases(path, body) if "n1@b.example" in str(body) else None):
        applied = _apply(person, "--canary", "b.example", "--format", "json")
    assert applied.code == INCOMPLETE
    assert _last(applied)["stopped"]["id"] == "canary-failed"
    assert _there(person) == ["n0@b.example", "n2@b.example", "n3@b.example"]
    assert _there(person, "domain/all", "domain_name") == ["b.example"]
    assert _apply(person, "--canary", "b.example").code == 0
    assert len(_there(person)) == 12


def test_a_canary_that_does_not_take_although_the_server_says_so_stops_the_run(welcome: Welcome) -> None:
    person = welcome()
    person.writes("mail/all.json.yaml", _manifest(*DOMAINS))
    assert _apply(person).code == 0
    document = json.loads(_manifest(*DOMAINS))
    for each in document["mailboxes"]:
        each["quota"] = "2GiB"
    person.writes("mail/all.json.yaml", json.dumps(document))
    forgotten: list[str] = []

    def forget(path: str, body: Any) -> list[Any] | None:
        if path != "edit/mailbox":
            return None
        forgotten.extend(body["items"])
        return [{"type": "success", "log": [], "msg": ["mailbox_modified", each]} for each in body["items"]]

    with _answering(person, forget):
        applied = _apply(person, "--canary", "a.example", "--format", "json")
    assert (applied.code, set(forgotten)) == (INCOMPLETE, {"anna@a.example"})
    assert _last(applied)["stopped"]["id"] == "canary-failed"


def test_a_canary_that_nothing_changes_of_is_told(person: Person) -> None:
    refused = _apply(person, "--canary", "z.example")
    assert (refused.code, "canary-without-changes" in refused.err) == (USAGE, True)
    assert not _there(person, "domain/all", "domain_name")


@pytest.mark.parametrize(("limit", "least"), [("0", 1), ("2", 3), ("5%", 5)])
def test_after_too_many_failures_nothing_more_is_started(person: Person, limit: str, least: int) -> None:
    person.writes("mail/all.json.yaml", _manifest(*DOMAINS, aliases=25))
    with _answering(person, _no_aliases):
        applied = _apply(person, "--format", "json", "--max-failures", limit)
    assert applied.code == INCOMPLETE
    report = _last(applied)
    outcomes = [each["outcome"] for each in report["changes"] if each["address"].startswith("alias/")]
    assert outcomes.count("failed") == least, "one too many, whatever is under way"
    assert outcomes.count("failed") + outcomes.count("blocked") == len(outcomes)
    assert report["stopped"]["id"] == "too-many-failures"
    assert _apply(person, "--max-failures", limit).code == 0
    assert len(_there(person)) == 75


def test_without_a_limit_everything_is_tried(person: Person) -> None:
    with _answering(person, _no_aliases):
        applied = _apply(person, "--format", "json")
    report = _last(applied)
    assert (applied.code, report["stopped"]) == (INCOMPLETE, None)
    assert [each["outcome"] for each in report["changes"]].count("failed") == 12


@pytest.mark.parametrize("limit", ["x", "-1", "101%", "1.5", " "])
def test_a_limit_that_is_none_is_told_before_anything_is_sent(person: Person, limit: str) -> None:
    refused = _apply(person, "--max-failures", limit)
    assert (refused.code, "failure-limit-malformed" in refused.err) == (USAGE, True)
    assert not _there(person, "domain/all", "domain_name")


@pytest.mark.parametrize("most", [1, 2, 3])
def test_limits_rise_and_fall_in_the_waves_in_which_there_is_room(welcome: Welcome, most: int) -> None:
    person = welcome()
    before = {"name": "a.example", "max_mailboxes": 1, "max_aliases": 3, "default_mailbox_quota": "1GiB"}
    after = {**before, "max_mailboxes": 2, "max_aliases": 1, "description": "Smaller"}
    people = [{"address": f"{name}@a.example", "initial": {"password": {"hash": HASH}}} for name in ("anna", "ben")]
    aliases = [{"address": f"n{number}@a.example", "to": ["x@y.example"]} for number in range(3)]
    first = {"domains": [before], "mailboxes": people[:1], "aliases": aliases}
    second = {"domains": [after], "mailboxes": people, "aliases": aliases[:1]}
    removed = [{"alias": each["address"]} for each in aliases[1:]]
    person.writes("mail/all.yaml", json.dumps(first))
    assert _apply(person).code == 0
    person.writes("mail/all.yaml", json.dumps({**second, "removed": removed}))

    assert _waves(person, most) == 2


def test_what_cannot_be_seen_to_be_done_goes_in_the_last_wave_so_that_there_is_one(person: Person) -> None:
    settings = {
        "quota_notification": {"subject": "Full"},
        "ip_check": {"enabled": True},
        "custom_login": {"hide_user_link": True},
    }
    settings |= {"cors": {"allowed_methods": ["GET"]}}
    repository = made(person.folder)
    repository.commit({"mail/settings.yaml": json.dumps(settings)})

    _waves(person, 2)

    assert repository.ref("refs/reconciler/applied/default") == repository.git("rev-parse", "HEAD")


@pytest.mark.parametrize("most", [1, 2])
def test_who_may_send_as_an_alias_comes_in_the_wave_that_makes_it(welcome: Welcome, most: int) -> None:
    person = welcome()
    people: list[dict[str, Any]] = [
        {"address": f"{name}@a.example", "initial": {"password": {"hash": HASH}}} for name in ("anna", "ben")
    ]
    domain = {"name": "a.example", "default_mailbox_quota": "1GiB"}
    sales = {"address": "sales@a.example", "to": ["ben@a.example"]}
    people[0]["send_as"] = [sales["address"]]
    person.writes("mail/all.yaml", json.dumps({"domains": [domain], "mailboxes": people, "aliases": [sales]}))

    _waves(person, most)
