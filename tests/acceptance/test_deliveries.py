"""Generated passwords: handed over before the server has them, told of when an apply does not come to its end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random

import pyrage
import pytest

from reconciler.simulator import Simulator
from reconciler.simulator.faults import Faults, parse
from reconciler.simulator.protocol import Answer
from tests.acceptance.leaks import leaks, left_in
from tests.acceptance.person import KEY, READ_ONLY_KEY, Person

Welcome = Callable[..., Person]

REFUSAL = b'[{"type": "danger", "log": ["mailbox"], "msg": "mailbox_quota_exceeded"}]'
REFUSED_MANIFEST, INCOMPLETE = 3, 6
HELP_DESK = pyrage.x25519.Identity.generate()
DELIVER = f'{{file: "passwords/{{key}}.age", recipients: [{HELP_DESK.to_public()}]}}'
MAIL = """
domains:
  - {{name: acme.example, max_mailboxes: 5, max_total_quota: 20GiB, max_mailbox_quota: 5GiB}}
defaults:
  mailboxes: {{quota: 1GiB, initial: {{password: {{generate: true, deliver: {deliver}}}}}}}
mailboxes:
  - {{address: anna@acme.example}}
  - {{address: ben@acme.example}}
"""


class Bank(Simulator):
    """A server that takes down which passwords it is given, and what was delivered by then.

    Attributes:
        given: the passwords it was sent, by address.
        on_disk: what had been delivered when the first of them arrived, by name.
        refuses: the local parts of mailboxes that it does not make.
        victim: a process that dies as soon as the server has carried out a call of it that makes a mailbox.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__("2026-07a", api_key=KEY, read_only_key=READ_ONLY_KEY, random=Random(1))
        self.folder = folder / "passwords"
        self.given: dict[str, str] = {}
        self.on_disk: dict[str, str] = {}
        self.refuses: set[str] = set()
        self.victim: subprocess.Popen[bytes] | None = None

    def handle(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"", peer: str = "127.0.0.1"
    ) -> Answer:
        made = (method, path) == ("POST", "/api/v1/add/mailbox")
        if made:
            asked = json.loads(body)
            self.on_disk = self.on_disk or self.delivered
            if asked["local_part"] in self.refuses:
                return Answer(200, (("Content-Type", "application/json"),), REFUSAL)
            self.given[f"{asked['local_part']}@{asked['domain']}"] = asked["password"]
        if (method, path) == ("POST", "/api/v1/edit/mailbox") and "password" in json.loads(body)["attr"]:
            asked = json.loads(body)
            self.given |= dict.fromkeys(asked["items"], asked["attr"]["password"])
        answer = super().handle(method, path, headers, body, peer)
        if made and self.victim is not None:
            self.victim.kill()
            self.victim.wait()
        return answer

    @property
    def delivered(self) -> dict[str, str]:
        found = sorted(self.folder.iterdir()) if self.folder.is_dir() else []
        return {file.name: pyrage.decrypt(file.read_bytes(), [HELP_DESK]).decode() for file in found}


@pytest.fixture
def bank(tmp_path: Path) -> Bank:
    (tmp_path / "checkout").mkdir()
    return Bank(tmp_path / "checkout")


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def person(welcome: Welcome, bank: Bank, faults: Faults, tmp_path: Path) -> Person:
    person = welcome(simulator=bank, folder=tmp_path / "checkout", faults=faults)
    person.environ["HOME"] = str(tmp_path / "home")
    person.writes("mail.yaml", MAIL.format(deliver=DELIVER))
    return person


ANNA, BEN = "anna@acme.example", "ben@acme.example"


def test_the_file_holds_what_the_server_was_given_and_nothing_else_tells_it(person: Person, bank: Bank) -> None:
    planned = person.types("plan", "mail.yaml", key=READ_ONLY_KEY)
    assert f"in the file passwords/{{key}}.age for {HELP_DESK.to_public()}" in planned.out
    assert bank.delivered == {}
    applied = person.types("apply", "mail.yaml", "--auto-approve", "--show-calls", "-v")
    assert applied.code == 0, applied.err
    assert bank.on_disk == {f"{each}.age.unconfirmed": bank.given[each] for each in (ANNA, BEN)}
    assert bank.delivered == {f"{each}.age": bank.given[each] for each in (ANNA, BEN)}
    assert "password-delivered" in applied.out
    places = {"output": applied.out + applied.err, **left_in(person.folder, Path(person.environ["HOME"]))}
    assert any(name.endswith(".jsonl") for name in places)
    assert leaks(bank.given, places) == []
    before = bank.delivered
    again = person.types("apply", "mail.yaml", "--auto-approve")
    assert (again.code, bank.delivered) == (0, before)


