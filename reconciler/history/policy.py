"""The policy file of a protected branch: what a repository may change, said where a pull request cannot change it.

    domains: [acme.example, "*.acme.example"]
    kinds: [mailboxes, aliases]
    fields: {mailboxes: [name, quota]}

Whatever is left out is not limited. The guards of the project file are taken from the same revision, so that a pull
request cannot loosen those either.
"""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Any

from reconciler.errors import ManifestError
from reconciler.history.git import Repository, RunGit, open_repository
from reconciler.kinds import by_plural
from reconciler.manifest.document import parse
from reconciler.manifest.files import POLICY_FILE, PROJECT_FILE, Source
from reconciler.manifest.findings import Path
from reconciler.manifest.inside import resolved
from reconciler.manifest.project import GuardSettings, Project, Trusted
from reconciler.manifest.project_reading import SettingsReading, read_project
from reconciler.manifest.suggest import for_field
from reconciler.manifest.text import decode
from reconciler.model.diagnostic import error
from reconciler.model.policy import Policy

__all__ = ["POLICY_FILE", "trusted_at"]


def trusted_at(
    revision: str, *, start: FilePath, git: RunGit | None, project: Project | None, environment: str | None
) -> Trusted:
    """Read the policy, and the guards, of a revision.

    Args:
        revision: a revision, or ``REVISION:PATH`` where the policy is not `POLICY_FILE` at the top of the repository.
        start: the folder the run started in.
        git: runs git.
        project: the project file that is checked out.
        environment: of the project file.

    Raises:
        ManifestError: ``policy-missing``, or with everything that is wrong with it.
    """
    name, _, path = revision.partition(":")
    repository = open_repository(start, git) if git is not None else None
    commit = repository.commit(name) if repository is not None else None
    if repository is None or commit is None:
        raise _missing(f"there is no revision `{name}` here", "fetch it, or check its name")
    path = path or POLICY_FILE
    content = _content(repository, commit, path)
    if content is None:
        raise _missing(f"`{name}` has no `{path}`", "without a policy there nothing is permitted: commit one to it")
    policy = _read_policy(content, f"{path} of {name}")
    return Trusted(policy, _guards(repository, commit, project, environment))


def _missing(summary: str, hint: str) -> ManifestError:
    return ManifestError((error("policy-missing", summary, hint=hint),), summary="the policy cannot be read")


def _content(repository: Repository, commit: str, path: str) -> bytes | None:
    entry = next((each for each in repository.entries(commit) if each.path == path and not each.is_link), None)
    return None if entry is None else repository.contents([entry.identity])[entry.identity]


def _guards(repository: Repository, commit: str, project: Project | None, environment: str | None) -> GuardSettings:
    """The guards of the project file at a revision; the usual ones where it has no such file or environment."""
    folder = resolved(project.folder) if project is not None else repository.root
    if not folder.is_relative_to(repository.root):
        return GuardSettings()
    path = (folder.relative_to(repository.root) / PROJECT_FILE).as_posix()
    content = _content(repository, commit, path)
    if content is None:
        return GuardSettings()
    then = read_project(Source(f"{commit[:12]}:{path}", folder / PROJECT_FILE, content))
    return (then.settings(environment) if environment in then.environments else then.common).guards


def _read_policy(content: bytes, name: str) -> Policy:
    reading = _PolicyReading(parse(decode(content, name), noun="policy"), FilePath())
    policy = reading.policy(name)
    if reading.findings:
        raise ManifestError(tuple(reading.findings), summary="the policy is wrong")
    return policy


class _PolicyReading(SettingsReading):
    """One reading of a policy file."""

    noun = "a policy"

    def policy(self, name: str) -> Policy:
        """The whole file."""
        readers = {"domains": self.domains, "kinds": self._kinds, "fields": self._fields}
        read = self._mapping(self._document.value, (), readers)
        kinds = read.get("kinds")
        return Policy(
            name, read.get("domains"), None if kinds is None else frozenset(kinds), dict(read.get("fields") or {})
        )

    def _fields(self, written: Any, path: Path) -> dict[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}
        if not self._is(dict, written, path, "a mapping", "fields: {mailboxes: [name, quota]}"):
            return found
        for plural, each in written.items():
            (kind_name,) = self._kinds([plural], (*path, plural)) or (None,)
            if kind_name is None:
                continue
            kind = by_plural()[plural]
            names = self._texts(each, (*path, plural))
            for index, field in enumerate(names):
                if field not in kind.fields:
                    place = (*path, plural, index)
                    self._complain(place, "field-unknown", f"`{field}` is not a field", for_field(kind, field))
            found[kind_name] = frozenset(names)
        return found
