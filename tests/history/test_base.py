from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import ManifestError
from reconciler.history.applied import Base, applied_ref, remember_attempt, remember_success
from reconciler.history.asked import Asked
from reconciler.history.base import find_base
from reconciler.history.checkout import checkout_of
from reconciler.kinds import registry
from reconciler.manifest.build import build
from reconciler.manifest.contents import Contents
from reconciler.manifest.files import find
from reconciler.manifest.reading import LearningMemory, read
from reconciler.model.state import DesiredState
from tests.repository import Made, made

SERVER = "https://mail.acme.example"
REF = "refs/reconciler/applied/default"


@pytest.fixture
def repository(tmp_path: Path) -> Made:
    return made(tmp_path / "repository")


def _aliases(*names: str) -> str:
    return "".join(["aliases:\n", *(f"  - {{address: {name}@acme.example, to: [x@y.example]}}\n" for name in names)])


def _found(
    repository: Made,
    *,
    server: str = SERVER,
    revision: str | None = None,
    memory: LearningMemory | None = None,
    **asked: Any,
) -> Base:
    """Find the base as a run in this work tree does, whose project file is not read."""
    folder = repository.folder
    paths = asked.get("paths", ("mail",))
    sources = find([each for each in paths if (folder / each).exists()], start=folder, project=folder)
    desired = build(read(sources, values={}).manifests, registry())
    checkout = checkout_of(repository.opened, sources, start=folder, folders=[folder / each for each in paths])
    words = Asked(start=folder, **{"paths": paths, **asked})
    return find_base(checkout, words, desired, server=server, revision=revision, memory=lambda: memory)


def _names(state: DesiredState | None) -> list[str]:
    assert state is not None
    return sorted(each.address.key.partition("@")[0] for each in state)


def _ids(base: Base) -> list[str]:
    return [finding.id for finding in base.findings]


def _refused(found: Callable[[], Base]) -> ManifestError:
    with pytest.raises(ManifestError) as caught:
        found()
    return caught.value


def test_before_the_first_apply_nothing_is_known_and_that_is_said(repository: Made) -> None:
    repository.commit({"mail/a.yaml": _aliases("sales")})
    base = _found(repository)
    assert base.applied is None
    assert _ids(base) == ["base-unknown"]
    assert REF in str(base.findings[0].hint)


def test_a_converged_apply_moves_the_ref_and_the_next_run_knows_what_it_declared(repository: Made) -> None:
    first = repository.commit({"mail/a.yaml": _aliases("sales", "info")})
    assert remember_success(_found(repository)) == ""
    assert repository.ref(REF) == first
    repository.commit({"mail/a.yaml": _aliases("info")})
    base = _found(repository)
    assert (_names(base.applied), base.commits, base.findings) == (["info", "sales"], (first,), ())


def test_what_a_revision_declared_is_remembered_like_the_manifests_of_today(repository: Made) -> None:
    class Notes:
        def __init__(self) -> None:
            self.learned: dict[bytes, Contents] = {}
            self.recalled = self.saved = 0

        def recall(self, key: bytes) -> Contents | None:
            self.recalled += key in self.learned
            return self.learned.get(key)

        def note(self, key: bytes, contents: Contents) -> None:
            self.learned[key] = contents

        def save(self) -> None:
            self.saved += 1

    repository.commit({"mail/a.yaml": _aliases("sales", "info")})
    remember_success(_found(repository))
    repository.commit({"mail/a.yaml": _aliases("info")})
    notes = Notes()
    found = [_names(_found(repository, memory=notes).applied) for _ in range(2)]
    assert found == [["info", "sales"]] * 2
    assert (len(notes.learned), notes.recalled, notes.saved) == (1, 1, 2)


def test_the_ref_says_which_server_it_was_and_is_the_same_object_wherever_it_is_made(
    repository: Made, tmp_path: Path
) -> None:
    repository.commit({"mail/a.yaml": _aliases("sales")})
    clone = repository.clone(tmp_path / "clone")
    for each in (repository, clone):
        assert remember_success(_found(each)) == ""
    assert f"Server: {SERVER}" in repository.git("cat-file", "tag", REF)
    assert repository.git("rev-parse", REF) == clone.git("rev-parse", REF)


