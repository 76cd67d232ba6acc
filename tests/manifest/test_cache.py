import os
import stat
from pathlib import Path
from typing import Any

import pytest

from reconciler.manifest.cache import SMALLEST_TEXT, ParseCache
from reconciler.manifest.files import find
from reconciler.manifest.reading import read

pytest.importorskip("msgspec")

VALUE: dict[str, Any] = {"a": [1, 1.5, "ü", True, None, {"b": []}], "c": float("inf")}


def _text(mark: str) -> bytes:
    return f"a: {mark}\n".encode() + b"#" * SMALLEST_TEXT


def _remember(folder: Path, *marks: str, **options: Any) -> None:
    cache = ParseCache(folder, **options)
    for mark in marks:
        cache.note(_text(mark), VALUE)
    cache.save()


def test_what_was_learned_is_known_in_the_next_run(tmp_path: Path) -> None:
    _remember(tmp_path / "cache", "x")
    cache = ParseCache(tmp_path / "cache")
    assert cache.recall(_text("x")) == VALUE
    assert cache.recall(_text("y")) is None


def test_nothing_is_written_before_it_is_accepted(tmp_path: Path) -> None:
    cache = ParseCache(tmp_path / "cache")
    cache.note(_text("x"), VALUE)
    assert not list(tmp_path.iterdir())
    cache.save()
    assert len(list((tmp_path / "cache").iterdir())) == 1


@pytest.mark.parametrize(
    "secret", ["password: {hash: '{BLF-CRYPT}x'}", '{"hash": "x"}', "\n  hash:\n", "hash : x"], ids=range(4)
)
def test_a_text_with_a_hash_is_never_remembered(tmp_path: Path, secret: str) -> None:
    cache = ParseCache(tmp_path)
    cache.note(_text("x") + b"\n" + secret.encode(), VALUE)
    cache.save()
    assert not list(tmp_path.iterdir())


def test_a_hash_table_is_no_hash(tmp_path: Path) -> None:
    cache = ParseCache(tmp_path)
    cache.note(_text("x") + b"\npassword: {hash_table: t, rehash: 1}\n", VALUE)
    cache.save()
    assert len(list(tmp_path.iterdir())) == 1


def test_a_small_text_is_parsed_sooner_than_remembered(tmp_path: Path) -> None:
    cache = ParseCache(tmp_path)
    cache.note(b"a: 1\n", VALUE)
    cache.save()
    assert not list(tmp_path.iterdir())


def test_entries_belong_to_this_user_alone(tmp_path: Path) -> None:
    _remember(tmp_path / "cache", "x")
    (entry,) = (tmp_path / "cache").iterdir()
    assert stat.S_IMODE(entry.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "cache").stat().st_mode) == 0o700
    entry.chmod(0o644)
    assert ParseCache(tmp_path / "cache").recall(_text("x")) is None


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    _remember(tmp_path, "x")
    (entry,) = tmp_path.iterdir()
    entry.rename(tmp_path / "elsewhere")
    entry.symlink_to(tmp_path / "elsewhere")
    assert ParseCache(tmp_path).recall(_text("x")) is None


@pytest.mark.parametrize("damage", [b"", b"\x00" * 80, None], ids=["empty", "zeros", "one bit"])
def test_a_damaged_entry_is_as_good_as_none_and_is_mended(tmp_path: Path, damage: bytes | None) -> None:
    _remember(tmp_path, "x")
    (entry,) = tmp_path.iterdir()
    whole = entry.read_bytes()
    entry.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]) if damage is None else damage)
    assert ParseCache(tmp_path).recall(_text("x")) is None
    _remember(tmp_path, "x")
    assert ParseCache(tmp_path).recall(_text("x")) == VALUE


def test_every_truncation_is_noticed(tmp_path: Path) -> None:
    _remember(tmp_path, "x")
    (entry,) = tmp_path.iterdir()
    whole = entry.read_bytes()
    for length in range(len(whole)):
        entry.write_bytes(whole[:length])
        assert ParseCache(tmp_path).recall(_text("x")) is None


def test_a_value_that_cannot_be_packed_is_parsed_again(tmp_path: Path) -> None:
    cache = ParseCache(tmp_path)
    cache.note(_text("x"), {"a": 10**30})
    cache.note(_text("y"), VALUE)
    cache.save()
    assert ParseCache(tmp_path).recall(_text("x")) is None
    assert ParseCache(tmp_path).recall(_text("y")) == VALUE


def test_what_this_run_did_not_use_goes_first_the_oldest_before_the_others(tmp_path: Path) -> None:
    for age, mark in enumerate("abc"):
        before = set(tmp_path.iterdir())
        _remember(tmp_path, mark)
        (entry,) = set(tmp_path.iterdir()) - before
        os.utime(entry, (age, age))
        size = entry.stat().st_size
    cache = ParseCache(tmp_path, largest=3 * size)
    assert cache.recall(_text("a")) == VALUE
    cache.note(_text("d"), VALUE)
    cache.save()
    later = ParseCache(tmp_path)
    assert [mark for mark in "abcd" if later.recall(_text(mark)) is not None] == ["a", "c", "d"]


def test_a_file_where_the_folder_should_be_costs_nothing_but_time(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("", encoding="utf-8")
    _remember(tmp_path / "cache", "x")
    assert ParseCache(tmp_path / "cache").recall(_text("x")) is None


def test_a_tree_read_from_memory_is_the_tree(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    for number in range(3):
        entries = "".join(f"  - {{address: user{each}@a{number}.example, quota: 5GiB}}\n" for each in range(200))
        (tree / f"a{number}.yaml").write_text(f"mailboxes:\n{entries}", encoding="utf-8")
    sources = find(["."], start=tree)
    cold = ParseCache(tmp_path / "cache")
    first = read(sources, values={}, memory=cold)
    cold.save()
    warm = read(sources, values={}, memory=ParseCache(tmp_path / "cache"))
    assert len(list((tmp_path / "cache").iterdir())) == 3
    assert [each.document.value for each in warm.manifests] == [each.document.value for each in first.manifests]
    assert warm.manifests[2].document.locate(("mailboxes", 7, "quota")) == (9, 40)
