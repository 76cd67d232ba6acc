import os
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest

from reconciler.errors import ManifestError
from reconciler.kinds import registry
from reconciler.manifest.files import read_inside
from reconciler.manifest.secrets import SecretSources, Surroundings, Wanted, wanted_by
from reconciler.model.address import Address
from reconciler.model.change import Absent, Action, Change, FieldChange
from reconciler.model.command import Ran, Run
from reconciler.model.diagnostic import Origin
from reconciler.model.secret import SecretSource, SourceKind
from tests.manifest.told import ids, told

ANNA = Address("mailbox", "anna@acme.example")
BEN = Address("mailbox", "ben@acme.example")
HERE = Origin("m.yaml", 3, 5)


class Programs:
    """Programs by name, and what was asked of them."""

    def __init__(self, **programs: Callable[[bytes], Ran]) -> None:
        self.asked: list[tuple[tuple[str, ...], bytes]] = []
        self._programs = programs

    def __call__(self, command: tuple[str, ...], *, given: bytes, seconds: float) -> Ran:
        assert seconds > 0
        self.asked.append((command, given))
        if command[0] not in self._programs:
            raise FileNotFoundError(2, "No such file or directory")
        return self._programs[command[0]](given)


def sources(root: Path, *, environment: Mapping[str, str] | None = None, run: Run | None = None) -> SecretSources:
    return SecretSources(
        Surroundings(
            root=root,
            environment=environment or {},
            run=run,
            choose=Random(7).choice,
        )
    )


def source(kind: str, *argument: str, deliver: tuple[str, ...] = ()) -> SecretSource:
    return SecretSource(SourceKind(kind), argument, deliver)


def found(secrets: SecretSources, wanted: SecretSource, address: Address = ANNA) -> str:
    secrets.prepare([Wanted(wanted, address, HERE)])
    secrets.deliver()
    return secrets.for_apply(wanted, address).reveal()


def refused(secrets: SecretSources, wanted: SecretSource, address: Address = ANNA) -> str:
    (finding,) = told(lambda: secrets.prepare([Wanted(wanted, address, HERE)]))
    assert (finding.origin, finding.address) == (HERE, address)
    assert finding.hint
    return finding.id


def test_a_variable_is_found(tmp_path: Path) -> None:
    assert found(sources(tmp_path, environment={"X": "s3cret"}), source("env", "X")) == "s3cret"


@pytest.mark.parametrize(("value", "text"), [("a b\n", "a b"), ("a\r\n", "a"), ("a\n\n", "a\n")])
def test_a_variable_is_taken_without_the_line_end_it_was_pasted_with(tmp_path: Path, value: str, text: str) -> None:
    assert found(sources(tmp_path, environment={"X": value}), source("env", "X")) == text


def test_a_variable_that_is_not_there_is_missing(tmp_path: Path) -> None:
    assert refused(sources(tmp_path), source("env", "X")) == "secret-missing"
    assert refused(sources(tmp_path, environment={"X": ""}), source("env", "X")) == "secret-empty"


def test_a_variable_that_is_not_utf8_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    secrets = sources(tmp_path, environment={"X": "gr\udcfcn"})
    assert refused(secrets, source("env", "X")) == "secret-unreadable"
    assert secrets.for_plan(source("env", "X"), ANNA) is None


def test_the_api_keys_variable_is_never_a_source(tmp_path: Path) -> None:
    secrets = sources(tmp_path, environment={"MAILCOW_API_KEY": "k"})
    assert refused(secrets, source("env", "MAILCOW_API_KEY")) == "secret-forbidden"
    assert secrets.for_plan(source("env", "MAILCOW_API_KEY"), ANNA) is None


@pytest.mark.parametrize(
    ("content", "text"), [("a b\n", "a b"), ("a\r\n", "a"), ("a\n\n", "a\n"), (" a", " a"), ("\ufeffa\n", "a")]
)
def test_a_file_is_read_without_the_line_end_an_editor_adds(tmp_path: Path, content: str, text: str) -> None:
    (tmp_path / "secret").write_bytes(content.encode())
    assert found(sources(tmp_path), source("file", "secret")) == text


@pytest.mark.parametrize(
    "path", ["../outside", "sub/../../outside", "/etc/hostname", "link", "folder/outside", ".git/config"]
)
def test_a_file_outside_the_repository_is_never_a_source(tmp_path: Path, path: str) -> None:
    (tmp_path / "outside").write_text("x")
    root = tmp_path / "root"
    (root / ".git").mkdir(parents=True)
    (root / ".git" / "config").write_text("x")
    (root / "link").symlink_to("../outside")
    (root / "folder").symlink_to("..")
    assert refused(sources(root), source("file", path)) == "secret-forbidden"
    assert sources(root).for_plan(source("file", path), ANNA) is None


def test_a_folder_that_becomes_a_link_after_it_was_looked_at_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "x").write_text("outside")
    root = tmp_path / "root"
    root.mkdir()
    looked_at = root / "folder" / "x"
    (root / "folder").symlink_to("../elsewhere")
    assert looked_at.read_text() == "outside"
    with pytest.raises(ManifestError) as caught:
        read_inside(root, looked_at, "folder/x")
    assert ids(caught.value.diagnostics) == ["file-unreadable"]