def test_several_merges_after_a_failed_apply_still_know_the_last_converged_one(repository: Made) -> None:
    first = repository.commit({"mail/a.yaml": _aliases("sales", "info")})
    remember_success(_found(repository))
    repository.commit({"mail/a.yaml": _aliases("info")})
    assert remember_attempt(_found(repository)) == ""
    repository.commit({"mail/b.yaml": _aliases("third")})
    repository.commit({"mail/c.yaml": _aliases("fourth")})
    base = _found(repository)
    assert repository.ref(REF) == first
    assert _names(base.applied) == ["info", "sales"]


def test_what_a_failed_apply_may_have_made_is_known_after_its_revert(repository: Made) -> None:
    repository.commit({"mail/a.yaml": _aliases("info")})
    remember_success(_found(repository))
    repository.commit({"mail/b.yaml": _aliases("half-made")})
    assert remember_attempt(_found(repository)) == ""
    repository.git("revert", "--no-edit", "HEAD")
    base = _found(repository)
    assert (_names(base.applied), [_names(each) for each in base.attempted]) == (["info"], [["half-made", "info"]])
    assert remember_success(base) == ""
    assert repository.git("for-each-ref", "--format=%(refname)", "refs/reconciler") == REF


def test_an_apply_that_converged_under_way_to_another_one_is_not_forgotten(repository: Made) -> None:
    repository.commit({"mail/a.yaml": _aliases("info")})
    slow = _found(repository)
    second = repository.commit({"mail/a.yaml": _aliases("sales")})
    assert remember_success(_found(repository)) == ""
    assert remember_success(slow) != ""
    assert repository.ref(REF) == second


def test_a_revert_deletes_what_the_reverted_merge_brought(repository: Made) -> None:
    repository.commit({"mail/a.yaml": _aliases("info")})
    repository.commit({"mail/b.yaml": _aliases("sales")})
    remember_success(_found(repository))
    repository.git("revert", "--no-edit", "HEAD")
    assert _names(_found(repository).applied) == ["info", "sales"]


def test_a_branch_that_is_behind_deletes_nothing_it_never_had(repository: Made) -> None:
    repository.commit({"mail/a.yaml": _aliases("info", "old")})
    repository.git("branch", "feature")
    repository.commit({"mail/b.yaml": _aliases("new-on-main")})
    remember_success(_found(repository))
    repository.git("checkout", "--quiet", "feature")
    repository.commit({"mail/a.yaml": _aliases("info")})
    base = _found(repository)
    assert _names(base.applied) == ["info", "old"]
    assert _ids(base) == ["base-diverged"]
    assert "not part of this history" in remember_success(base)


def test_after_a_force_push_only_the_common_part_counts_until_somebody_names_the_base(repository: Made) -> None:
    repository.commit({"mail/a.yaml": _aliases("info")})
    lost = repository.commit({"mail/b.yaml": _aliases("sales")})
    remember_success(_found(repository))
    repository.git("reset", "--quiet", "--hard", "HEAD^")
    head = repository.commit({"mail/c.yaml": _aliases("other")})
    base = _found(repository)
    assert (_names(base.applied), _ids(base)) == (["info"], ["base-diverged"])
    assert f"--base {lost[:12]}" in str(base.findings[0].hint)
    named = _found(repository, revision=lost[:12])
    assert (_names(named.applied), named.findings) == (["info", "sales"], ())
    assert remember_success(named) == ""
    assert repository.ref(REF) == head


def test_histories_without_anything_in_common_have_no_base(repository: Made) -> None:
    repository.commit({"mail/a.yaml": _aliases("info")})
    remember_success(_found(repository))
    repository.git("checkout", "--quiet", "--orphan", "again")
    repository.commit({"mail/a.yaml": _aliases("sales")})
    base = _found(repository)
    assert (base.applied, _ids(base)) == (None, ["base-diverged"])


