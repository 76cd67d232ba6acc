"""Pull requests and merges as a forge's pipelines see them: each in a clone of its own, by the lines people copy."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from reconciler.simulator.faults import Faults, parse
from tests.acceptance.grounds import Grounds, Welcome, changed, fresh, office, remembered, rows_of
from tests.acceptance.jobs import Pipeline
from tests.acceptance.person import EXAMPLES, KEY, READ_ONLY_KEY, VERSIONS, Ended
from tests.repository import Made, made

APPLIED = "refs/reconciler/applied/default"
INCOMPLETE, WRONG = 6, 3
PIPELINES = EXAMPLES / "pipelines"


class Forge:
    """A bare repository in front of a server, and runners that clone it."""

    def __init__(self, grounds: Grounds, folder: Path) -> None:
        self.grounds = grounds
        self.folder = folder
        self.origin = made(folder / "origin.git", bare=True)
        self._clones = count()
        grounds.repository.git("remote", "add", "origin", str(self.origin.folder))
        grounds.repository.git("push", "--quiet", "origin", "HEAD:main", "refs/reconciler/*:refs/reconciler/*")

    def merges(self, files: dict[str, str | None]) -> str:
        """Commit to the main branch, and push it."""
        head = self.grounds.repository.commit(files)
        self.grounds.repository.git("push", "--quiet", "--force", "origin", "HEAD:main")
        return head

    def clone(self, revision: str = "main", *, depth: int = 0) -> Made:
        """A runner's clone, with a detached head, and without what nobody fetched."""
        clone = made(self.folder / f"clone{next(self._clones)}")
        clone.git("remote", "add", "origin", f"file://{self.origin.folder}")
        refspec = (
            "+refs/heads/*:refs/remotes/origin/*" if revision == "main" else f"+{revision}:refs/remotes/{revision}"
        )
        clone.git("fetch", "--quiet", *([f"--depth={depth}"] if depth else []), "origin", refspec)
        clone.git(
            "checkout", "--quiet", "--detach", f"refs/remotes/{'origin/main' if revision == 'main' else revision}"
        )
        return clone

    def runs(self, clone: Made, *words: str, key: str = KEY) -> Ended:
        """Run a command in a clone, with the memory fetched before and pushed afterwards."""
        clone.git("fetch", "--quiet", "--prune", "origin", "+refs/reconciler/*:refs/reconciler/*")
        ended = replace(self.grounds.person, folder=clone.folder).types(*words, key=key)
        if key == KEY:
            clone.git("push", "--quiet", "--prune", "origin", "refs/reconciler/*:refs/reconciler/*")
        return ended

    def applies(self, clone: Made | None = None, *words: str) -> Ended:
        """Apply what a clone holds, or the main branch."""
        return self.runs(clone or self.clone(), "apply", "--auto-approve", "--skip-unsupported", *words)

    def plans(self, clone: Made | None = None, *words: str) -> list[tuple[str, str]]:
        """The changes that are planned in a clone."""
        ended = self.runs(
            clone or self.clone(), "plan", "--format=json", "--skip-unsupported", *words, key=READ_ONLY_KEY
        )
        assert ended.code == 0, ended.err
        return [(change["action"], change["address"]) for change in ended.document["changes"]]