def test_a_link_inside_the_repository_may_be_followed(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("x")
    (tmp_path / "link").symlink_to("real")
    assert found(sources(tmp_path), source("file", "link")) == "x"


def test_a_file_that_cannot_be_a_secret_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    os.mkfifo(tmp_path / "pipe")
    ids_by_name = {name: refused(sources(tmp_path), source("file", name)) for name in ("none", "folder", "empty")}
    assert ids_by_name == {"none": "secret-missing", "folder": "secret-unreadable", "empty": "secret-empty"}
    assert refused(sources(tmp_path), source("file", "binary")) == "secret-unreadable"
    assert refused(sources(tmp_path), source("file", "pipe")) == "secret-unreadable"


def test_a_commands_output_is_the_secret(tmp_path: Path) -> None:
    programs = Programs(vault=lambda _: Ran(0, b"s3cret\n"))
    assert found(sources(tmp_path, run=programs), source("command", "vault", "read", "a; b")) == "s3cret"
    assert programs.asked == [(("vault", "read", "a; b"), b"")]


def slow(_given: bytes) -> Ran:
    raise TimeoutError


@pytest.mark.parametrize("program", [lambda _: Ran(3, b"half a secret"), slow, None])
def test_a_command_that_fails_is_told_without_what_it_said(tmp_path: Path, program: Any) -> None:
    programs = Programs(vault=program) if program else Programs()
    secrets = sources(tmp_path, run=programs)
    (finding,) = told(lambda: secrets.prepare([Wanted(source("command", "vault"), ANNA, HERE)]))
    assert finding.id == "secret-command-failed"
    assert "half" not in repr(finding)


def test_no_command_runs_where_none_may(tmp_path: Path) -> None:
    assert refused(sources(tmp_path), source("command", "vault")) == "secret-forbidden"


def test_planning_runs_nothing_and_makes_nothing(tmp_path: Path) -> None:
    programs = Programs(vault=lambda _: Ran(0, b"x"))
    secrets = sources(tmp_path, run=programs, environment={"X": "s3cret"})
    (tmp_path / "hashes.yaml").write_text("anna@acme.example: '{BLF-CRYPT}x'\n")
    looked_at = {
        kind: secrets.for_plan(source(kind, argument), ANNA)
        for kind, argument in (
            ("command", "vault"),
            ("generate", ""),
            ("hash", "{BLF-CRYPT}x"),
            ("hash_table", "hashes.yaml"),
        )
    }
    assert set(looked_at.values()) == {None}
    assert programs.asked == []
    shown = secrets.for_plan(source("env", "X"), ANNA)
    assert shown is not None
    assert shown.reveal() == "s3cret"


def test_a_hash_is_sent_as_it_is(tmp_path: Path) -> None:
    assert found(sources(tmp_path), source("hash", "{BLF-CRYPT}$2y$05$x")) == "{BLF-CRYPT}$2y$05$x"


TABLES = {
    "hashes.yaml": "anna@acme.example: '{BLF-CRYPT}a'\nBen@acme.example: '{SSHA256}b'\n",
    "hashes.json": '{"anna@acme.example": "{BLF-CRYPT}a", "Ben@acme.example": "{SSHA256}b"}',
    "hashes.csv": "address,hash\nanna@acme.example,{BLF-CRYPT}a\n\nBen@acme.example,{SSHA256}b\n",
}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_has_a_hash_for_each_address(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(TABLES[name])
    secrets = sources(tmp_path)
    assert found(secrets, source("hash_table", name), ANNA) == "{BLF-CRYPT}a"
    assert found(secrets, source("hash_table", name), BEN) == "{SSHA256}b"
    assert refused(secrets, source("hash_table", name), Address("mailbox", "dora@acme.example")) == "secret-missing"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("hashes.csv", "anna@acme.example,{BLF-CRYPT}a\nanna@acme.example,{BLF-CRYPT}b\n"),
        ("hashes.yaml", "anna@acme.example: '{BLF-CRYPT}a'\nAnna@acme.example: '{BLF-CRYPT}b'\n"),
        ("hashes.json", '{"anna@acme.example": "{BLF-CRYPT}a", "anna@acme.example": "{BLF-CRYPT}b"}'),
    ],
)
def test_a_table_with_two_hashes_for_one_address_is_refused(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    assert refused(sources(tmp_path), source("hash_table", name)) == "secret-unreadable"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("anna@acme.example: $2y$05$x", "hash-not-verbatim"),
        ("anna@acme.example: hunter2", "hash-not-verbatim"),
        ("anna@acme.example: '{PBKDF2-SHA512}x'", "hash-not-verbatim"),
        ("anna@acme.example: '{PLAIN}hunter2'", "secret-literal"),
        ("anna@acme.example: [x]", "secret-unreadable"),
        ("[]", "secret-unreadable"),
        ("a: {", "secret-unreadable"),
    ],
)
def test_a_table_that_would_lock_people_out_is_refused(tmp_path: Path, content: str, expected: str) -> None:
    (tmp_path / "hashes.yaml").write_text(content)
    assert refused(sources(tmp_path), source("hash_table", "hashes.yaml")) == expected


