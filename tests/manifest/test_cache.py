import os
import stat
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import ManifestError
from reconciler.kinds import registry
from reconciler.manifest.build import build
from reconciler.manifest.cache import EarlierCache, ParseCache
from reconciler.manifest.contents import Contents
from reconciler.manifest.files import find
from reconciler.manifest.reading import read
from reconciler.manifest.text import Position
from reconciler.model.address import Address
from reconciler.model.resource import EntryOptions, Place
from reconciler.model.secret import SecretSource, SourceKind
from reconciler.model.state import DesiredState, Relocation, Removal
from reconciler.model.table import Sheet

pytest.importorskip("msgspec")


def _contents(value: object = "x", **options: Any) -> Contents:
    sheet = Sheet(("name", "value"))
    names = ["a", "b", "c"]
    sheet.append(
        names, [names, [value] * 3], [EntryOptions(**options)] * 3, file="f.yaml", place=("things",), indexes=[0, 1, 4]
    )
    return Contents({"thing": {sheet.names: sheet}})


def _cache(folder: Path, **options: Any) -> ParseCache:
    return ParseCache(folder, **{"owner": "project", "stamp": "1", **options})


def _remember(folder: Path, *keys: bytes, **options: Any) -> None:
    cache = _cache(folder, **options)
    for key in keys:
        cache.note(key.ljust(32), _contents())
    cache.save()


def _knows(folder: Path, key: bytes, **options: Any) -> bool:
    return _cache(folder, **options).recall(key.ljust(32)) is not None


def test_what_was_learned_is_known_in_the_next_run(tmp_path: Path) -> None:
    _remember(tmp_path / "cache", b"x")
    assert _cache(tmp_path / "cache").recall(b"x".ljust(32)) == _contents()
    assert not _knows(tmp_path / "cache", b"y")


def test_nothing_is_written_before_it_is_accepted(tmp_path: Path) -> None:
    cache = _cache(tmp_path / "cache")
    cache.note(b"x" * 32, _contents())
    assert not list(tmp_path.iterdir())
    cache.save()
    assert len(list((tmp_path / "cache").iterdir())) == 1


@pytest.mark.parametrize(
    "value",
    [
        1,
        1.5,
        True,
        None,
        "ü",
        ("a", "b"),
        ("a,b", ""),
        (),
        (1, True),
        {"a": ("b", 1)},
        float("inf"),
        pytest.param(frozenset("ab"), id="set"),
    ],
    ids=repr,
)
def test_any_value_comes_back_as_it_is(tmp_path: Path, value: object) -> None:
    cache = _cache(tmp_path)
    cache.note(b"x" * 32, _contents(value, initial={"some": value}))
    cache.save()
    known = _cache(tmp_path).recall(b"x" * 32)
    assert known is not None
    declared = known.sections["thing"]["name", "value"].declared("thing", 2)
    assert repr(declared.values["value"]) == repr(value)
    assert repr(declared.options.initial["some"]) == repr(value)
    assert declared.place == Place("f.yaml", ("things", 4))


def test_truths_and_numbers_in_one_column_are_told_apart(tmp_path: Path) -> None:
    contents = Contents({"thing": {("a",): Sheet(("a",))}})
    values = [1, True, 0, False, 1.0]
    contents.sections["thing"]["a",].append(
        list("vwxyz"), [values], [EntryOptions()] * 5, file="f", place=("p",), indexes=range(5)
    )
    cache = _cache(tmp_path)
    cache.note(b"x" * 32, contents)
    cache.save()
    known = _cache(tmp_path).recall(b"x" * 32)
    assert known is not None
    assert repr(known.sections["thing"]["a",].column("a")) == repr(values)


def test_removals_and_moves_come_back(tmp_path: Path) -> None:
    place = Place("f.yaml", ("removed", 0))
    removals = [Removal(Address("mailbox", "a@b.example"), place, "off", "2030-01-01")]
    moves = [Relocation(Address("alias", "a@b.example"), Address("alias", "c@b.example"), place, keep_alias=True)]
    cache = _cache(tmp_path)
    cache.note(b"x" * 32, Contents({}, removals, moves))
    cache.save()
    assert _cache(tmp_path).recall(b"x" * 32) == Contents({}, removals, moves)