def _aliases(*names: str) -> str:
    return "aliases:\n" + "".join(
        f"  - {{address: {name}@acme.example, to: [x@elsewhere.example]}}\n" for name in names
    )


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def forge(welcome: Welcome, tmp_path: Path, faults: Faults) -> Forge:
    grounds = fresh(welcome, tmp_path / "checkout", faults=faults)
    grounds.repository.commit({"reconciler.yaml": "manifests: [mail]\n", "mail/a.yaml": _aliases("first", "info")})
    assert grounds.applies().code == 0
    grounds.looks()
    return Forge(grounds, tmp_path)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_pull_request_shows_what_it_changes_and_its_merge_does_exactly_that(
    welcome: Welcome, tmp_path: Path, version: str
) -> None:
    """The office: a pull request is open while another one is merged and applied."""
    grounds = office(welcome, tmp_path / "office", version)
    forge = Forge(grounds, tmp_path)
    repository = grounds.repository
    people = (repository.folder / "people.yaml").read_text(encoding="utf-8")
    repository.git("branch", "feature")
    forge.merges({"people.yaml": people + "  - {address: jobs, to: [ben]}\n"})
    assert forge.applies().code == 0
    grounds.looks()

    repository.git("checkout", "--quiet", "feature")
    ours = people.replace("  - {address: office, to: [anna, emma], comment: Whoever is there first}\n", "")
    repository.commit({"people.yaml": ours.replace("name: Ben Brook", "name: Ben Beck")})
    repository.git("push", "--quiet", "origin", "HEAD:refs/heads/feature")
    repository.git("checkout", "--quiet", "--detach", "main")
    repository.git("merge", "--quiet", "--no-ff", "--message", "as the forge merges it", "feature")
    repository.git("push", "--quiet", "origin", "HEAD:refs/pull/7/merge")

    planned = [("update", "mailbox/ben@acme.example"), ("delete", "alias/office@acme.example")]
    assert forge.plans(forge.clone("refs/pull/7/merge")) == planned
    comment = forge.runs(
        forge.clone("refs/pull/7/merge"), "plan", "--format=markdown", "--skip-unsupported", key=READ_ONLY_KEY
    )
    assert "office@acme.example" in comment.out
    behind = forge.clone("refs/heads/feature")
    assert forge.plans(behind) == planned, "a branch that is behind deletes nothing of what came meanwhile"
    assert (grounds.changes, grounds.server.writes) == ({}, [])

    repository.git("checkout", "--quiet", "main")
    repository.git("merge", "--quiet", "--no-ff", "--message", "merged", "feature")
    head = forge.merges({})
    merged = forge.applies()
    assert merged.code == 0, merged.out + merged.err
    gone = {place for place in grounds.changes if place.startswith("alias/office@acme.example")}
    assert gone
    assert set(grounds.changes) - gone == {"mailbox/ben@acme.example: name", "mailbox/ben@acme.example: modified"}
    assert forge.origin.ref(APPLIED) == head
    assert forge.plans() == []


def test_a_failed_apply_and_two_more_merges_each_in_a_clone_of_its_own(forge: Forge, faults: Faults) -> None:
    before = forge.origin.ref(APPLIED)
    forge.merges({"mail/a.yaml": _aliases("info"), "mail/b.yaml": _aliases("half")})
    faults.faults = (parse("status=500:delete/alias"),)
    assert forge.applies().code == INCOMPLETE
    assert forge.origin.ref(APPLIED) == before
    faults.faults = ()
    forge.merges({"mail/b.yaml": None, "mail/c.yaml": _aliases("second")})
    head = forge.merges({"mail/d.yaml": _aliases("third")})
    planned = [
        *(("delete", f"alias/{name}@acme.example") for name in ("first", "half")),
        *(("create", f"alias/{name}@acme.example") for name in ("second", "third")),
    ]
    assert forge.plans() == planned
    assert forge.applies().code == 0
    rows = {row for row in rows_of(forge.grounds.changes) if not row.startswith("setting")}
    assert rows == {f"alias/{name}@acme.example" for name in ("first", "second", "third")}
    assert (
        forge.origin.git("for-each-ref", "--format=%(objectname:short) %(refname)", "refs/reconciler").count("\n") == 0
    )
    assert forge.origin.ref(APPLIED) == head
    assert forge.plans() == []


def test_a_merge_that_is_reverted_after_a_failed_apply_leaves_nothing(forge: Forge, faults: Faults) -> None:
    relayhosts = 'relayhosts: [{host: "smtp.example:587", username: a, password: {env: SMTP_ACME}}]\n'
    forge.merges({"mail/b.yaml": _aliases("half"), "mail/r.yaml": relayhosts})
    faults.faults = (parse("status=500:add/relayhost"),)
    assert forge.applies().code == INCOMPLETE
    faults.faults = ()
    forge.grounds.repository.git("revert", "--no-edit", "HEAD")
    forge.merges({})
    assert forge.plans() == [("delete", "alias/half@acme.example")]
    assert forge.applies().code == 0
    assert rows_of(forge.grounds.changes) == set()


def test_a_clone_without_the_memory_deletes_nothing_says_how_to_get_it_and_cannot_overwrite_it(forge: Forge) -> None:
    forge.merges({"mail/a.yaml": _aliases("info")})
    for depth in (1, 0):
        clone = forge.clone(depth=depth)
        person = replace(forge.grounds.person, folder=clone.folder)
        applied = person.types("apply", "--auto-approve")
        assert (applied.code, forge.grounds.changes) == (0, {})
        assert "git fetch origin 'refs/reconciler/*:refs/reconciler/*'" in applied.out
        with pytest.raises(subprocess.CalledProcessError, match=r"(?s)push"):
            clone.git("push", "--prune", "origin", "refs/reconciler/*:refs/reconciler/*")
    assert forge.plans() == [("delete", "alias/first@acme.example")]


