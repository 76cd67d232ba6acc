import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from reconciler.cli.programs import git_runner
from reconciler.errors import ManifestError
from reconciler.history.applied import Base, remember_success
from reconciler.history.asked import Asked, Choice
from reconciler.history.base import base_of_run
from reconciler.history.checkout import checkout_of
from reconciler.history.git import GitAnswer, Repository, open_repository
from reconciler.manifest.files import find
from reconciler.model.state import DesiredState
from tests.repository import Made, made


@pytest.fixture
def repository(tmp_path: Path) -> Made:
    return made(tmp_path / "repository")


def _changed(repository: Made, *paths: str, start: str = ".") -> tuple[str, ...]:
    folder = repository.folder / start
    sources = find(paths or ["."], start=folder, project=repository.folder)
    every = {each.path: each for source in sources for each in (source, *source.defaults)}
    folders = [folder / path for path in paths or ["."]]
    return checkout_of(repository.opened, every.values(), start=folder, folders=folders).changed


def test_the_repository_of_a_folder_is_found_from_inside_it(repository: Made) -> None:
    inside = repository.folder / "mail" / "deep"
    inside.mkdir(parents=True)
    opened = open_repository(inside, git_runner(os.environ))
    assert opened is not None
    assert opened.root == repository.folder.resolve()


def test_outside_of_any_repository_and_without_git_there_is_none(tmp_path: Path) -> None:
    outside = Path(tmp_path.anchor)  # temporary files may be kept within a checkout
    assert open_repository(outside, git_runner({**os.environ, "GIT_DIR": str(tmp_path)})) is None
    assert open_repository(tmp_path, git_runner({"PATH": str(tmp_path)})) is None


def test_a_repository_git_refuses_to_look_at_is_an_error_with_its_words(tmp_path: Path) -> None:
    def refuse(*_: object, **__: object) -> GitAnswer:
        return GitAnswer(128, b"", "fatal: detected dubious ownership in repository at '/x'\nTo add an exception")

    with pytest.raises(ManifestError) as caught:
        open_repository(tmp_path, refuse)
    (finding,) = caught.value.diagnostics
    assert finding.id == "git-failed"
    assert "dubious ownership" in finding.summary
    assert "safe.directory" in finding.hint


def test_what_has_no_commit_or_looks_like_an_option_is_no_revision(repository: Made) -> None:
    commit = repository.commit({"a.yaml": "{}\n"})
    assert repository.opened.commit("HEAD") == commit
    assert repository.opened.commit("HEAD^") is None
    assert repository.opened.commit("--help") is None
    assert repository.opened.commit("HEAD:a.yaml") is None


def test_files_come_as_they_are_stored_whatever_their_names(repository: Made) -> None:
    texts = {"a b.yaml": "one\n", "täglich.yaml": "two\r\n", "new\nline.yaml": "", "deep/er/x.yaml": "y" * 70_000}
    repository.git("config", "core.autocrlf", "false")
    for name, text in texts.items():
        path = repository.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    commit = repository.commit({})
    entries = repository.opened.entries(commit)
    contents = repository.opened.contents(each.identity for each in entries)
    assert {each.path: contents[each.identity].decode() for each in entries} == texts


def test_nothing_a_repository_configures_is_run(repository: Made, tmp_path: Path) -> None:
    told = tmp_path / "told"
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\necho ran >> {told}\ncat\n")
    trap.chmod(0o755)
    hooks = repository.folder / ".git" / "hooks"
    for hook in ("reference-transaction", "post-checkout", "post-index-change"):
        (hooks / hook).write_text(trap.read_text())
        (hooks / hook).chmod(0o755)
    repository.write({".gitattributes": "*.yaml filter=trap diff=trap\n", "a.yaml": "{}\n"})
    repository.git("-c", "core.hooksPath=/dev/null", "add", "--all")
    repository.git("-c", "core.hooksPath=/dev/null", "commit", "--quiet", "--message", "trap")
    for name in ("filter.trap.smudge", "filter.trap.clean", "diff.trap.textconv", "diff.external", "core.fsmonitor"):
        repository.git("config", name, str(trap))
    for name in ("core.pager", "core.sshCommand", "gpg.program", "core.editor", "alias.ls-tree", "alias.cat-file"):
        repository.git("config", name, f"!{trap}" if name.startswith("alias") else str(trap))
    told.unlink(missing_ok=True)

    opened = repository.opened
    commit = opened.commit("HEAD")
    assert commit is not None
    assert _changed(repository) == ()
    opened.contents(each.identity for each in opened.entries(commit))
    assert opened.update_refs([f"update refs/reconciler/applied/default {commit}"]) == ""
    assert opened.refs("refs/reconciler") == {"refs/reconciler/applied/default": commit}
    assert not told.exists()


