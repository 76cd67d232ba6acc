from __future__ import annotations

import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import pyrage
import pytest

from reconciler.manifest.delivery import Deliveries
from reconciler.manifest.secrets import SecretSources, Surroundings, Wanted
from reconciler.model.address import Address
from reconciler.model.command import Ran
from reconciler.model.diagnostic import Diagnostic, Origin, Severity
from reconciler.model.report import Outcome
from reconciler.model.secret import SecretSource, SourceKind
from reconciler.spec.codec import Refusal
from reconciler.spec.secrets import read_password
from tests.manifest.told import ids, told

ANNA = Address("mailbox", "anna@acme.example")
BEN = Address("mailbox", "ben@acme.example")
HERE = Origin("m.yaml", 3, 5)
HELP_DESK = pyrage.x25519.Identity.generate()
OWNER = pyrage.x25519.Identity.generate()
STRANGER = pyrage.x25519.Identity.generate()
SSH_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEXUFnmj4f5ohUqqi7PIdCE82TAqjQSIyhlx+YgA20ks anna@acme.example"


def to_file(path: str = "passwords/{key}.age", *identities: pyrage.x25519.Identity) -> SecretSource:
    recipients = tuple(str(each.to_public()) for each in identities or (HELP_DESK,))
    return SecretSource(SourceKind.GENERATE, (), (path,), recipients)


def sources(root: Path, seed: int = 7, run: Any = None) -> SecretSources:
    return SecretSources(Surroundings(root=root, environment={}, run=run, choose=Random(seed).choice))


def delivered(root: Path, *wanted: tuple[SecretSource, Address], seed: int = 7) -> SecretSources:
    secrets = sources(root, seed)
    secrets.prepare([Wanted(source, address, HERE) for source, address in wanted])
    secrets.deliver()
    return secrets


def refused(root: Path, source: SecretSource, address: Address = ANNA) -> Diagnostic:
    (finding,) = told(lambda: sources(root).prepare([Wanted(source, address, HERE)]))
    assert (finding.origin, finding.address) == (HERE, address)
    assert finding.hint
    return finding


def files(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir())


def opened(file: Path, identity: pyrage.x25519.Identity = HELP_DESK) -> str:
    return pyrage.decrypt(file.read_bytes(), [identity]).decode()


def settled(deliveries: Deliveries, outcomes: Mapping[Address, Outcome]) -> list[tuple[str, Severity]]:
    return [(each.id, each.severity) for each in deliveries.settle(outcomes)]


def test_a_password_is_on_the_disk_encrypted_before_anything_is_sent_and_marked_until_it_is_confirmed(
    tmp_path: Path,
) -> None:
    secrets = delivered(tmp_path, (to_file(), ANNA))
    unconfirmed = "passwords/anna@acme.example.age.unconfirmed"
    assert files(tmp_path) == [unconfirmed]
    text = secrets.for_apply(to_file(), ANNA).reveal()
    assert opened(tmp_path / unconfirmed) == text
    assert text not in (tmp_path / unconfirmed).read_text()
    assert stat.S_IMODE((tmp_path / unconfirmed).stat().st_mode) == 0o600

    assert settled(secrets.deliveries, {ANNA: Outcome.DONE}) == [("password-delivered", Severity.NOTE)]
    assert files(tmp_path) == ["passwords/anna@acme.example.age"]
    assert opened(tmp_path / "passwords/anna@acme.example.age") == text
    assert secrets.deliveries.written == ()


def test_only_the_recipients_can_read_it(tmp_path: Path) -> None:
    secrets = delivered(tmp_path, (to_file("{key}", HELP_DESK, OWNER), ANNA))
    secrets.deliveries.settle({ANNA: Outcome.DONE})
    text = secrets.for_apply(to_file("{key}", HELP_DESK, OWNER), ANNA).reveal()
    assert {opened(tmp_path / ANNA.key, each) for each in (HELP_DESK, OWNER)} == {text}
    with pytest.raises(pyrage.DecryptError):
        opened(tmp_path / ANNA.key, STRANGER)


def test_everyone_has_a_file_of_their_own(tmp_path: Path) -> None:
    secrets = delivered(tmp_path, (to_file(), ANNA), (to_file(), BEN))
    secrets.deliveries.settle({ANNA: Outcome.DONE, BEN: Outcome.DONE})
    found = {opened(file) for file in (tmp_path / "passwords").iterdir()}
    assert found == {secrets.for_apply(to_file(), each).reveal() for each in (ANNA, BEN)}
    assert len(found) == 2


