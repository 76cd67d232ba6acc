"""The options commands share, and what becomes of them: flag before environment before project file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any, Final, TypeVar

import click

from reconciler.cli.commands import Commands
from reconciler.cli.destination import check_destination
from reconciler.cli.named import address_named, kind_named, prune_rule
from reconciler.cli.programs import git_runner
from reconciler.cli.session import JSON, MARKDOWN, TEXT, Given, Session
from reconciler.cli.surroundings import KEY_VARIABLE, URL_VARIABLE
from reconciler.errors import UsageError
from reconciler.flow import Inputs, PlanRequest, Server, Snapshot
from reconciler.history.asked import Asked, Choice
from reconciler.manifest.project import (
    GuardSettings,
    Project,
    ServerSettings,
    Settings,
    Trusted,
    find_project,
)
from reconciler.model.focus import Focus
from reconciler.model.secret import Secret, may_hold_api_key

_Command = TypeVar("_Command", bound=Callable[..., Any])


def _together(*decorators: Callable[[Any], Any]) -> Callable[[_Command], _Command]:
    def decorate(command: _Command) -> _Command:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return decorate


def _set_format(context: click.Context, _parameter: click.Parameter, value: str) -> str:
    context.ensure_object(Session).format = value
    return value


def _set_verbosity(context: click.Context, parameter: click.Parameter, value: bool) -> bool:  # noqa: FBT001  click's
    if value:
        context.ensure_object(Session).verbosity = 1 if parameter.name == "verbose" else -1
    return value


def format_option(*formats: str) -> Callable[[_Command], _Command]:
    """``--format``."""
    return click.option(
        "--format",
        type=click.Choice(formats),
        default=TEXT,
        show_default=True,
        is_eager=True,
        callback=_set_format,
        help="Form of the data on standard output.",
    )


def output_options(*formats: str) -> Callable[[_Command], _Command]:
    """``--format``, ``-v``, ``-q`` and ``--profile``."""
    return _together(
        format_option(*formats),
        click.option(
            "-v",
            "--verbose",
            is_flag=True,
            callback=_set_verbosity,
            help="Say more: every call, and where an error came from.",
        ),
        click.option("-q", "--quiet", is_flag=True, callback=_set_verbosity, help="Say only what matters."),
        click.option("--profile", is_flag=True, help="Say where the time went."),
    )


PATHS: Final = click.argument("paths", nargs=-1, metavar="[PATH]...")

PROJECT_OPTIONS: Final = _together(
    click.option("--project", metavar="FILE", help="The project file; found upwards from here otherwise."),
    click.option("--env", "environment", metavar="NAME", help="An environment of the project file."),
)

INPUT_OPTIONS: Final = _together(
    click.option("--values", multiple=True, metavar="FILE", help="Values for templates; the last one wins."),
    click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="A value for templates, as YAML."),
    click.option("--set-string", "texts", multiple=True, metavar="NAME=TEXT", help="A value for templates, as text."),
    click.option("--no-cache", is_flag=True, help="Parse every file anew."),
)

CONNECTION_OPTIONS: Final = _together(
    click.option("--url", metavar="URL", help=f"The server; otherwise {URL_VARIABLE}, or the project file's."),
    click.option("--ca-file", metavar="FILE", help="Certificates to trust in place of the public ones."),
    click.option("--insecure-http", is_flag=True, help="Send the API key unencrypted to another machine."),
    click.option(
        "--parallelism",
        type=click.IntRange(1, 64),
        metavar="N",
        help="Requests at once; fewer while the server labours.",
    ),
)

SERVER_OPTIONS: Final = _together(
    CONNECTION_OPTIONS,
    click.option("--domain", "domains", multiple=True, metavar="PATTERN", help="Only what belongs to these domains."),
)

PLAN_OPTIONS: Final = _together(
    click.option(
        "--target",
        "targets",
        multiple=True,
        metavar="KIND/KEY",
        help="Only this, and what it needs; `*` matches anything.",
    ),
    click.option("--show-calls", is_flag=True, help="Show the exact API calls, without secrets."),
    click.option("--skip-unsupported", is_flag=True, help="Leave out what the server's version does not know."),
    click.option(
        "--resend",
        multiple=True,
        metavar="KIND/KEY[#FIELD]",
        help="Send what cannot be compared, such as a password; `*` matches anything.",
    ),
    click.option("--base", metavar="REV", help="Delete what this revision declared and the manifests do not any more."),
    click.option("--no-base", is_flag=True, help="Delete nothing for being no longer declared."),
    click.option(
        "--prune",
        multiple=True,
        metavar="KIND[:PATTERN]",
        help="Delete what is not declared of this kind, in domains like PATTERN; besides what the project file says.",
    ),
    click.option(
        "--policy-from",
        metavar="REV[:FILE]",
        help="Only what reconciler-policy.yaml of this revision permits; its guards are taken too.",
    ),
    click.option("--show-unmanaged", is_flag=True, help="List what is on the server and nothing declares."),
    click.option("--allow-delete", multiple=True, metavar="KIND/KEY", help="Delete it although it is to be kept."),
    click.option("--allow-delete-kind", multiple=True, metavar="KIND", help="Delete of a protected kind."),
    click.option("--allow-vanished", multiple=True, metavar="KIND", help="All of it may be gone that was applied."),
    click.option("--allow-deletes", type=click.IntRange(0), metavar="N", help="Up to so many deletions."),
    click.option(
        "--allow-delete-percent", type=click.IntRange(0, 100), metavar="N", help="Up to this share of a kind."
    ),
    click.option("--allow-delete-bytes", type=click.IntRange(0), metavar="N", help="Up to so many bytes of mail."),
    click.option("--allow-changes", type=click.IntRange(0), metavar="N", help="Up to so many changes."),
)


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
        run=Commands(project.folder if project is not None else surroundings.start, environ),
        values=(*settings.values, *(surroundings.start / each for each in given["values"])),
        settings=given["settings"],
        texts=given["texts"],
        environ=environ,
        stdin=surroundings.stdin.buffer.read,
        asked=Asked(
            start=surroundings.start,
            paths=given["paths"],
            values=given["values"],
            project=given["project"],
            environment=given["environment"],
            settings=given["settings"],
            texts=given["texts"],
        ),
        git=git_runner(surroundings.environ),
        cache=None if given["no_cache"] else surroundings.cache,
    )


def _without_keys(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that manifests and their commands may see: no API key, under whatever name it is there too."""
    holders = {name for name in environ if may_hold_api_key(name)}
    keys = {environ[name] for name in holders if name != URL_VARIABLE and not name.endswith("_FOR")}
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