@pytest.mark.parametrize("forged", ["replaced", "grafted"])
def test_history_is_as_it_was_committed_whatever_lies_beside_it(repository: Made, forged: str) -> None:
    first = repository.commit({"a.yaml": "aliases: []\n"})
    second = repository.commit({"a.yaml": "domains: []\n"})
    stranger = repository.git("commit-tree", "-m", "never reviewed", repository.git("rev-parse", f"{first}^{{tree}}"))
    if forged == "replaced":
        repository.git("replace", second, stranger)
    else:
        (repository.folder / ".git" / "info" / "grafts").write_text(f"{second} {stranger}\n")
    opened = repository.opened
    assert opened.is_ancestor(first, of=second)
    assert not opened.is_ancestor(stranger, of=second)
    (entry,) = opened.entries(second)
    assert opened.contents([entry.identity]) == {entry.identity: b"domains: []\n"}


def test_a_repository_that_somebody_committed_into_a_folder_is_not_taken_for_ours(
    repository: Made, tmp_path: Path
) -> None:
    told = tmp_path / "told"
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\necho ran >> {told}\n")
    trap.chmod(0o755)
    repository.git("init", "--quiet", "--bare", "mail")
    repository.git("--git-dir", "mail", "config", "core.fsmonitor", str(trap))
    repository.git("--git-dir", "mail", "config", "core.worktree", str(tmp_path))
    repository.commit({"mail/a.yaml": "{}\n"})
    with pytest.raises(ManifestError) as caught:
        open_repository(repository.folder / "mail", git_runner(os.environ))
    assert [each.id for each in caught.value.diagnostics] == ["git-failed"]
    assert not told.exists()


def test_git_gets_no_variable_that_could_be_a_secret_or_point_elsewhere(tmp_path: Path) -> None:
    program = tmp_path / "git"
    program.write_text("#!/bin/sh\nenv\n")
    program.chmod(0o755)
    environ = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "MAILCOW_API_KEY": "canary-1", "SMTP": "canary-2"}
    answer = git_runner({**environ, "GIT_DIR": "canary-3", "GIT_SSH_COMMAND": "canary-4"})(
        ["git"], folder=tmp_path, given=b""
    )
    assert b"canary" not in answer.output
    assert b"GIT_NO_LAZY_FETCH=1" in answer.output


def test_a_clean_work_tree_is_exactly_its_commit(repository: Made) -> None:
    repository.commit({"mail/a.yaml": "{}\n", "mail/_defaults.yaml": "{}\n", "notes.txt": "x"})
    assert _changed(repository) == ()
    repository.write({"notes.txt": "y", "other/new.txt": "z"})
    assert _changed(repository, "mail") == ()


def test_what_is_changed_new_or_missing_is_told(repository: Made) -> None:
    repository.commit({"mail/a.yaml": "{}\n", "mail/b.yaml": "{}\n", "_defaults.yaml": "{}\n", "else/c.yaml": "{}\n"})
    repository.write({"mail/a.yaml": "{ }\n"})
    assert _changed(repository, "mail") == ("mail/a.yaml",)
    repository.write({"mail/new.yaml": "{}\n", "mail/b.yaml": None, "else/c.yaml": None})
    assert _changed(repository, "mail") == ("mail/a.yaml", "mail/b.yaml", "mail/new.yaml")
    repository.write({"_defaults.yaml": None})
    assert _changed(repository, "a.yaml", start="mail") == ("_defaults.yaml", "mail/a.yaml")


def test_line_ends_changed_on_the_way_into_the_work_tree_are_no_change(repository: Made) -> None:
    repository.commit({"a.yaml": "aliases: []\nmailboxes: []\n"})
    (repository.folder / "a.yaml").write_bytes(b"aliases: []\r\nmailboxes: []\r\n")
    assert _changed(repository) == ()


def test_a_link_that_leads_elsewhere_now_is_a_change(repository: Made) -> None:
    repository.write({"real/a.yaml": "{}\n", "real/b.yaml": "{}\n"})
    (repository.folder / "mail").mkdir()
    (repository.folder / "mail" / "x.yaml").symlink_to("../real/a.yaml")
    repository.commit({})
    assert _changed(repository, "mail") == ()
    (repository.folder / "mail" / "x.yaml").unlink()
    (repository.folder / "mail" / "x.yaml").symlink_to("../real/b.yaml")
    assert _changed(repository, "mail") == ("mail/x.yaml",)
    (repository.folder / "mail" / "y.yaml").symlink_to("../real/a.yaml")
    assert _changed(repository, "mail") == ("mail/x.yaml", "mail/y.yaml")


