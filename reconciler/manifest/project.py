"""The project file: where the manifests, the server and its environments are, and what a run may do. Never a secret."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from reconciler.errors import UsageError
from reconciler.manifest.files import PROJECT_FILE, Source
from reconciler.manifest.inside import resolved
from reconciler.records import field, fields_of, record, replace

if TYPE_CHECKING:
    from reconciler.model.policy import Policy
    from reconciler.model.version import Version

__all__ = ["GuardSettings", "Project", "PruneRule", "ServerSettings", "Settings", "Trusted", "find_project"]

_OTHER_SUFFIX: Final = ".yml"
_BOUNDARY: Final = ".git"
"""What ends the search for a project file upwards: nothing above a repository is part of it."""


@record(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """A server and how to talk to it; None where nothing is said.

    Attributes:
        url: scheme, host and port.
        key_variable: the environment variable that holds the API key.
        ca_file: certificates to trust in place of the public authorities.
        timeout: seconds to wait for the server to say something more.
        connect_timeout: seconds to wait for a connection.
        parallelism: how many requests may be under way at once.
        version: what it is taken for where it does not say which release it is.
    """

    url: str | None = None
    key_variable: str | None = None
    ca_file: Path | None = None
    timeout: int | None = None
    connect_timeout: int | None = None
    parallelism: int | None = None
    version: Version | None = None


@record(frozen=True, slots=True, kw_only=True)
class GuardSettings:
    """How much one plan may do; None where nothing is said.

    Attributes:
        deletes: how many deletions.
        delete_percent: how many percent of a kind's live resources.
        delete_bytes: how much mail deletions may destroy.
        changes: how many changes altogether.
        recent_days: what was logged in to within so many days is not deleted.
        protect: addresses that are never deleted, with wildcards.
    """

    deletes: int | None = None
    delete_percent: int | None = None
    delete_bytes: int | None = None
    changes: int | None = None
    recent_days: int | None = None
    protect: tuple[str, ...] | None = None


@record(frozen=True, slots=True)
class Trusted:
    """What a protected revision says.

    Attributes:
        policy: what may be changed.
        guards: how much one plan may do.
    """

    policy: Policy
    guards: GuardSettings


@record(frozen=True, slots=True)
class PruneRule:
    """Where what is not declared is deleted.

    Attributes:
        kind: a kind's name.
        domains: patterns such as ``*.acme.example``.
    """

    kind: str
    domains: tuple[str, ...] = ("*",)


@record(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a project file says, at its top or for one environment.

    Attributes:
        manifests: files and folders, used when the command line names none.
        values: values files for templates; a later one wins.
        prune: where what is not declared is deleted; None where nothing is said.
        policy_from: the revision whose policy limits what may be changed.
    """

    manifests: tuple[Path, ...] = ()
    values: tuple[Path, ...] = ()
    server: ServerSettings = field(default_factory=ServerSettings)
    prune: tuple[PruneRule, ...] | None = None
    guards: GuardSettings = field(default_factory=GuardSettings)
    policy_from: str | None = None

    def under(self, nearer: Settings) -> Settings:
        """These settings with nearer ones on top: values files add up, everything else that is said replaces."""
        return Settings(
            manifests=nearer.manifests or self.manifests,
            values=self.values + nearer.values,
            server=replace(self.server, **dict(_said(nearer.server))),
            prune=self.prune if nearer.prune is None else nearer.prune,
            guards=replace(self.guards, **dict(_said(nearer.guards))),
            policy_from=nearer.policy_from or self.policy_from,
        )


def _said(settings: ServerSettings | GuardSettings) -> Iterator[tuple[str, Any]]:
    return ((name, value) for name, value in fields_of(settings).items() if value is not None)


@record(frozen=True, slots=True)
class Project:
    """A project file, read.

    Attributes:
        folder: where it is; its paths are relative to this, and no manifest in it may lead out of it.
        common: what it says for every environment.
        environments: what it says for each, by name.
    """

    folder: Path
    common: Settings
    environments: Mapping[str, Settings] = field(default_factory=dict)

    def settings(self, environment: str | None) -> Settings:
        """What applies to a run in this environment; None for none.

        Raises:
            UsageError: ``environment-unknown``.
        """
        if environment is None:
            return self.common
        if environment not in self.environments:
            # what finds suggestions imports every kind; only a mistake pays for it
            from reconciler.manifest.suggest import close_to  # noqa: PLC0415

            meant = close_to(environment, self.environments)
            known = ", ".join(self.environments) or "none"
            raise UsageError(
                f"the project has no environment `{environment}`",
                id="environment-unknown",
                hint=f"did you mean `{meant}`?" if meant else f"it has: {known}",
                project=str(self.folder / PROJECT_FILE),
            )
        return self.common.under(self.environments[environment])


def find_project(start: Path, named: str | None = None) -> Source | None:
    """Find the project file: the one that was named, or the next in or above a folder, inside its repository.

    Args:
        start: the folder the run started in.
        named: the file as a person wrote it, relative to `start`.

    Raises:
        UsageError: ``project-misnamed``: whoever wrote it relies on its guards.
    """
    if named is not None:
        file = start / named  # a link is not followed: what it leads to would be shown where it is no project file
        return Source(named, resolved(file.parent) / file.name)
    folder = resolved(start)
    for place in (folder, *folder.parents):
        file = place / PROJECT_FILE
        if os.path.lexists(file):  # even a link that leads nowhere: its guards are missed, and not left out
            return Source(_name(file, folder), file)
        other = file.with_suffix(_OTHER_SUFFIX)
        if os.path.lexists(other):
            raise UsageError(
                f"`{_name(other, folder)}` is not read: the project file is called `{PROJECT_FILE}`",
                id="project-misnamed",
                hint=f"rename it: `git mv {other.name} {PROJECT_FILE}`",
            )
        if (place / _BOUNDARY).exists():
            break
    return None


def _name(file: Path, start: Path) -> str:
    return file.name if file.parent == start else str(file)
