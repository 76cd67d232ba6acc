"""What happens to a repository in the course of time: folders, names, parts, values, and a first day."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.grounds import Grounds, Welcome, changed, fresh, remembered, rows_of
from tests.acceptance.person import VERSIONS

APPLIED = "refs/reconciler/applied"
ATTEMPTED = "refs/reconciler/attempted"


def _aliases(*names: str) -> str:
    return "aliases:\n" + "".join(
        f"  - {{address: {name}@acme.example, to: [x@elsewhere.example]}}\n" for name in names
    )


@pytest.fixture
def grounds(welcome: Welcome, tmp_path: Path) -> Grounds:
    """A domain on a server, and two folders of manifests below another one, applied from the top."""
    found = fresh(welcome, tmp_path / "checkout")
    found.repository.commit({"infra/mail/a/a.yaml": _aliases("a1", "a2"), "infra/mail/b/b.yaml": _aliases("b1", "b2")})
    assert found.applies("infra/mail").code == 0
    return found


def test_an_apply_of_a_part_does_not_make_the_rest_be_forgotten(grounds: Grounds) -> None:
    repository = grounds.repository
    first = repository.ref(f"{APPLIED}/default")
    repository.commit({"infra/mail/a/a.yaml": _aliases("a1", "new"), "infra/mail/b/b.yaml": _aliases("b1")})
    part = grounds.applies("infra/mail/a")
    assert part.code == 0
    assert "this run does not read all of `infra/mail`, which was applied before" in part.out
    assert repository.ref(f"{APPLIED}/default") == first
    assert grounds.plans("infra/mail") == [("delete", "alias/b2@acme.example")]
    repository.commit({"infra/mail/a/a.yaml": _aliases("a1")})
    whole = [("delete", "alias/b2@acme.example"), ("delete", "alias/new@acme.example")]
    assert grounds.plans("infra/mail") == whole
    assert grounds.applies("infra/mail").code == 0
    assert repository.git("for-each-ref", "--format=%(refname)", "refs/reconciler") == f"{APPLIED}/default"


def test_a_part_that_was_applied_first_answers_for_nothing_else(welcome: Welcome, tmp_path: Path) -> None:
    """What stood beside it in the same commit, and was never applied, is not ours to delete."""
    grounds = fresh(welcome, tmp_path / "checkout")
    grounds.person.does("add/alias", {"address": "by-hand@acme.example", "goto": "x@elsewhere.example", "active": 1})
    grounds.repository.commit({"mail/a.yaml": _aliases("a1", "a2"), "mail/b.yaml": _aliases("by-hand")})
    assert grounds.applies("mail/a.yaml").code == 0
    grounds.repository.commit({"mail/a.yaml": _aliases("a1"), "mail/b.yaml": "aliases: []\n"})
    assert grounds.plans("mail") == [("delete", "alias/a2@acme.example")]
    assert grounds.applies("mail").code == 0
    assert grounds.plans("mail") == []


def test_the_same_commit_applied_as_a_whole_is_remembered_as_a_whole(welcome: Welcome, tmp_path: Path) -> None:
    grounds = fresh(welcome, tmp_path / "checkout")
    grounds.repository.commit({"mail/a.yaml": _aliases("a1"), "mail/b.yaml": _aliases("b1", "b2")})
    assert grounds.applies("mail/a.yaml").code == 0
    assert grounds.applies("mail").code == 0
    grounds.repository.commit({"mail/b.yaml": _aliases("b1")})
    assert grounds.plans("mail") == [("delete", "alias/b2@acme.example")]


def test_files_named_one_by_one_may_go_and_be_renamed(welcome: Welcome, tmp_path: Path) -> None:
    """As a shell's `mail/*.yaml` names them: one that is gone is not named any more."""
    grounds = fresh(welcome, tmp_path / "checkout")
    grounds.repository.commit(
        {"mail/a.yaml": _aliases("a1"), "mail/b.yaml": _aliases("b1"), "mail/c.yaml": _aliases("c1")}
    )
    assert grounds.applies("mail/a.yaml", "mail/b.yaml", "mail/c.yaml").code == 0
    head = grounds.repository.commit({"mail/b.yaml": None, "mail/c.yaml": None, "mail/d.yaml": _aliases("c1", "d1")})
    assert grounds.plans("mail/a.yaml", "mail/d.yaml") == [
        ("delete", "alias/b1@acme.example"),
        ("create", "alias/d1@acme.example"),
    ]
    assert grounds.applies("mail/a.yaml", "mail/d.yaml").code == 0
    assert grounds.repository.ref(f"{APPLIED}/default") == head


def test_where_a_run_starts_and_what_folders_are_called_makes_no_difference(grounds: Grounds) -> None:
    grounds.repository.git("mv", "infra/mail/b", "infra/mail/bee")
    head = grounds.repository.commit({})
    grounds.looks()
    top, grounds.person.folder = grounds.person.folder, grounds.person.folder / "infra"
    assert grounds.plans("mail") == []
    assert grounds.applies("./mail/").code == 0
    assert grounds.repository.ref(f"{APPLIED}/default") == head
    grounds.person.folder = top
    grounds.repository.git("mv", "infra", "ops")
    grounds.repository.commit({"ops/mail/a/a.yaml": _aliases("a1")})
    assert grounds.plans("ops/mail") == [("delete", "alias/a2@acme.example")]
    assert (grounds.changes, grounds.server.writes) == ({}, [])