def test_a_shallow_clone_without_the_commit_says_how_to_get_it(repository: Made, tmp_path: Path) -> None:
    first = repository.commit({"mail/a.yaml": _aliases("info")})
    remember_success(_found(repository))
    repository.commit({"mail/b.yaml": _aliases("sales")})
    clone = repository.clone(tmp_path / "clone", "--depth=1")
    error = _refused(lambda: _found(clone, revision=first))
    assert (error.exit_code, [each.id for each in error.diagnostics]) == (3, ["base-missing"])
    assert "git fetch --unshallow" in error.diagnostics[0].hint
    assert "fetch-depth: 0" in error.diagnostics[0].hint


def test_a_shallow_clone_that_cannot_tell_the_history_says_so(repository: Made, tmp_path: Path) -> None:
    repository.commit({"mail/a.yaml": _aliases("info")})
    remember_success(_found(repository))
    repository.commit({"mail/b.yaml": _aliases("sales")})
    clone = repository.clone(tmp_path / "clone", "--depth=1")
    clone.git("fetch", "--quiet", "--depth=1", "origin", "refs/reconciler/*:refs/reconciler/*")
    error = _refused(lambda: _found(clone))
    assert "cannot be told: the clone is shallow" in error.diagnostics[0].summary
    clone.git("fetch", "--quiet", "--unshallow")
    assert _names(_found(clone).applied) == ["info"]


def test_a_clone_gets_the_refs_by_the_documented_fetch_and_gives_them_back_by_the_push(
    repository: Made, tmp_path: Path
) -> None:
    repository.commit({"mail/a.yaml": _aliases("info")})
    remember_success(_found(repository))
    repository.commit({"mail/b.yaml": _aliases("half-made")})
    remember_attempt(_found(repository))
    clone = repository.clone(tmp_path / "clone")
    assert _ids(_found(clone)) == ["base-unknown"]
    clone.git("fetch", "--quiet", "origin", "refs/reconciler/*:refs/reconciler/*")
    base = _found(clone)
    assert (_names(base.applied), len(base.attempted)) == (["info"], 1)
    assert remember_success(base) == ""
    clone.git("push", "--quiet", "--prune", "origin", "refs/reconciler/*:refs/reconciler/*")
    assert repository.git("for-each-ref", "--format=%(refname)", "refs/reconciler") == REF
    assert repository.ref(REF) == clone.git("rev-parse", "HEAD")


def test_a_partial_clone_fetches_nothing_behind_our_back(repository: Made, tmp_path: Path) -> None:
    repository.git("config", "uploadpack.allowFilter", "true")
    first = repository.commit({"mail/a.yaml": _aliases("info")})
    repository.commit({"mail/a.yaml": _aliases("sales")})
    clone = repository.clone(tmp_path / "clone", "--filter=blob:none")
    error = _refused(lambda: _found(clone, revision=first))
    assert error.exit_code == 3


def test_a_revision_that_does_not_exist_stops_the_run(repository: Made) -> None:
    repository.commit({"mail/a.yaml": _aliases("info")})
    error = _refused(lambda: _found(repository, revision="no-such"))
    assert (error.exit_code, error.diagnostics[0].id) == (3, "base-missing")
    assert "--no-base" in error.diagnostics[0].hint


def test_a_base_that_cannot_be_built_stops_the_run_with_places_git_understands(repository: Made) -> None:
    broken = repository.commit({"mail/a.yaml": "aliases:\n  - {address: 17, to: [a@b.example]}\n"})
    repository.commit({"mail/a.yaml": _aliases("info")})
    error = _refused(lambda: _found(repository, revision=broken))
    assert (error.exit_code, error.id) == (3, "base-unreadable")
    (origin,) = {str(each.origin) for each in error.diagnostics if each.origin is not None}
    assert origin.startswith(f"{broken[:12]}:mail/a.yaml:2:")
    assert repository.git("show", origin.rsplit(":", 2)[0]).startswith("aliases:")
    assert "--no-base" in error.hint


