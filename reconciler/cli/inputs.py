"""What a run reads, of what was typed: the project file, and the manifests."""

from __future__ import annotations

from reconciler.cli.programs import command_runner
from reconciler.cli.surroundings import PROXY_VARIABLE, URL_VARIABLE
from reconciler.errors import UsageError
from reconciler.flow import Inputs
from reconciler.manifest.project import Settings, find_project
from reconciler.model.secret import may_hold_api_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.cli.commands import Given
    from reconciler.cli.session import Session
    from reconciler.manifest.project import Project


def inputs_of(session: Session, given: Given, project: Project | None, settings: Settings) -> Inputs:
    """What is declared: the paths given, or the project file's.

    Raises:
        UsageError: ``paths-missing``.
    """
    surroundings = session.surroundings
    paths = given["paths"] or tuple(map(str, settings.manifests))
    if not paths:
        raise UsageError(
            "there is nothing to read",
            id="paths-missing",
            hint="name the manifests, such as `mail/`, or list them under `manifests:` in reconciler.yaml",
        )
    environ = _without_keys(surroundings.environ)
    return Inputs(
        paths=paths,
        start=surroundings.start,
        project=project,
        clock=surroundings.clock,
        run=command_runner(project.folder if project is not None else surroundings.start, environ),
        values=(*settings.values, *(surroundings.start / each for each in given["values"])),
        settings=given["settings"],
        texts=given["texts"],
        environ=environ,
        stdin=surroundings.stdin.buffer.read,
        cache=None if given["no_cache"] else surroundings.cache,
    )


def _without_keys(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that manifests and their commands may see: no API key, under whatever name it is there too."""
    holders = {name for name in environ if may_hold_api_key(name)}
    keys = {
        environ[name] for name in holders if name not in (URL_VARIABLE, PROXY_VARIABLE) and not name.endswith("_FOR")
    }
    return {name: value for name, value in environ.items() if name not in holders and (not value or value not in keys)}


def project_of(session: Session, given: Given) -> tuple[Project | None, Settings]:
    """The project file of a run, if there is one, and what it says for the environment.

    Raises:
        ManifestError: it is wrong.
        UsageError: ``environment-unknown``, or ``project-missing`` when it was asked for.
    """
    source = find_project(session.surroundings.start, given["project"])
    if source is None:
        if given["environment"] is not None:
            raise UsageError(
                "there is no project file, so there are no environments",
                id="project-missing",
                hint="write reconciler.yaml, or name it with `--project`",
            )
        return None, Settings()
    # reading needs the kinds, which take long to import; runs without a project file start faster
    from reconciler.manifest.project_reading import read_project  # noqa: PLC0415

    project = read_project(source)
    return project, project.settings(given["environment"])