def test_what_the_server_never_saw_is_removed_and_what_it_may_have_stays_and_is_told(tmp_path: Path) -> None:
    secrets = delivered(tmp_path, (to_file(), ANNA), (to_file(), BEN))
    (finding,) = secrets.deliveries.settle({ANNA: Outcome.UNKNOWN, BEN: Outcome.BLOCKED})
    assert (finding.id, finding.severity, finding.address) == ("delivery-unconfirmed", Severity.WARNING, ANNA)
    assert "passwords/anna@acme.example.age.unconfirmed" in finding.summary
    assert files(tmp_path) == ["passwords/anna@acme.example.age.unconfirmed"]
    assert secrets.deliveries.written == ("passwords/anna@acme.example.age.unconfirmed",)


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.PARTIAL, Outcome.UNKNOWN])
def test_a_password_in_doubt_is_not_lost_to_the_next_one(tmp_path: Path, outcome: Outcome) -> None:
    before = delivered(tmp_path, (to_file(), ANNA), seed=1)
    before.deliveries.settle({ANNA: Outcome.DONE})
    doubtful = delivered(tmp_path, (to_file(), ANNA), seed=2)
    doubtful.deliveries.settle({ANNA: outcome})
    again = delivered(tmp_path, (to_file(), ANNA), seed=3)
    name = "passwords/anna@acme.example.age"
    texts = [each.for_apply(to_file(), ANNA).reveal() for each in (before, doubtful, again)]
    places = [name, f"{name}.unconfirmed", f"{name}.unconfirmed-2"]
    assert [opened(tmp_path / place) for place in places] == texts

    again.deliveries.settle({ANNA: Outcome.DONE})
    assert files(tmp_path) == [name, f"{name}.earlier"]
    assert opened(tmp_path / f"{name}.earlier") == texts[0]
    assert opened(tmp_path / name) == texts[2]


def test_a_plan_delivers_nothing(tmp_path: Path) -> None:
    assert sources(tmp_path).for_plan(to_file(), ANNA) is None
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_while_anything_else_is_missing(tmp_path: Path) -> None:
    missing = Wanted(SecretSource(SourceKind.ENV, ("X",)), BEN, HERE)
    secrets = sources(tmp_path)
    assert ids(told(lambda: secrets.prepare([Wanted(to_file(), ANNA, HERE), missing]))) == ["secret-missing"]
    assert files(tmp_path) == []


def test_what_was_written_is_taken_back_when_a_command_does_not_take_its_own(tmp_path: Path) -> None:
    secrets = sources(tmp_path, run=lambda *_, **__: Ran(1, b""))
    command = SecretSource(SourceKind.GENERATE, (), ("hand-over",))
    secrets.prepare([Wanted(command, BEN, HERE), Wanted(to_file(), ANNA, HERE)])
    assert ids(told(secrets.deliver)) == ["secret-command-failed"]
    assert files(tmp_path) == []


def test_two_passwords_for_one_file_are_refused(tmp_path: Path) -> None:
    administrator = Address("domain_admin", ANNA.key)
    secrets = sources(tmp_path)
    wanted = [Wanted(to_file(), each, HERE) for each in (ANNA, administrator)]
    assert ids(told(lambda: secrets.prepare(wanted))) == ["delivery-shared"]
    assert files(tmp_path) == []


def test_a_name_with_a_slash_stays_in_the_folder(tmp_path: Path) -> None:
    address = Address("app_password", "anna@acme.example/../../x")
    secrets = delivered(tmp_path, (to_file(), address))
    secrets.deliveries.settle({address: Outcome.DONE})
    assert files(tmp_path) == ["passwords/anna@acme.example_.._.._x.age"]


@pytest.mark.parametrize(
    "path", [".git/{key}", ".GIT/hooks/{key}", "../{key}", "a/../../{key}", "/tmp/{key}", "a//{key}"]
)
def test_nothing_is_delivered_to_what_git_keeps_or_out_of_the_repository(tmp_path: Path, path: str) -> None:
    (tmp_path / "root" / ".git").mkdir(parents=True)
    assert refused(tmp_path / "root", to_file(path)).id == "secret-forbidden"
    assert files(tmp_path) == []


def test_no_link_leads_a_delivery_elsewhere(tmp_path: Path) -> None:
    root, elsewhere = tmp_path / "root", tmp_path / "elsewhere"
    root.mkdir()
    elsewhere.mkdir()
    (root / "passwords").symlink_to(elsewhere)
    assert refused(root, to_file()).id == "delivery-unwritable"
    (root / "passwords").unlink()
    (root / "passwords").mkdir()
    (root / "passwords" / "anna@acme.example.age").symlink_to(elsewhere / "x")
    assert refused(root, to_file()).id == "delivery-unwritable"
    assert files(elsewhere) == []