@pytest.mark.parametrize("where", ["field", "initial"])
def test_the_hash_of_a_password_is_never_remembered(tmp_path: Path, where: str) -> None:
    secret = SecretSource(SourceKind.HASH, ("{BLF-CRYPT}CANARY",))
    cache = _cache(tmp_path)
    cache.note(b"x" * 32, _contents(secret) if where == "field" else _contents(initial={"password": secret}))
    cache.note(b"y" * 32, _contents(SecretSource(SourceKind.ENV, ("NAME",))))
    cache.save()
    (file,) = tmp_path.iterdir()
    assert b"CANARY" not in file.read_bytes()
    assert (_knows(tmp_path, b"x" * 32), _knows(tmp_path, b"y" * 32)) == (False, True)


def test_what_another_program_learned_means_nothing(tmp_path: Path) -> None:
    _remember(tmp_path, b"x")
    assert not _knows(tmp_path, b"x", stamp="2")


def test_the_file_belongs_to_this_user_alone(tmp_path: Path) -> None:
    _remember(tmp_path / "cache", b"x")
    (file,) = (tmp_path / "cache").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "cache").stat().st_mode) == 0o700
    file.chmod(0o644)
    assert not _knows(tmp_path / "cache", b"x")


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    _remember(tmp_path, b"x")
    (file,) = tmp_path.iterdir()
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")
    assert not _knows(tmp_path, b"x")


def test_a_changed_byte_anywhere_is_as_good_as_no_memory_and_is_mended(tmp_path: Path) -> None:
    _remember(tmp_path, b"x")
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    for place in range(len(whole)):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        known = _cache(tmp_path).recall(b"x".ljust(32))
        assert known is None or known == _contents(), place
    _remember(tmp_path, b"x")
    assert _knows(tmp_path, b"x")


def test_every_truncation_is_noticed(tmp_path: Path) -> None:
    _remember(tmp_path, b"x")
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        assert not _knows(tmp_path, b"x")


def test_what_cannot_be_packed_is_read_again_and_the_rest_is_remembered(tmp_path: Path) -> None:
    cache = _cache(tmp_path)
    cache.note(b"x" * 32, _contents(10**30))
    cache.note(b"y" * 32, _contents(object()))
    cache.note(b"z" * 32, _contents())
    cache.save()
    assert [_knows(tmp_path, each * 32) for each in (b"x", b"y", b"z")] == [False, False, True]


def test_what_this_run_did_not_use_is_forgotten_when_something_is_learned(tmp_path: Path) -> None:
    _remember(tmp_path, b"a", b"b")
    cache = _cache(tmp_path)
    assert cache.recall(b"a".ljust(32)) is not None
    cache.note(b"c".ljust(32), _contents())
    cache.save()
    assert [_knows(tmp_path, each) for each in (b"a", b"b", b"c")] == [True, False, True]


def test_of_other_projects_files_the_oldest_goes_first(tmp_path: Path) -> None:
    for age, owner in enumerate(("first", "second", "third")):
        before = set(tmp_path.iterdir())
        _remember(tmp_path, b"x", owner=owner)
        (file,) = set(tmp_path.iterdir()) - before
        os.utime(file, (age, age))
        size = file.stat().st_size
    _remember(tmp_path, b"x", owner="fourth", largest=3 * size)
    found = [_knows(tmp_path, b"x", owner=owner) for owner in ("first", "second", "third", "fourth")]
    assert found == [False, True, True, True]