def test_a_shallow_clone_with_the_memory_is_told_what_it_lacks(forge: Forge) -> None:
    forge.merges({"mail/a.yaml": _aliases("info")})
    clone = forge.clone(depth=1)
    forge.grounds.looks()
    stopped = forge.applies(clone)
    assert (stopped.code, "fetch-depth: 0" in stopped.err) == (WRONG, True)
    assert forge.grounds.server.writes == []
    clone.git("fetch", "--quiet", "--unshallow")
    assert forge.plans(clone) == [("delete", "alias/first@acme.example")]


def test_an_old_pipeline_that_is_run_again_is_undone_by_the_next_merge(forge: Forge) -> None:
    """It brings back what a later merge removed; nobody else would know whose that is."""
    old = forge.clone()
    forge.merges({"mail/a.yaml": _aliases("info"), "mail/b.yaml": _aliases("new")})
    assert forge.applies().code == 0
    forge.grounds.looks()
    again = forge.applies(old)
    assert (again.code, "base-diverged" in again.out) == (0, True)
    assert set(rows_of(forge.grounds.changes)) == {"alias/first@acme.example"}
    assert forge.plans() == [("delete", "alias/first@acme.example")]
    head = forge.merges({"mail/c.yaml": _aliases("third")})
    assert forge.applies().code == 0
    assert rows_of(forge.grounds.changes) == {"alias/third@acme.example"}
    assert forge.origin.git("for-each-ref", "--format=%(refname)", "refs/reconciler") == APPLIED
    assert forge.origin.ref(APPLIED) == head


def test_two_pipelines_that_race_do_not_hide_it(forge: Forge) -> None:
    """The slower one cannot take the memory back to its own, older, revision."""
    slow = forge.clone()
    slow.git("fetch", "--quiet", "origin", "+refs/reconciler/*:refs/reconciler/*")
    forge.merges({"mail/b.yaml": _aliases("b")})
    older = forge.clone()
    older.git("fetch", "--quiet", "origin", "+refs/reconciler/*:refs/reconciler/*")
    newest = forge.merges({"mail/c.yaml": _aliases("c")})
    assert forge.applies().code == 0
    for clone in (slow, older):
        assert replace(forge.grounds.person, folder=clone.folder).types("apply", "--auto-approve").code == 0
    with pytest.raises(subprocess.CalledProcessError):
        older.git("push", "--prune", "origin", "refs/reconciler/*:refs/reconciler/*")
    assert forge.origin.ref(APPLIED) == newest
    assert forge.plans() == []


def test_after_a_rebase_and_a_force_push_nothing_is_forgotten_once_the_base_is_named(forge: Forge) -> None:
    lost = forge.merges({"mail/b.yaml": _aliases("b1", "b2")})
    assert forge.applies().code == 0
    forge.grounds.looks()
    forge.grounds.repository.git("reset", "--quiet", "--hard", "HEAD^")
    forge.merges({"mail/rebased.yaml": _aliases("b1", "extra")})
    assert forge.plans() == [("create", "alias/extra@acme.example")]
    first = forge.applies()
    assert (first.code, "is not part of this history" in first.out) == (0, True)
    head = forge.merges({"mail/rebased.yaml": _aliases("b1")})
    assert forge.plans() == [("delete", "alias/extra@acme.example")], "what came since is known all the same"
    assert forge.plans(None, "--base", lost) == [("delete", "alias/b2@acme.example")]
    clone = forge.clone()
    clone.git("fetch", "--quiet", "origin", "+refs/reconciler/*:refs/reconciler/*")
    person = replace(forge.grounds.person, folder=clone.folder)
    assert (
        person.types("apply", "--auto-approve").code
        == person.types("apply", "--auto-approve", "--base", lost).code
        == 0
    )
    clone.git("push", "--quiet", "--force", "--prune", "origin", "refs/reconciler/*:refs/reconciler/*")
    assert forge.origin.git("for-each-ref", "--format=%(refname)", "refs/reconciler") == APPLIED
    assert forge.origin.ref(APPLIED) == head
    assert rows_of(forge.grounds.changes) == {"alias/b2@acme.example"}


