"""What is needed is found before the first call, and nothing else; what a plan says does not depend on live secrets."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from reconciler.render.plan_json import fingerprint
from tests.acceptance.person import Person

Welcome = Callable[..., Person]

REFUSED_MANIFEST = 3
DOMAIN = "domains: [{name: acme.example, max_mailboxes: 9, max_total_quota: 20GiB, max_mailbox_quota: 5GiB}]\n"
SCRIPT = 'echo "$0" >> asked; test "$0" != broken && printf "Correct.Horse.%s" "$0"\n'


def _box(name: str, size: str = "1GiB", where: str = "password") -> str:
    source = f"{{command: [sh, ask.sh, {name}]}}"
    password = f"password: {source}" if where == "password" else f"initial: {{password: {source}}}"
    return f"  - {{address: {name}@acme.example, quota: {size}, {password}}}\n"


@pytest.fixture
def person(welcome: Welcome) -> Person:
    person = welcome()
    person.environ["PATH"] = "/usr/bin:/bin"
    person.writes("ask.sh", SCRIPT.replace("$0", "$1"))
    return person


def _declares(person: Person, *boxes: str) -> None:
    person.writes("mail.yaml", DOMAIN + "mailboxes:\n" + "".join(boxes))


def _asked(person: Person) -> list[str]:
    """Who was asked for since this was looked at last."""
    file = person.folder / "asked"
    asked = sorted(file.read_text().split()) if file.exists() else []
    file.unlink(missing_ok=True)
    return asked


def _applies(person: Person, *words: str, code: int = 0) -> str:
    ended = person.types("apply", "mail.yaml", "--auto-approve", *words)
    assert ended.code == code, ended.out + ended.err
    return ended.out + ended.err


def _holds(person: Person) -> str:
    lists = ("domain/all", "mailbox/all", "relayhost/all")
    return json.dumps([person.asks(path) for path in lists])


@pytest.mark.parametrize("where", ["password", "initial"])
def test_a_command_runs_for_what_is_sent_and_not_for_what_stays(person: Person, where: str) -> None:
    _declares(person, _box("anna", where=where), _box("ben", where=where))
    _applies(person)
    assert _asked(person) == ["anna", "ben"]
    _declares(person, _box("anna", "2GiB", where), _box("ben", where=where), _box("chloe", where=where))
    _applies(person)
    assert _asked(person) == ["chloe"]
    _applies(person)
    assert _asked(person) == []
    _applies(person, "--resend", "mailbox/b*#password")
    assert _asked(person) == ["ben"]


def test_a_wave_needs_only_its_own_secrets(person: Person) -> None:
    _declares(person)
    person.writes("mail.yaml", DOMAIN)
    _applies(person)
    _declares(person, _box("anna"), _box("ben"))
    _applies(person, "--max-changes", "1")
    assert len(_asked(person)) == 1


def test_a_command_that_fails_stops_an_apply_before_anything_is_sent(person: Person) -> None:
    _declares(person, _box("anna"), _box("broken"), _box("chloe"))
    before = _holds(person)
    assert "secret-command-failed" in _applies(person, code=REFUSED_MANIFEST)
    assert _holds(person) == before


def test_a_command_that_fails_does_not_matter_to_what_stays(person: Person) -> None:
    _declares(person, _box("anna"))
    _applies(person)
    person.writes("ask.sh", "exit 1\n")
    _declares(person, _box("anna", "3GiB"))
    _applies(person)


# What a plan says of live secrets


RELAY = 'relayhosts: [{host: "smtp.example:587", username: acme, password: {env: RELAY_PASSWORD}}]\n'


def _kept_plan(person: Person, live: str, known: str | None, *words: str) -> tuple[Any, str]:
    person.environ.pop("RELAY_PASSWORD", None)
    if known is not None:
        person.environ["RELAY_PASSWORD"] = known
    person.writes("mail.yaml", RELAY)
    added = {"hostname": "smtp.example:587", "username": "acme", "password": live}
    person.does("add/relayhost", added)
    ended = person.types("plan", "mail.yaml", "--out", "plan.json", *words)
    assert ended.code == 0, ended.err
    kept = (person.folder / "plan.json").read_bytes()
    told = ended.out.replace(fingerprint(kept), "FINGERPRINT").replace(person.url, "URL")
    return json.loads(kept.decode().replace(person.url, "URL")), told


@pytest.mark.parametrize("words", [(), ("--resend", "*#password"), ("--prune", "relayhost", "--show-unmanaged")])
@pytest.mark.parametrize("known", ["What.Is.Declared", None])
def test_a_plan_is_the_same_whatever_the_live_secret_is(
    welcome: Welcome, known: str | None, words: tuple[str, ...]
) -> None:
    """So nothing in a plan file helps to guess one: neither it, nor a digest of it."""
    one, other = (_kept_plan(welcome(), live, known, *words) for live in ("Live.One.1", "Live.Two.2"))
    assert one == other
    assert (one[0]["changes"] != []) == (known is not None or words[:1] == ("--resend",))


@pytest.mark.parametrize(("meanwhile", "done"), [("Somebody.Elses", "1 done"), ("What.Is.Declared", "Nothing to do")])
def test_a_secret_the_server_shows_becomes_what_was_reviewed_whatever_it_was_meanwhile(
    person: Person, meanwhile: str, done: str
) -> None:
    _kept_plan(person, "Live.One.1", "What.Is.Declared")
    (row,) = person.asks("relayhost/all")
    person.does("edit/relayhost", {"items": [row["id"]], "attr": {"password": meanwhile}})
    applied = person.types("apply", "plan.json", "mail.yaml")
    assert (applied.code, done in applied.out) == (0, True), applied.out
    assert person.asks("relayhost/all")[0]["password"] == "What.Is.Declared"