def test_an_apply_that_dies_leaves_no_account_with_a_password_nobody_knows_and_the_next_one_tells(
    person: Person, bank: Bank
) -> None:
    environ = {"MAILCOW_URL": person.url, "MAILCOW_API_KEY": KEY, "HOME": person.environ["HOME"]}
    bank.victim = subprocess.Popen(
        [sys.executable, "-m", "reconciler", "apply", "mail.yaml", "--auto-approve"],
        cwd=person.folder,
        env={**environ, "PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    assert bank.victim.wait(30) == -signal.SIGKILL
    bank.victim = None
    given = dict(bank.given)
    assert bank.delivered | {f"{made}.age.unconfirmed": text for made, text in given.items()} == bank.delivered

    again = person.types("apply", "mail.yaml", "--auto-approve")
    assert again.code == 0, again.err
    assert "delivery-unconfirmed" in again.err
    for made, text in given.items():
        assert f"passwords/{made}.age.unconfirmed" in again.err
        assert bank.delivered[f"{made}.age.unconfirmed"] == text
    assert [person.asks(f"mailbox/{made}")["username"] for made in given] == list(given)
    assert set(bank.given) == {ANNA, BEN}
    assert set(bank.given.values()) <= set(bank.delivered.values())


def test_what_is_unconfirmed_is_told_by_every_run_until_somebody_sees_to_it(person: Person, bank: Bank) -> None:
    bank.refuses = {"anna"}
    assert person.types("apply", "mail.yaml", "--auto-approve").code == INCOMPLETE
    person.writes("mail.yaml", "domains: [{name: acme.example, description: Acme}]\n")
    assert person.types("apply", "mail.yaml", "--auto-approve").code == 0
    later = person.types("plan", "mail.yaml", key=READ_ONLY_KEY)
    (bank.folder / f"{ANNA}.age.unconfirmed").unlink()
    settled = person.types("plan", "mail.yaml", key=READ_ONLY_KEY)
    assert f"passwords/{ANNA}.age.unconfirmed" in later.out
    assert "delivery-unconfirmed" not in settled.out


def test_rotating_by_a_pattern_makes_new_passwords_and_delivers_them(person: Person, bank: Bank) -> None:
    assert person.types("apply", "mail.yaml", "--auto-approve").code == 0
    before = bank.delivered
    for words in (("--resend", "mailbox/*"), ("--resend", "*")):
        assert person.types("plan", "mail.yaml", "--detailed-exitcode", *words).code == 0
    rotated = person.types("apply", "mail.yaml", "--auto-approve", "--resend", "mailbox/a*@acme.example#password")
    assert rotated.code == 0, rotated.err
    after = bank.delivered
    assert after[f"{BEN}.age"] == before[f"{BEN}.age"]
    assert after[f"{ANNA}.age"] == bank.given[ANNA] != before[f"{ANNA}.age"]
    assert person.types("plan", "mail.yaml", "--detailed-exitcode").code == 0


def test_what_was_not_tried_leaves_no_file(person: Person, bank: Bank, faults: Faults) -> None:
    faults.faults = (parse("empty:add/domain"),)
    ended = person.types("apply", "mail.yaml", "--auto-approve")
    assert ended.code == INCOMPLETE, ended.err
    assert (bank.given, bank.delivered) == ({}, {})


def test_what_failed_keeps_its_file_until_it_is_done(person: Person, bank: Bank) -> None:
    bank.refuses = {"anna"}
    ended = person.types("apply", "mail.yaml", "--auto-approve")
    assert (ended.code, "delivery-unconfirmed" in ended.out) == (INCOMPLETE, True)
    assert sorted(name.partition(".age")[2] for name in bank.delivered) == ["", ".unconfirmed"]
    bank.refuses = set()
    again = person.types("apply", "mail.yaml", "--auto-approve")
    assert (again.code, "delivery-unconfirmed" in again.err) == (0, True)
    assert bank.delivered == {f"{each}.age": bank.given[each] for each in (ANNA, BEN)}
    assert "delivery-unconfirmed" not in person.types("apply", "mail.yaml", "--auto-approve").err


def test_a_recipient_nobody_can_be_stops_an_apply_before_anything_is_sent(person: Person, bank: Bank) -> None:
    public = str(HELP_DESK.to_public())
    wrong = public[:-1] + ("q" if public[-1] != "q" else "p")
    person.writes("mail.yaml", MAIL.format(deliver=DELIVER.replace(public, wrong)))
    ended = person.types("apply", "mail.yaml", "--auto-approve")
    assert (ended.code, "recipient-malformed" in ended.err) == (REFUSED_MANIFEST, True)
    assert not person.asks("domain/all")
    assert bank.delivered == {}


def test_a_plan_that_was_kept_delivers_too(person: Person, bank: Bank) -> None:
    person.types("plan", "mail.yaml", "--out", "plan.json", key=READ_ONLY_KEY)
    assert bank.delivered == {}
    assert person.types("apply", "plan.json", "mail.yaml").code == 0
    assert bank.delivered == {f"{each}.age": bank.given[each] for each in (ANNA, BEN)}


def test_what_was_delivered_of_one_server_outlives_the_same_address_on_another(
    person: Person, bank: Bank, welcome: Welcome
) -> None:
    assert person.types("apply", "mail.yaml", "--auto-approve").code == 0
    staging = dict(bank.given)
    other = Bank(person.folder)
    production = welcome(simulator=other, folder=person.folder)
    production.environ["HOME"] = person.environ["HOME"]
    applied = production.types("apply", "mail.yaml", "--auto-approve")
    assert applied.code == 0, applied.err
    assert "ends in `.earlier` now" in applied.out
    now = {f"{each}.age": other.given[each] for each in (ANNA, BEN)}
    assert bank.delivered == now | {f"{each}.age.earlier": staging[each] for each in (ANNA, BEN)}