def test_environments_that_are_applied_at_once_push_only_their_own_memory(forge: Forge) -> None:
    """By the two refspecs the pipelines name for that."""
    forge.merges({"reconciler.yaml": "manifests: [mail]\nenvironments: {one: {}, two: {}}\n"})
    clones = {name: forge.clone() for name in ("one", "two")}
    for name, clone in clones.items():
        clone.git("fetch", "--quiet", "--prune", "origin", "+refs/reconciler/*:refs/reconciler/*")
        applied = replace(forge.grounds.person, folder=clone.folder).types("apply", "--auto-approve", "--env", name)
        assert applied.code == 0
    refspecs = [word for line in _comments() for word in shlex.split(line.strip("# ")) if word.startswith("refs/")]
    assert len(refspecs) == 2 * len(("github", "gitlab"))
    for name, clone in clones.items():
        clone.git("push", "--quiet", "--prune", "origin", *(each.replace("NAME", name) for each in refspecs[:2]))
    refs = forge.origin.git("for-each-ref", "--format=%(refname)", "refs/reconciler").split()
    assert refs == [f"refs/reconciler/applied/{name}" for name in ("default", "one", "two")]


def _comments() -> Iterator[str]:
    for file in sorted(PIPELINES.iterdir()):
        lines = file.read_text(encoding="utf-8").splitlines()
        yield from (line.strip() for line in lines if line.strip().startswith("# 'refs/reconciler/"))


@pytest.fixture
def pipeline(forge: Forge, tmp_path: Path, request: pytest.FixtureRequest) -> Pipeline:
    """A pipeline that people copy, in the forge."""
    folder = tmp_path / "runner"
    folder.mkdir()
    return Pipeline(PIPELINES / request.param, forge.grounds.person.url, folder)


FILES = sorted(file.name for file in PIPELINES.iterdir())
APPROVED = [name for name in FILES if "approval" in name]


@pytest.mark.parametrize("pipeline", FILES, indirect=True)
def test_the_pipelines_that_people_copy_do_it_also_when_something_fails(
    forge: Forge, faults: Faults, pipeline: Pipeline
) -> None:
    before = forge.origin.ref(APPLIED)
    forge.merges({"mail/a.yaml": _aliases("info"), "mail/b.yaml": _aliases("b")})
    assert pipeline.plans(forge.clone())
    assert (forge.grounds.changes, forge.grounds.server.writes) == ({}, [])

    assert not pipeline.applies(forge.clone, offline=True)
    assert forge.origin.ref(APPLIED) == before, "a fetch that fails makes nothing be forgotten"

    faults.faults = (parse("status=500:delete/alias"),)
    assert not pipeline.applies(forge.clone)
    attempted = forge.origin.git("for-each-ref", "--format=%(refname)", "refs/reconciler/attempted")
    assert attempted.startswith("refs/reconciler/attempted/default/")
    faults.faults = ()
    head = forge.merges({"mail/b.yaml": None})
    assert pipeline.applies(forge.clone)
    assert forge.origin.git("for-each-ref", "--format=%(refname)", "refs/reconciler") == APPLIED
    assert forge.origin.ref(APPLIED) == head
    assert rows_of(changed(forge.grounds.before, remembered(forge.grounds.server))) == {"alias/first@acme.example"}


@pytest.mark.parametrize("pipeline", APPROVED, indirect=True)
def test_what_is_not_the_plan_that_somebody_approved_is_not_carried_out(forge: Forge, pipeline: Pipeline) -> None:
    forge.merges({"mail/b.yaml": _aliases("b")})

    def loosened() -> None:
        plan = json.loads(pipeline.artifacts["plan"])
        plan["terms"]["limits"]["deletes"] = 100_000
        pipeline.artifacts["plan"] = json.dumps(plan).encode()

    assert not pipeline.applies(forge.clone, meanwhile=loosened)
    assert (forge.grounds.changes, forge.grounds.server.writes) == ({}, [])
    assert pipeline.applies(forge.clone)
    assert rows_of(forge.grounds.changes) == {"alias/b@acme.example"}


def test_an_apply_at_home_is_told_how_others_learn_of_it(forge: Forge) -> None:
    head = forge.merges({"mail/a.yaml": _aliases("info")})
    applied = forge.grounds.applies()
    assert f"hint: other clones know it once it is pushed: `git push origin {APPLIED}`" in applied.out
    forge.grounds.repository.git("push", "--quiet", "origin", APPLIED)
    assert forge.origin.ref(APPLIED) == head
