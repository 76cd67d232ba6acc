"""What a revision declares is the same whether or not what today's manifests hold is known."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import ManifestError
from reconciler.history.asked import Asked
from reconciler.history.checkout import checkout_of
from reconciler.history.git import GitAnswer, Repository
from reconciler.history.tree import declared_at
from reconciler.kinds import registry
from reconciler.manifest.build import build
from reconciler.manifest.contents import Contents
from reconciler.manifest.files import find
from reconciler.manifest.reading import FILES_IN_A_PORTION, read
from reconciler.manifest.values import Assignment, read_values
from reconciler.model.resource import Value
from reconciler.model.state import DesiredState
from tests.repository import Made, made


class Notes:
    """A memory in memory."""

    def __init__(self) -> None:
        self.learned: dict[bytes, Contents] = {}

    def recall(self, key: bytes) -> Contents | None:
        return self.learned.get(key)

    def note(self, key: bytes, contents: Contents) -> None:
        self.learned[key] = contents

    def save(self) -> None:
        """Everything is kept."""


@pytest.fixture
def repository(tmp_path: Path) -> Made:
    return made(tmp_path / "repository")


def _alias(name: str, to: str = "x@y.example") -> str:
    return f"aliases:\n  - address: {name}@acme.example\n    to: [{to}]\n"


def _read(
    repository: Made, old: str, *, ending: str = "acme", wrong: bool = False, notes: Notes | None = None
) -> tuple[DesiredState, DesiredState, int]:
    """What a revision declares, read plainly and with what is known of today; and how many files git gave for it."""
    folder = repository.folder
    given: list[int] = []

    def run(command: Sequence[str], *, folder: Path, given_: list[int] = given, **more: Any) -> GitAnswer:
        if "cat-file" in command:
            given_.append(len(more["given"].split()))
        return repository.opened.run(command, folder=folder, **more)

    opened = Repository(repository.opened.root, run)
    sources = find(["mail"], start=folder, project=folder)
    notes = notes or Notes()
    values = read_values([], [Assignment.read(f"ending={ending}")])
    reading = read(sources, values=values, memory=notes)
    build(reading.manifests, registry(), learn=notes.note)
    every = [each for source in sources for each in (*source.defaults, source)]
    today = checkout_of(opened, every, start=folder, folders=[folder / "mail"], digests=reading.digests)
    words = Asked(start=folder, paths=("mail",), settings=("ending=acme",))
    plainly = declared_at(opened, old, words) if not wrong else DesiredState({})
    given.clear()
    known = declared_at(opened, old, words, notes, today)
    return plainly, known, sum(given)


def _said(state: DesiredState) -> Mapping[str, Mapping[str, Value]]:
    return {str(each.address): {**each.values, "file": each.place.file} for each in state}


def test_only_the_portion_in_which_something_changed_is_got_from_git(repository: Made) -> None:
    count = 4 * FILES_IN_A_PORTION
    files: dict[str, str | None] = {f"mail/{number:03}.yaml": _alias(f"a{number}") for number in range(count)}
    old = repository.commit(files)
    repository.commit({"mail/007.yaml": _alias("other")})
    plainly, known, given = _read(repository, old)
    assert _said(known) == _said(plainly)
    assert len(known) == count
    assert 0 < given < count / 2


def test_where_only_defaults_changed_nothing_but_these_is_got_from_git_once_it_is_remembered(repository: Made) -> None:
    files: dict[str, str | None] = {f"mail/{number:03}.yaml": _alias(f"a{number}") for number in range(9)}
    old = repository.commit({"mail/_defaults.yaml": "defaults: {aliases: {comment: old}}\n", **files})
    repository.commit({"mail/_defaults.yaml": "defaults: {aliases: {comment: new}}\n"})
    notes = Notes()
    first = _read(repository, old, notes=notes)
    again = _read(repository, old, notes=notes)
    assert [_said(state) for state in (*first[:2], *again[:2])] == [_said(first[0])] * 4
    assert {each.values["comment"] for each in again[1]} == {"old"}
    assert (first[2], again[2]) == (10, 1)


def test_of_the_same_content_nothing_is_got_from_git(repository: Made) -> None:
    old = repository.commit({"mail/a.yaml": _alias("a"), "mail/in/b.yaml": _alias("b"), "README": "one"})
    repository.commit({"README": "two"})
    plainly, known, given = _read(repository, old)
    assert _said(known) == _said(plainly)
    assert (len(known), given) == (2, 0)


CHANGES: dict[str, tuple[dict[str, str | None], dict[str, str | None]]] = {
    "a file that was called otherwise": (
        {"mail/a.yaml": _alias("a"), "mail/b.yaml": _alias("b")},
        {"mail/a.yaml": None, "mail/c.yaml": _alias("a")},
    ),
    "two files that changed places": (
        {"mail/a.yaml": _alias("a"), "mail/b.yaml": _alias("b")},
        {"mail/a.yaml": _alias("b"), "mail/b.yaml": _alias("a")},
    ),
    "defaults of the folder that were others": (
        {
            "mail/_defaults.yaml": "defaults: {aliases: {to: [old@y.example]}}\n",
            "mail/a.yaml": "aliases: [{address: a@acme.example}]\n",
        },
        {"mail/_defaults.yaml": "defaults: {aliases: {to: [new@y.example]}}\n"},
    ),
    "defaults of the folder that were not there": (
        {"mail/a.yaml": _alias("a")},
        {"mail/_defaults.yaml": "defaults: {aliases: {comment: new}}\n"},
    ),
    "defaults of the folder that are gone": (
        {"mail/_defaults.yaml": "defaults: {aliases: {comment: old}}\n", "mail/a.yaml": _alias("a")},
        {"mail/_defaults.yaml": None},
    ),
    "a template": ({"mail/a.yaml.j2": _alias("{{ ending }}"), "mail/b.yaml": _alias("b")}, {"other": "x"}),
    "a file that is changed and not committed": ({"mail/a.yaml": _alias("a")}, {}),
    "line ends that are changed on the way": (
        {".gitattributes": "*.yaml text eol=crlf\n", "mail/a.yaml": _alias("a")},
        {"other": "x"},
    ),
}


@pytest.mark.parametrize(("before", "after"), CHANGES.values(), ids=CHANGES)
def test_it_declares_what_it_declared_whatever_changed_since(
    repository: Made, before: dict[str, str | None], after: dict[str, str | None]
) -> None:
    old = repository.commit(before)
    repository.commit(after)
    repository.git("checkout", "--quiet", "--force", "HEAD")
    if not after:
        repository.write({"mail/a.yaml": _alias("dirty")})
    plainly, known, _ = _read(repository, old, ending="today")
    assert _said(known) == _said(plainly)
    assert len(known) > 0


def test_a_link_that_led_elsewhere_declares_what_it_led_to(repository: Made) -> None:
    repository.write({"mail/.kept/one.yaml": _alias("one"), "mail/.kept/two.yaml": _alias("two")})
    link = repository.folder / "mail" / "a.yaml"
    link.symlink_to(".kept/one.yaml")
    old = repository.commit({})
    link.unlink()
    link.symlink_to(".kept/two.yaml")
    repository.commit({})
    plainly, known, _ = _read(repository, old)
    assert _said(known) == _said(plainly)
    assert [each.address.key for each in known] == ["one@acme.example"]


def test_what_is_wrong_there_is_told_with_its_place_in_that_revision(repository: Made) -> None:
    old = repository.commit({"mail/a.yaml": _alias("a"), "mail/b.yaml": _alias("a")})
    repository.commit({"mail/b.yaml": _alias("b")})
    with pytest.raises(ManifestError) as caught:
        _read(repository, old, wrong=True)
    assert {str(each.origin) for each in caught.value.diagnostics} == {f"{old[:12]}:mail/b.yaml:2:14"}