def test_a_worktree_shares_what_is_remembered(grounds: Grounds) -> None:
    grounds.repository.commit({"infra/mail/a/a.yaml": _aliases("a1")})
    grounds.repository.git("worktree", "add", "--quiet", "--detach", "../other")
    grounds.person.folder = grounds.repository.folder.parent / "other"
    assert grounds.plans("infra/mail") == [("delete", "alias/a2@acme.example")]
    assert grounds.applies("infra/mail").code == 0
    assert grounds.repository.ref(f"{APPLIED}/default") == grounds.repository.git("rev-parse", "HEAD")


def test_a_file_that_is_removed_and_not_committed_is_applied_and_not_remembered(grounds: Grounds) -> None:
    """Also where the project file names the manifests."""
    grounds.repository.commit({"reconciler.yaml": "manifests: [infra/mail]\n"})
    assert grounds.applies().code == 0
    before = grounds.repository.ref(f"{APPLIED}/default")
    grounds.repository.commit({"README": "x"})
    grounds.repository.write({"infra/mail/b/b.yaml": None})
    applied = grounds.applies()
    assert "the work tree is not exactly a commit: infra/mail/b/b.yaml" in applied.out
    assert grounds.repository.ref(f"{APPLIED}/default") == before


def test_an_environment_that_gets_another_name_takes_its_memory_along_when_told(grounds: Grounds) -> None:
    project = "manifests: [infra/mail]\nenvironments: {old: {}, new: {}}\n"
    old = grounds.repository.commit({"reconciler.yaml": project})
    assert grounds.applies("--env", "old").code == 0
    head = grounds.repository.commit({"infra/mail/a/a.yaml": _aliases("a1")})
    told = grounds.person.types("plan", "--env", "new")
    assert f"remembered here: {APPLIED}/default, {APPLIED}/old" in told.out
    assert grounds.plans("--env", "new") == []
    moved = ("--env", "new", "--base", f"{APPLIED}/old")
    assert grounds.plans(*moved) == [("delete", "alias/a2@acme.example")]
    assert grounds.applies(*moved).code == 0
    assert (grounds.repository.ref(f"{APPLIED}/new"), grounds.repository.ref(f"{APPLIED}/old")) == (head, old)


def test_a_server_that_gets_another_name_is_told_what_to_do(grounds: Grounds) -> None:
    grounds.repository.commit({"infra/mail/a/a.yaml": _aliases("a1")})
    grounds.person.url = grounds.person.url.replace("127.0.0.1", "localhost")
    told = grounds.person.types("plan", "infra/mail")
    assert grounds.plans("infra/mail") == []
    (order, base) = (
        told.out.partition("another name: `git ")[2].partition("`")[0],
        told.out.partition("`--base ")[2].partition("`")[0],
    )
    grounds.repository.git(*order.split())
    assert grounds.plans("infra/mail", "--base", base) == [("delete", "alias/a2@acme.example")]
    assert grounds.applies("infra/mail", "--base", base).code == 0
    assert grounds.repository.ref(f"{APPLIED}/default") == grounds.repository.git("rev-parse", "HEAD")


def test_values_and_templates_of_the_base_are_those_of_its_revision(grounds: Grounds) -> None:
    template = (
        "aliases:\n{% for each in names %}\n  - {address: {{ each }}@acme.example, to: [{{ to }}]}\n{% endfor %}\n"
    )
    values = "names: [t1, t2]\nto: x@elsewhere.example\n"
    project = "manifests: [infra/mail]\nvalues: [values.yaml]\n"
    files: dict[str, str | None] = {"infra/mail/t.yaml.j2": template, "values.yaml": values, "reconciler.yaml": project}
    grounds.repository.commit(files)
    assert grounds.applies().code == 0
    grounds.repository.commit(
        {"values.yaml": values.replace("t1, t2", "t2, t3"), "infra/mail/b/b.yaml": _aliases("b2")}
    )
    assert grounds.plans() == [
        *(("delete", f"alias/{name}@acme.example") for name in ("b1", "t1")),
        ("create", "alias/t3@acme.example"),
    ]
    as_literals = _aliases("t2").replace("x@", "y@")
    grounds.repository.commit({"infra/mail/t.yaml.j2": None, "infra/mail/t.yaml": as_literals, "values.yaml": None})
    grounds.repository.commit({"reconciler.yaml": "manifests: [infra/mail]\n"})
    assert grounds.plans() == [
        *(("delete", f"alias/{name}@acme.example") for name in ("b1", "t1")),
        ("update", "alias/t2@acme.example"),
    ]