def test_a_folder_that_is_swapped_for_a_link_after_it_was_checked_is_not_followed(tmp_path: Path) -> None:
    root, elsewhere = tmp_path / "root", tmp_path / "elsewhere"
    root.mkdir()
    elsewhere.mkdir()
    secrets = sources(root)
    secrets.prepare([Wanted(to_file(), ANNA, HERE)])
    (root / "passwords").rmdir()
    (root / "passwords").symlink_to(elsewhere)
    assert ids(told(secrets.deliver)) == ["delivery-unwritable"]
    assert files(elsewhere) == []


def test_a_place_that_cannot_be_written_is_told_before_anything_is_sent(tmp_path: Path) -> None:
    (tmp_path / "passwords").write_text("a file where a folder is needed")
    assert refused(tmp_path, to_file()).id == "delivery-unwritable"
    (tmp_path / "folder" / "anna@acme.example").mkdir(parents=True)
    assert refused(tmp_path, to_file("folder/{key}")).id == "delivery-unwritable"
    assert refused(tmp_path, to_file("x" * 300 + "{key}")).id == "delivery-unwritable"


def test_a_recipient_with_a_mistyped_letter_is_told_before_anything_is_sent(tmp_path: Path) -> None:
    text = str(HELP_DESK.to_public())
    wrong = text[:-1] + ("q" if text[-1] != "q" else "p")
    source = SecretSource(SourceKind.GENERATE, (), ("{key}",), (wrong,))
    assert refused(tmp_path, source).id == "recipient-malformed"


WITHOUT = """
import sys
sys.modules["pyrage"] = None
from pathlib import Path
from reconciler.manifest.delivery import Deliveries, Undeliverable
from reconciler.model.address import Address
from reconciler.model.secret import SecretSource, SourceKind
source = SecretSource(SourceKind.GENERATE, (), ("{key}",), ("age1",))
try:
    Deliveries(Path.cwd()).check(source, Address("mailbox", "anna@acme.example"))
except Undeliverable as problem:
    print(*problem.sentence)
"""


def test_without_the_library_that_encrypts_it_is_named_before_anything_is_sent(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT],
        cwd=tmp_path,
        env={"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("encryption-unavailable ")
    assert "mailcow-reconciler[age]" in done.stdout


SSH = SecretSource(SourceKind.GENERATE, (), ("{key}",), (SSH_KEY,))


def test_a_file_may_be_encrypted_for_a_key_of_ssh(tmp_path: Path) -> None:
    secrets = delivered(tmp_path, (SSH, ANNA))
    secrets.deliveries.settle({ANNA: Outcome.DONE})
    assert (tmp_path / ANNA.key).read_text().startswith("-----BEGIN AGE ENCRYPTED FILE-----")


def test_a_delivery_is_read_as_it_is_written() -> None:
    public = str(HELP_DESK.to_public())
    read = read_password({"generate": True, "deliver": {"file": "p/{key}.age", "recipients": [public, SSH_KEY]}})
    assert read == SecretSource(SourceKind.GENERATE, (), ("p/{key}.age",), (public, SSH_KEY))
    assert str(read) == f"(generate, in the file p/{{key}}.age for {public}, {SSH_KEY})"


PRIVATE = str(HELP_DESK)


@pytest.mark.parametrize(
    ("deliver", "identifier"),
    [
        ({"file": "{key}"}, "secret-malformed"),
        ({"file": "{key}", "recipients": []}, "secret-malformed"),
        ({"file": "{key}", "recipients": ["age1..."], "mode": 1}, "secret-malformed"),
        ({"file": "{key}", "recipients": ["anna@acme.example"]}, "recipient-malformed"),
        ({"file": "{key}", "recipients": [PRIVATE]}, "recipient-malformed"),
        ({"file": "all.age", "recipients": [str(HELP_DESK.to_public())]}, "delivery-shared"),
        ({"file": "../{key}", "recipients": [str(HELP_DESK.to_public())]}, "secret-malformed"),
        ({"file": "/etc/{key}", "recipients": [str(HELP_DESK.to_public())]}, "secret-malformed"),
        ({"file": "\\\\host\\{key}", "recipients": [str(HELP_DESK.to_public())]}, "secret-malformed"),
        ({"file": "a\0{key}", "recipients": [str(HELP_DESK.to_public())]}, "secret-malformed"),
        ([], "secret-malformed"),
        ({}, "secret-malformed"),
        ("sh", "secret-malformed"),
    ],
)
def test_a_delivery_that_would_reach_nobody_or_lose_something_is_refused(deliver: Any, identifier: str) -> None:
    with pytest.raises(Refusal) as caught:
        read_password({"generate": True, "deliver": deliver})
    assert caught.value.id == identifier
    assert PRIVATE not in caught.value.text + (caught.value.hint or "")