def test_manifests_outside_the_repository_are_no_part_of_a_commit(repository: Made, tmp_path: Path) -> None:
    repository.commit({"a.yaml": "{}\n"})
    (tmp_path / "outside.yaml").write_text("{}\n")
    assert _changed(repository, ".", "../outside.yaml") == (str(tmp_path / "outside.yaml"),)


def test_the_commit_that_is_checked_out_is_known_once_the_repository_is_opened(repository: Made) -> None:
    before = open_repository(repository.folder, git_runner(os.environ))
    assert before is not None
    assert (before.root, before.checked_out) == (repository.folder.resolve(), None)
    commit = repository.commit({"a.yaml": "{}\n"})
    opened = open_repository(repository.folder, git_runner(os.environ))
    assert opened is not None
    assert (opened.root, opened.head, opened.checked_out) == (before.root, commit, commit)


def test_refs_are_told_in_one_call_with_the_commit_they_lead_to_and_what_their_tags_say(repository: Made) -> None:
    commit = repository.commit({"a.yaml": "{}\n"}, message="Server: not meant")
    repository.git("tag", "--annotate", "--message", "\n\nfirst\n\nServer: https://mail.acme.example\n", "told")
    repository.git("tag", "--annotate", "--message", "of a tag", "twice", "told")
    for ref, target in (("a/plain", commit), ("a/told", "refs/tags/told"), ("b/twice", "refs/tags/twice")):
        repository.git("update-ref", f"refs/reconciler/{ref}", target)
    asked: list[str] = []

    def run(command: Sequence[str], *, folder: Path, given: bytes) -> GitAnswer:
        asked.append(next(word for word in command if word in ("for-each-ref", "rev-parse", "cat-file")))
        return git_runner(os.environ)(command, folder=folder, given=given)

    opened = Repository(repository.folder.resolve(), run)
    plain, told = opened.tagged_refs("refs/reconciler/a")
    assert asked == ["for-each-ref"]
    assert (plain.ref, plain.target, plain.commit, plain.text) == ("refs/reconciler/a/plain", commit, commit, None)
    assert (told.ref, told.commit) == ("refs/reconciler/a/told", commit)
    assert "Server: https://mail.acme.example" in (told.text or "").split("\n")
    assert [each.commit for each in opened.tagged_refs("refs/reconciler/b", "refs/reconciler/a")] == [commit] * 3


def test_a_ref_whose_commit_is_not_here_is_told_without_it(repository: Made) -> None:
    repository.commit({"a.yaml": "{}\n"})
    repository.git("tag", "--annotate", "--message", "Server: x", "told")
    repository.git("update-ref", "refs/reconciler/applied/default", "refs/tags/told")
    commit = repository.git("rev-parse", "HEAD")
    (repository.folder / ".git" / "objects" / commit[:2] / commit[2:]).unlink()
    (told,) = repository.opened.tagged_refs("refs/reconciler")
    assert told.commit is None
    assert "Server: x" in (told.text or "")


def test_a_file_of_a_revision_that_is_not_here_is_told_with_what_leaves_it_out(repository: Made) -> None:
    repository.commit({"a.yaml": "{}\n"})
    (entry,) = repository.opened.entries("HEAD")
    (repository.folder / ".git" / "objects" / entry.identity[:2] / entry.identity[2:]).unlink()
    with pytest.raises(ManifestError) as raised:
        repository.opened.contents([entry.identity])
    (told,) = raised.value.diagnostics
    assert told.id == "git-object-missing"
    assert "--filter" in (told.hint or "")


def test_a_run_that_was_applied_as_it_is_asks_git_three_things(repository: Made) -> None:
    repository.commit({"a.yaml": "{}\n"})
    server = "https://mail.acme.example"
    sources = find(["."], start=repository.folder, project=repository.folder)
    asked: list[Sequence[str]] = []

    def run(command: Sequence[str], *, folder: Path, given: bytes) -> GitAnswer:
        asked.append(command)
        return git_runner(os.environ)(command, folder=folder, given=given)

    def base() -> Base:
        words = Asked(start=repository.folder, paths=(".",))
        desired = DesiredState({})
        return base_of_run(words, desired, sources, paths=["."], git=run, server=server, choice=Choice())

    assert remember_success(base()) == ""
    asked.clear()
    found = base()
    assert found.commits == (repository.git("rev-parse", "HEAD"),)
    assert found.applied is not None
    assert len(asked) == 3
