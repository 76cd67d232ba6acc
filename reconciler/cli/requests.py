"""What is asked of the pipeline, of what was typed: flag before environment before project file."""

from __future__ import annotations

from typing import Any

from reconciler.cli.destination import check_destination, check_environment
from reconciler.cli.inputs import inputs_of, project_of
from reconciler.cli.named import address_named, kind_named, prune_rule
from reconciler.cli.programs import git_runner
from reconciler.cli.surroundings import KEY_VARIABLE, PROXY_VARIABLE, URL_VARIABLE
from reconciler.errors import UsageError
from reconciler.flow import PlanRequest, Server
from reconciler.history.asked import Asked, Choice
from reconciler.manifest.project import GuardSettings
from reconciler.model.focus import Focus
from reconciler.model.secret import Secret
from reconciler.records import fields_of, replace
from reconciler.spec.names import pattern_for_people

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.cli.commands import Given
    from reconciler.cli.session import Session
    from reconciler.flow import Inputs, Snapshot
    from reconciler.manifest.project import Project, ServerSettings, Trusted


def server_of(session: Session, given: Given, settings: ServerSettings, project: Project | None) -> Server:
    """The server of a run.

    Raises:
        UsageError: ``server-missing``, ``api-key-missing``, or what `check_destination` and `check_environment` raise.
    """
    environ = session.surroundings.environ
    if given["environment"] is not None and not given["url"]:
        check_environment(given["environment"], settings.url, environ.get(URL_VARIABLE))
    named_outside = given["url"] or environ.get(URL_VARIABLE)
    url = named_outside or settings.url
    if not url:
        environments = project.environments if project is not None and given["environment"] is None else ()
        choice = f"name an environment (`--env {'`, `--env '.join(environments)}`), " if environments else ""
        raise UsageError(
            "there is no server",
            id="server-missing",
            hint=f"{choice}pass `--url https://mail.example.org`, set {URL_VARIABLE}, or write `server: {{url: ...}}` "
            "in reconciler.yaml",
        )
    variable = settings.key_variable or KEY_VARIABLE
    key = environ.get(variable)
    if not key:
        raise UsageError(
            "there is no API key",
            id="api-key-missing",
            hint=f"set {variable} to the server's read-only or read-write key",
            variable=variable,
        )
    check_destination(url, variable=variable, named_outside=bool(named_outside), environ=environ)
    ca_file = session.surroundings.start / given["ca_file"] if given["ca_file"] else settings.ca_file
    proxy = given["proxy"] or environ.get(PROXY_VARIABLE)
    return Server(
        url=url,
        key=Secret(key),
        proxy=Secret(proxy) if proxy else None,
        clock=session.surroundings.clock,
        settings=replace(settings, ca_file=ca_file, parallelism=given["parallelism"] or settings.parallelism),
        allow_plain_http=given["insecure_http"],
    )


def plan_request_of(session: Session, given: Given) -> PlanRequest:
    """Everything a plan is made of."""
    project, settings = project_of(session, given)
    trusted = _trusted(session, given["policy_from"] or settings.policy_from, given, project)
    return PlanRequest(
        inputs=_with_history(session, given, inputs_of(session, given, project, settings)),
        server=_live(session, given["live"])
        if given.get("live")
        else server_of(session, given, settings.server, project),
        focus=Focus(*(tuple(map(pattern_for_people, given[name])) for name in ("domains", "targets"))),
        resend=tuple(map(pattern_for_people, given["resend"])),
        skip_unsupported=given["skip_unsupported"],
        limits=_limits(settings.guards if trusted is None else trusted.guards, given),
        policy=None if trusted is None else trusted.policy,
        allowed_deletes=tuple(map(address_named, given["allow_delete"])),
        allowed_kinds=_kinds(given, "--allow-delete-kind"),
        allowed_vanished=_kinds(given, "--allow-vanished"),
        show_unmanaged=given["show_unmanaged"],
        prune=(*(settings.prune or ()), *map(prune_rule, given["prune"])),
        base=Choice(revision=given["base"], off=given["no_base"]),
    )


def at_its_place(session: Session, request: PlanRequest, *, looked_at: bool = False) -> PlanRequest:
    """The request with the place where applies of this checkout keep their lock and journals.

    Args:
        looked_at: it is only looked at.
    """
    project = request.inputs.project
    checkout = project.folder if project is not None else session.surroundings.start
    workplace = session.surroundings.workplace(checkout, looked_at=looked_at)
    return replace(request, inputs=replace(request.inputs, workplace=workplace))


def _with_history(session: Session, given: Given, inputs: Inputs) -> Inputs:
    """What is read, and the words for reading it at another revision too."""
    asked = Asked(
        start=inputs.start,
        paths=given["paths"],
        values=given["values"],
        project=given["project"],
        environment=given["environment"],
        settings=given["settings"],
        texts=given["texts"],
    )
    return replace(inputs, asked=asked, git=git_runner(session.surroundings.environ))


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
    return session.pipeline.taken_before((session.surroundings.start / file).read_bytes())


def _kinds(given: Given, flag: str) -> tuple[str, ...]:
    words = given[flag.removeprefix("--").replace("-", "_")]
    return tuple(kind_named(word, hint="`reconciler kinds` lists them") for word in words)


def _limits(guards: GuardSettings, given: Mapping[str, Any]) -> GuardSettings:
    raised = {name: given.get(f"allow_{name}") for name in fields_of(guards)}
    return replace(guards, **{name: value for name, value in raised.items() if value is not None})