def test_a_generated_password_satisfies_every_policy(tmp_path: Path) -> None:
    text = found(sources(tmp_path), source("generate"))
    assert len(text) == 24
    for needed in (str.islower, str.isupper, str.isdigit, lambda each: not each.isalnum()):
        assert any(map(needed, text))


def test_everyone_gets_a_password_of_their_own_and_keeps_it_for_the_run(tmp_path: Path) -> None:
    secrets = sources(tmp_path)
    secrets.prepare([Wanted(source("generate"), each) for each in (ANNA, BEN)])
    assert not secrets.for_apply(source("generate"), ANNA).same_as(secrets.for_apply(source("generate"), BEN))
    assert found(secrets, source("generate"), ANNA) == secrets.for_apply(source("generate"), ANNA).reveal()


def test_a_generated_password_is_delivered_on_standard_input(tmp_path: Path) -> None:
    programs = Programs(age=lambda _: Ran(0, b""))
    wanted = source("generate", deliver=("age", "-o", "out/{key}.age"))
    text = found(sources(tmp_path, run=programs), wanted, Address("mailbox", "a/b@acme.example"))
    assert programs.asked == [(("age", "-o", "out/a_b@acme.example.age"), text.encode())]


def test_nothing_is_made_and_delivered_when_another_secret_is_missing(tmp_path: Path) -> None:
    programs = Programs(age=lambda _: Ran(0, b""))
    wanted = [Wanted(source("generate", deliver=("age",)), ANNA), Wanted(source("env", "X"), BEN)]
    assert ids(told(lambda: sources(tmp_path, run=programs).prepare(wanted))) == ["secret-missing"]
    assert programs.asked == []


def test_everything_missing_is_told_at_once_and_once_a_place(tmp_path: Path) -> None:
    wanted = [
        Wanted(source("env", name), ANNA, Origin("m.yaml", line))
        for name, line in (("X", 1), ("X", 1), ("X", 2), ("Y", 2))
    ]
    assert ids(told(lambda: sources(tmp_path).prepare(wanted))) == ["secret-missing"] * 3


def test_what_was_not_prepared_is_not_there_while_sending(tmp_path: Path) -> None:
    secrets = sources(tmp_path, environment={"X": "s3cret"})
    assert ids(told(lambda: secrets.for_apply(source("env", "X"), ANNA))) == ["secret-missing"]


def test_the_secrets_of_changes_are_found_wherever_they_stand() -> None:
    one, other = source("env", "ONE"), source("env", "OTHER")
    fields = (
        FieldChange("password", Absent.NOT_SET, one),
        FieldChange("pushover", Absent.NOT_SET, {"token": other, "text": "Hello"}),
        FieldChange("name", one, Absent.NOT_SET),
    )
    change = Change(Action.CREATE, ANNA, fields, origin=HERE)
    found = list(wanted_by(registry(), [change]))
    assert [(each.source, each.address, each.origin) for each in found] == [(one, ANNA, HERE), (other, ANNA, HERE)]


@pytest.mark.parametrize(
    ("kind", "field", "fits", "unfit"),
    [
        ("relayhost", "password", "x" * 255, "x" * 256),
        ("transport", "password", "\n " + "ä" * 255 + " ", "x" * 256),
        ("sync_job", "password", "ä" * 255, "x" * 256),
        ("mailbox", "password", "x" * 300, "{SHA512-CRYPT}" + "x" * 242),
        ("mailbox", "password", "Correct.Horse.7", "Correct.Horse.7\nuser: anna"),
        ("relayhost", "password", "s3cret\n", "s3cret\nuser: acme"),
        ("sync_job", "password", "s3cret", "s3cret\ruser: acme"),
        ("identity_provider", "client_secret", "a\nb", None),
        ("mailbox", "pushover", "a1" * 15, "a_" * 15),
        ("mailbox", "pushover", "a" * 30, "a" * 31),
        ("identity_provider", "client_secret", "x" * 300, None),
    ],
)
def test_a_secret_the_server_would_not_take_is_never_sent(
    tmp_path: Path, kind: str, field: str, fits: str, unfit: str | None
) -> None:
    wanted = source("env", "X")
    address = Address(kind, "anna@acme.example")
    value = {"token": wanted} if field == "pushover" else wanted
    change = Change(Action.CREATE, address, (FieldChange(field, Absent.NOT_SET, value),), origin=HERE)
    sources(tmp_path, environment={"X": fits}).prepare(wanted_by(registry(), [change]))
    if unfit is not None:
        bad = sources(tmp_path, environment={"X": unfit})
        (finding,) = told(lambda: bad.prepare(wanted_by(registry(), [change])))
        assert (finding.id, finding.origin) == ("secret-refused", HERE)
        assert unfit not in f"{finding.summary} {finding.hint}"
