import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from reconciler.manifest.files import LARGEST_FILE, Source, find
from tests.manifest.told import files, ids, told

Tree = Callable[..., Path]


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """Write files below a fresh project folder."""

    def write(*names: str) -> Path:
        for name in names:
            file = tmp_path / "project" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("{}\n", encoding="utf-8")
        return tmp_path / "project"

    return write


def _names(found: Iterable[Source]) -> list[str]:
    return [source.name for source in found]


def _findings(*arguments: str, **options: Any) -> list[tuple[str, str]]:
    return files(told(lambda: find(arguments, **options)))


def test_a_folder_means_every_manifest_in_it_and_below_by_name(tree: Tree) -> None:
    start = tree("b.yml", "a.yaml", "x/c.yaml.j2", "x/y/d.yaml", "note.txt", "x/e.json", "f.yaml.bak")
    assert _names(find(["."], start=start)) == ["a.yaml", "b.yml", "x/c.yaml.j2", "x/y/d.yaml"]


def test_an_ending_in_capitals_is_one_too(tree: Tree) -> None:
    start = tree("a.YAML", "b.Yml", "c.yaml.J2", "reconciler.yaml")
    found = find(["."], start=start)
    assert [(each.name, each.is_template) for each in found] == [
        ("a.YAML", False),
        ("b.Yml", False),
        ("c.yaml.J2", True),
    ]


def test_names_are_relative_to_where_the_run_started(tree: Tree) -> None:
    start = tree("mail/a.yaml", "other/b.yaml")
    assert _names(find(["mail"], start=start)) == ["mail/a.yaml"]
    assert _names(find(["a.yaml", "../other"], start=start / "mail", project=start)) == ["../other/b.yaml", "a.yaml"]
    assert _names(find([str(start / "mail")], start=start)) == ["mail/a.yaml"]


def test_hidden_files_the_project_file_and_values_are_no_manifests(tree: Tree) -> None:
    start = tree(
        *("a.yaml", ".hidden.yaml", ".github/ci.yaml", "reconciler.yaml", "values.yaml", "values-prod.yaml"),
        "reconciler-policy.yaml",
        *("values/staging.yaml", "x/reconciler.yaml", "_defaults.yaml", "given.yaml"),
    )
    assert _names(find(["."], start=start, exclude=[Path("given.yaml")])) == ["a.yaml"]


def test_each_file_is_read_once_however_often_it_is_meant(tree: Tree) -> None:
    start = tree("x/a.yaml", "x/b.yaml")
    assert _names(find(["x", "x/a.yaml", ".", "x"], start=start)) == ["x/a.yaml", "x/b.yaml"]


def test_a_file_knows_the_defaults_of_its_folders_the_outermost_first(tree: Tree) -> None:
    start = tree("_defaults.yaml", "a.yaml", "x/_defaults.yaml.j2", "x/y/b.yaml", "z/c.yaml")
    found = {source.name: _names(source.defaults) for source in find(["."], start=start)}
    assert found == {
        "a.yaml": ["_defaults.yaml"],
        "x/y/b.yaml": ["_defaults.yaml", "x/_defaults.yaml.j2"],
        "z/c.yaml": ["_defaults.yaml"],
    }


@pytest.mark.parametrize("argument", ["x/y/b.yaml", "x/y", "x", "."])
def test_a_file_means_the_same_alone_and_in_its_tree(tree: Tree, argument: str) -> None:
    start = tree("_defaults.yaml", "x/_defaults.yaml", "x/y/b.yaml")
    (source,) = find([argument], start=start, project=start)
    assert _names(source.defaults) == ["_defaults.yaml", "x/_defaults.yaml"]


def test_a_path_that_matches_no_manifest_is_an_error(tree: Tree) -> None:
    start = tree("note.txt", "empty/note.txt", "a.yaml", "reconciler.yaml")
    assert _findings("missing.yaml", "note.txt", "empty", "reconciler.yaml", "a.yaml", start=start) == [
        ("path-without-manifests", "empty"),
        ("path-not-found", "missing.yaml"),
        ("path-not-a-manifest", "note.txt"),
        ("path-not-a-manifest", "reconciler.yaml"),
    ]


def test_standard_input_is_a_manifest(tree: Tree) -> None:
    start = tree("a.yaml")
    first, second = find(["a.yaml", "-"], start=start, stdin=lambda: b"domains: []\n")
    assert (first.name, first.read()) == ("<stdin>", b"domains: []\n")
    assert second.name == "a.yaml"


@pytest.mark.parametrize("project", [True, False])
def test_links_inside_are_followed_and_links_out_are_refused(tree: Tree, tmp_path: Path, project: bool) -> None:
    start = tree("real/a.yaml", "real/sub/b.yaml")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.yaml").write_text("a: 1\n", encoding="utf-8")
    (start / "inside.yaml").symlink_to("real/a.yaml")
    (start / "folder").symlink_to("real/sub")
    options: Any = {"project": start} if project else {}
    assert _names(find(["."], start=start, **options)) == ["folder/b.yaml", "inside.yaml"]
    (start / "passwd.yaml").symlink_to(outside / "secret.yaml")
    (start / "out").symlink_to(outside)
    (start / "_defaults.yaml").symlink_to(outside / "secret.yaml")
    (start / "note.txt").symlink_to(outside / "secret.yaml")
    assert _findings(".", start=start, **options) == [
        *(("path-outside", name) for name in ("_defaults.yaml", "out", "passwd.yaml")),
    ]


def test_an_argument_in_the_project_cannot_lead_out_of_it(tree: Tree, tmp_path: Path) -> None:
    start = tree("a.yaml")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "b.yaml").write_text("{}\n", encoding="utf-8")
    (start / "mail").symlink_to(outside)
    assert _findings("mail", start=start, project=start) == [("path-outside", "mail")]
    assert _findings("mail/b.yaml", start=start, project=start) == [("path-outside", "mail/b.yaml")]
    assert _names(find([str(outside)], start=start, project=start)) == [str(outside / "b.yaml")]


def test_folders_that_hold_themselves_end(tree: Tree) -> None:
    start = tree("x/a.yaml")
    (start / "x" / "again").symlink_to("..")
    assert _names(find(["."], start=start)) == ["x/a.yaml"]


def test_a_broken_link_is_an_error(tree: Tree) -> None:
    start = tree("a.yaml")
    (start / "b.yaml").symlink_to("nowhere.yaml")
    assert _findings(".", start=start) == [("file-not-regular", "b.yaml")]


def test_what_is_no_regular_file_is_refused_without_waiting_for_it(tree: Tree) -> None:
    start = tree("a.yaml")
    os.mkfifo(start / "pipe.yaml")
    assert _findings(".", start=start) == [("file-not-regular", "pipe.yaml")]
    assert ids(told(Source("pipe.yaml", start / "pipe.yaml").read)) == ["file-not-regular"]


def test_a_file_that_cannot_be_read_says_why(tree: Tree) -> None:
    start = tree("a.yaml")
    (source,) = find(["."], start=start)
    (start / "a.yaml").unlink()
    (found,) = told(source.read)
    assert files([found]) == [("file-unreadable", "a.yaml")]
    assert "No such file" in found.summary


def test_absurd_sizes_and_numbers_are_refused(tree: Tree) -> None:
    start = tree("a.yaml", "b.yaml")
    os.truncate(start / "a.yaml", LARGEST_FILE + 1)
    first, second = find(["."], start=start, most=2)
    assert ids(told(first.read)) == ["file-too-large"]
    assert second.read() == b"{}\n"
    assert ids(told(lambda: find(["."], start=start, most=1))) == ["too-many-files"]