def server_of(session: Session, given: Given, settings: ServerSettings) -> Server:
    """The server of a run.

    Raises:
        UsageError: ``server-missing``, ``api-key-missing``, or what `check_destination` raises.
    """
    environ = session.surroundings.environ
    named_outside = given["url"] or environ.get(URL_VARIABLE)
    url = named_outside or settings.url
    if not url:
        raise UsageError(
            "there is no server",
            id="server-missing",
            hint=f"pass `--url https://mail.example.org`, set {URL_VARIABLE}, or write `server: {{url: ...}}` in "
            "reconciler.yaml",
        )
    variable = settings.key_variable or KEY_VARIABLE
    key = environ.get(variable)
    if not key:
        raise UsageError("there is no API key", id="api-key-missing", hint=f"set {variable}", variable=variable)
    check_destination(url, variable=variable, named_outside=bool(named_outside), environ=environ)
    ca_file = session.surroundings.start / given["ca_file"] if given["ca_file"] else settings.ca_file
    return Server(
        url=url,
        key=Secret(key),
        clock=session.surroundings.clock,
        settings=replace(settings, ca_file=ca_file, parallelism=given["parallelism"] or settings.parallelism),
        allow_plain_http=given["insecure_http"],
    )


def plan_request_of(session: Session, given: Given) -> PlanRequest:
    """Everything a plan is made of."""
    project, settings = project_of(session, given)
    trusted = _trusted(session, given["policy_from"] or settings.policy_from, given, project)
    return PlanRequest(
        inputs=inputs_of(session, given, project, settings),
        server=_live(session, given["live"]) if given.get("live") else server_of(session, given, settings.server),
        focus=Focus(given["domains"], given["targets"]),
        resend=given["resend"],
        skip_unsupported=given["skip_unsupported"],
        limits=_limits(settings.guards if trusted is None else trusted.guards, given),
        policy=None if trusted is None else trusted.policy,
        allowed_deletes=tuple(map(address_named, given["allow_delete"])),
        allowed_kinds=_kinds(given, "--allow-delete-kind"),
        allowed_vanished=_kinds(given, "--allow-vanished"),
        show_unmanaged=given["show_unmanaged"],
        prune=(*settings.prune, *map(prune_rule, given["prune"])),
        base=Choice(revision=given["base"], off=given["no_base"]),
    )


def _trusted(session: Session, revision: str | None, given: Given, project: Project | None) -> Trusted | None:
    if revision is None:
        return None
    # as in `project_of`
    from reconciler.history.policy import trusted_at  # noqa: PLC0415

    return trusted_at(
        revision,
        start=session.surroundings.start,
        git=git_runner(session.surroundings.environ),
        project=project,
        environment=given["environment"],
    )


def _live(session: Session, file: str) -> Snapshot:
    return session.pipeline.taken_before((session.surroundings.start / file).read_text(encoding="utf-8"))


def _kinds(given: Given, flag: str) -> tuple[str, ...]:
    words = given[flag.removeprefix("--").replace("-", "_")]
    return tuple(kind_named(word, hint="`reconciler kinds` lists them") for word in words)


def _limits(guards: GuardSettings, given: Mapping[str, Any]) -> GuardSettings:
    raised = {each.name: given.get(f"allow_{each.name}") for each in fields(guards)}
    return replace(guards, **{name: value for name, value in raised.items() if value is not None})


ALL_FORMATS: Final = (TEXT, JSON, MARKDOWN)