def test_a_merge_that_could_not_be_read_is_skipped_over(grounds: Grounds) -> None:
    before = grounds.repository.ref(f"{APPLIED}/default")
    grounds.repository.commit({"infra/mail/a/a.yaml": "aliases: [{address: }}\n"})
    grounds.looks()
    broken = grounds.applies("infra/mail")
    assert (broken.code, "infra/mail/a/a.yaml:1:" in broken.err) == (3, True)
    assert (grounds.server.requests, grounds.repository.ref(f"{APPLIED}/default")) == ([], before)
    grounds.repository.commit({"infra/mail/a/a.yaml": _aliases("a1")})
    assert grounds.plans("infra/mail") == [("delete", "alias/a2@acme.example")]


def test_a_base_that_cannot_be_read_any_more_is_left_behind_by_beginning_anew(grounds: Grounds) -> None:
    """Such as one that was written in an older form of the language."""
    broken = grounds.repository.commit({"infra/mail/b/b.yaml": "aliases: [17]\n"})
    grounds.repository.git("update-ref", f"{APPLIED}/default", broken)
    head = grounds.repository.commit({"infra/mail/b/b.yaml": _aliases("b1")})
    stopped = grounds.applies("infra/mail")
    assert (stopped.code, "`--base HEAD` begins anew" in stopped.err) == (3, True)
    assert grounds.applies("infra/mail", "--no-base").code == 0
    assert grounds.applies("infra/mail").code == stopped.code, "that was for once"
    grounds.looks()
    assert grounds.applies("infra/mail", "--base", "HEAD").code == 0
    assert (grounds.changes, grounds.server.writes) == ({}, [])
    assert grounds.repository.ref(f"{APPLIED}/default") == head
    assert grounds.plans("infra/mail") == []


def test_the_last_file_of_a_folder_that_goes_stops_the_run_and_an_empty_one_does_not(grounds: Grounds) -> None:
    grounds.repository.commit({"infra/mail/a/a.yaml": None, "infra/mail/b/b.yaml": None})
    grounds.looks()
    stopped = grounds.applies("infra/mail")
    assert (stopped.code, "path-without-manifests" in stopped.err) == (3, True)
    assert "keep a file that holds `{}`" in stopped.err
    grounds.repository.commit({"infra/mail/empty.yaml": "{}\n"})
    gone = [("delete", f"alias/{name}@acme.example") for name in ("a1", "a2", "b1", "b2")]
    assert grounds.plans("infra/mail") == gone
    assert (grounds.changes, grounds.server.writes) == ({}, [])


@pytest.mark.parametrize("version", VERSIONS)
def test_a_server_with_a_past_is_taken_over_and_then_an_alias_that_leaves_the_files_goes(
    welcome: Welcome, tmp_path: Path, version: str
) -> None:
    grounds = fresh(welcome, tmp_path / "checkout", version)
    grounds.settles()
    assert grounds.person.types("export", "--out", "mail").code == 0
    grounds.repository.commit({})
    grounds.looks()
    assert grounds.plans("mail") == []
    assert grounds.applies("mail").code == 0
    assert (grounds.changes, grounds.server.writes) == ({}, [])
    (file,) = (
        each for each in (grounds.repository.folder / "mail").rglob("*.yaml") if "crm@elsewhere" in each.read_text()
    )
    kept = [line for line in file.read_text().splitlines() if "crm@elsewhere" not in line]
    file.write_text("\n".join(kept))
    grounds.repository.commit({})
    assert grounds.plans("mail") == [("delete", "alias/info@bystander.example")]
    assert grounds.applies("mail").code == 0
    assert {row.split()[0] for row in rows_of(grounds.changes)} == {"alias/info@bystander.example"}
    assert grounds.plans("mail") == []


def test_a_manifest_moved_to_another_repository_is_let_go_of_by_a_word_and_untouched(
    grounds: Grounds, welcome: Welcome, tmp_path: Path
) -> None:
    taker = fresh(welcome, tmp_path / "taker", server=grounds.server)
    taker.person.url = grounds.person.url
    taker.repository.commit({"mail/taken.yaml": _aliases("b1", "b2")})
    forget = "removed:\n" + "".join(f"  - {{alias: {name}@acme.example, step: forget}}\n" for name in ("b1", "b2"))
    grounds.repository.commit({"infra/mail/b/b.yaml": forget})
    before = remembered(grounds.server)
    for _ in range(2):
        assert grounds.applies("infra/mail").code == taker.applies("mail").code == 0
    grounds.repository.commit({"infra/mail/b/b.yaml": None})
    assert grounds.applies("infra/mail").code == taker.applies("mail").code == 0
    assert changed(before, remembered(grounds.server)) == {}


def test_a_machine_without_git_deletes_nothing_for_being_no_longer_declared_and_says_so(grounds: Grounds) -> None:
    """Such as a small container image, in which a pipeline has a checkout that another one made."""
    grounds.repository.commit({"infra/mail/a/a.yaml": _aliases("a1")})
    grounds.looks()
    grounds.person.environ["PATH"] = "/nowhere"
    applied = grounds.applies("infra/mail")
    assert (applied.code, grounds.changes) == (0, {})
    assert "warning[git-failed]: git cannot read the repository: it cannot be run" in applied.out
    assert "hint: install git" in applied.out