def test_the_revision_s_own_project_file_values_and_defaults_are_used(repository: Made) -> None:
    old = repository.commit(
        {
            "reconciler.yaml": "manifests: [old]\nvalues: [values/common.yaml]\n",
            "values/common.yaml": "name: from-values\n",
            "old/_defaults.yaml": "defaults: {aliases: {to: [x@y.example]}}\n",
            "old/a.yaml.j2": "aliases:\n- {address: {{ name }}@acme.example}\n- {address: {{ more }}@acme.example}\n",
        }
    )
    repository.commit({"reconciler.yaml": "manifests: [mail]\n", "mail/a.yaml": _aliases("now"), "old/a.yaml.j2": None})
    base = _found(repository, revision=old, paths=(), settings=("more=set",))
    assert _names(base.applied) == ["from-values", "set"]


def test_the_same_paths_mean_what_they_meant_then(repository: Made) -> None:
    old = repository.commit({"mail/a.yaml": _aliases("a"), "other/b.yaml": _aliases("b")})
    repository.commit({"mail/a.yaml": _aliases("a"), "new/c.yaml": _aliases("c")})
    assert _names(_found(repository, revision=old, paths=("mail", "new")).applied) == ["a"]
    assert _names(_found(repository, revision=old, paths=("new",)).applied) == []
    assert _names(_found(repository, revision=old, paths=("mail", "other/b.yaml")).applied) == ["a", "b"]


def test_a_link_out_of_an_old_revision_is_refused_as_it_is_today(repository: Made, tmp_path: Path) -> None:
    (tmp_path / "outside.yaml").write_text(_aliases("outside"))
    (repository.folder / "mail").mkdir()
    (repository.folder / "mail" / "x.yaml").symlink_to(tmp_path / "outside.yaml")
    old = repository.commit({"mail/a.yaml": _aliases("a")})
    (repository.folder / "mail" / "x.yaml").unlink()
    repository.commit({})
    error = _refused(lambda: _found(repository, revision=old))
    assert [each.id for each in error.diagnostics] == ["path-outside"]


def test_a_dirty_work_tree_is_not_remembered_and_says_why(repository: Made) -> None:
    repository.commit({"mail/a.yaml": _aliases("info")})
    repository.write({"mail/a.yaml": _aliases("sales")})
    base = _found(repository)
    assert remember_attempt(base) == remember_success(base) == "the work tree is not exactly a commit: mail/a.yaml"
    assert repository.ref(REF) is None


def test_a_ref_of_another_server_is_neither_used_nor_moved(repository: Made) -> None:
    first = repository.commit({"mail/a.yaml": _aliases("info")})
    remember_success(_found(repository))
    repository.commit({"mail/a.yaml": _aliases("sales")})
    base = _found(repository, server="https://staging.example")
    assert (base.applied, _ids(base)) == (None, ["base-of-another-server"])
    assert "another server" in remember_success(base)
    assert repository.ref(REF) == first


def test_environments_have_refs_of_their_own_whatever_they_are_called(repository: Made) -> None:
    repository.commit({"reconciler.yaml": "environments: {a..b/c: {}}\n", "mail/a.yaml": _aliases("info")})
    assert remember_success(_found(repository, environment="a..b/c")) == ""
    assert applied_ref("a..b/c") == "refs/reconciler/applied/a%2E%2Eb%2Fc"
    assert repository.ref(applied_ref("a..b/c")) is not None
    assert _ids(_found(repository)) == ["base-unknown"]
    assert _ids(_found(repository, environment="a")) == ["base-unknown"]


def test_a_ref_set_by_hand_to_a_commit_is_taken_as_it_is(repository: Made) -> None:
    first = repository.commit({"mail/a.yaml": _aliases("info")})
    repository.git("update-ref", REF, first)
    second = repository.commit({"mail/a.yaml": _aliases("sales")})
    base = _found(repository)
    assert (_names(base.applied), base.findings) == (["info"], ())
    assert remember_success(base) == ""
    assert repository.ref(REF) == second
