"""``reconciler export``."""

from __future__ import annotations

from reconciler.cli.exits import Exit
from reconciler.cli.files import left_behind, write_folder
from reconciler.cli.inputs import project_of
from reconciler.cli.options import PROJECT_OPTIONS, SERVER_OPTIONS, output_options
from reconciler.cli.requests import server_of
from reconciler.cli.session import JSON, TEXT, Session
from reconciler.cli.words import flag, option
from reconciler.manifest.dump import WRITTEN_BY_EXPORT
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.render.diagnostic_json import findings_document
from reconciler.render.diagnostic_text import diagnostics_text
from reconciler.render.plan_json import json_text
from reconciler.render.words import count
from reconciler.spec.names import pattern_for_people

TYPE_CHECKING = False
if TYPE_CHECKING:
    from reconciler.cli.commands import Given

WORDS = (
    option("--out", "Where the manifests go.", metavar="FOLDER", required=True),
    flag("--overwrite", "Replace files that are there already."),
    flag("--all-fields", "Also what users and others usually change themselves."),
    *PROJECT_OPTIONS,
    *SERVER_OPTIONS,
    *output_options(TEXT, JSON),
)


def act(session: Session, given: Given) -> int:
    """Write a server's live state as manifests.

    A plan of what was written is empty.
    """
    project, settings = project_of(session, given)
    server = server_of(session, given, settings.server, project)
    domains = tuple(map(pattern_for_people, given["domains"]))
    exported = session.pipeline.export(server, domains=domains or None, every_field=given["all_fields"])
    folder = session.surroundings.start / given["out"]
    write_folder(folder, exported.files, overwrite=given["overwrite"])
    stale = () if domains else left_behind(folder, exported.files, marked=WRITTEN_BY_EXPORT)
    findings = (*exported.diagnostics, *map(_stale, stale))
    if session.format == JSON:
        session.give(json_text({**findings_document(findings), "files": sorted(exported.files)}))
    else:
        session.say(diagnostics_text(findings, session.talk_style))
        session.give(f"Exported: {count(len(exported.files), 'file')} in {given['out']}\n")
    if given["profile"]:
        session.tell_profile(exported.timings, exported.requests())
    return Exit.DONE


def _stale(name: str) -> Diagnostic:
    return Diagnostic(
        "export-stale",
        Severity.WARNING,
        f"`{name}` is of an earlier export, and nothing of it was there to be written again",
        hint="remove it, or an apply makes anew what it declares",
    )