def test_a_file_where_the_folder_should_be_costs_nothing_but_time(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("", encoding="utf-8")
    _remember(tmp_path / "cache", b"x")
    assert not _knows(tmp_path / "cache", b"x")


ENTRIES = "".join(f"  - {{address: user{each}, quota: 5GiB, name: User {each}}}\n" for each in range(20))


def _tree(folder: Path, files: int) -> None:
    folder.mkdir()
    (folder / "_defaults.yaml").write_text("defaults:\n  mailboxes: {initial: {password: {generate: true}}}\n")
    for number in range(files):
        (folder / f"a{number}.yaml").write_text(f"domain: a{number}.example\nmailboxes:\n{ENTRIES}", encoding="utf-8")


def _desired(folder: Path, cache: ParseCache) -> tuple[DesiredState, int]:
    """The desired state of a tree, and how many of its files had to be read."""
    reading = read(find(["."], start=folder), values={}, memory=cache)
    unknown = sum(each.portion is None or each.portion.contents is None for each in reading.manifests)
    desired = build(reading.manifests, registry(), earlier=reading.findings, learn=cache.note)
    cache.save()
    return desired, unknown


def _as_told(desired: DesiredState) -> dict[Address, object]:
    return {each.address: each for each in desired}


def test_a_tree_from_memory_is_the_tree_and_a_changed_file_is_read_again_with_few_others(tmp_path: Path) -> None:
    _tree(tmp_path / "tree", 300)
    first, unknown = _desired(tmp_path / "tree", _cache(tmp_path / "cache"))
    assert (len(first), unknown) == (6000, 300)
    again, unknown = _desired(tmp_path / "tree", _cache(tmp_path / "cache"))
    assert (_as_told(again), unknown) == (_as_told(first), 0)

    (tmp_path / "tree" / "a7.yaml").write_text("mailboxes:\n  - {address: new@a.example}\n", encoding="utf-8")
    later, unknown = _desired(tmp_path / "tree", _cache(tmp_path / "cache"))
    assert len(later) == 5981
    assert 1 <= unknown <= 120
    assert _desired(tmp_path / "tree", _cache(tmp_path / "cache"))[1] == 0


def test_changed_defaults_change_what_is_remembered(tmp_path: Path) -> None:
    _tree(tmp_path / "tree", 1)
    _desired(tmp_path / "tree", _cache(tmp_path / "cache"))
    (tmp_path / "tree" / "_defaults.yaml").write_text("defaults:\n  mailboxes: {state: off}\n", encoding="utf-8")
    desired, _ = _desired(tmp_path / "tree", _cache(tmp_path / "cache"))
    assert {each.values["state"] for each in desired} == {"off"}


def test_wrong_manifests_are_told_again_in_the_next_run(tmp_path: Path) -> None:
    _tree(tmp_path / "tree", 2)
    (tmp_path / "tree" / "b.yaml").write_text("mailboxes:\n  - {address: user1@a0.example}\n", encoding="utf-8")
    told = []
    for _ in range(2):
        with pytest.raises(ManifestError) as failure:
            _desired(tmp_path / "tree", _cache(tmp_path / "cache"))
        told.append(failure.value.diagnostics)
    assert told[0] == told[1]
    assert [each.id for each in told[0]] == ["address-duplicate"]


def test_the_place_of_a_remembered_entry_is_found(tmp_path: Path) -> None:
    _tree(tmp_path / "tree", 1)
    _desired(tmp_path / "tree", _cache(tmp_path / "cache"))
    reading = read(find(["."], start=tmp_path / "tree"), values={}, memory=_cache(tmp_path / "cache"))
    (manifest,) = reading.manifests
    assert manifest.portion is not None
    assert manifest.portion.contents is not None
    assert manifest.document.locate(("mailboxes", 7, "quota")) == Position(10, 29)


def test_earlier_revisions_share_what_is_known_of_today_and_leave_it_alone(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    _remember(folder, b"shared")
    earlier = EarlierCache(_cache(folder, owner="earlier"), _cache(folder))
    assert earlier.recall(b"shared".ljust(32)) == _contents()
    assert earlier.recall(b"old".ljust(32)) is None
    earlier.note(b"old".ljust(32), _contents())
    earlier.save()
    assert EarlierCache(_cache(folder, owner="earlier"), _cache(folder)).recall(b"old".ljust(32)) == _contents()
    assert not _knows(folder, b"old")
    assert _knows(folder, b"shared")
