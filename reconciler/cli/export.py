"""``reconciler export``."""

from __future__ import annotations

from typing import Any

import click

from reconciler.cli.exits import Exit
from reconciler.cli.files import write_folder
from reconciler.cli.options import PROJECT_OPTIONS, SERVER_OPTIONS, output_options, project_of, server_of
from reconciler.cli.session import JSON, TEXT, Session
from reconciler.render.diagnostic_json import findings_document
from reconciler.render.diagnostic_text import diagnostics_text
from reconciler.render.phrases import count
from reconciler.render.plan_json import json_text


@click.command("export")
@click.option("--out", required=True, metavar="FOLDER", help="Where the manifests go.")
@click.option("--overwrite", is_flag=True, help="Replace files that are there already.")
@click.option("--all-fields", is_flag=True, help="Also what users and others usually change themselves.")
@PROJECT_OPTIONS
@SERVER_OPTIONS
@output_options(TEXT, JSON)
@click.pass_obj
def command(session: Session, /, **given: Any) -> int:
    """Write a server's live state as manifests.

    A plan of what was written is empty.
    """
    _, settings = project_of(session, given)
    server = server_of(session, given, settings.server)
    exported = session.pipeline.export(server, domains=given["domains"] or None, every_field=given["all_fields"])
    write_folder(session.surroundings.start / given["out"], exported.files, overwrite=given["overwrite"])
    if session.format == JSON:
        session.give(json_text({**findings_document(exported.diagnostics), "files": sorted(exported.files)}))
    else:
        session.say(diagnostics_text(exported.diagnostics, session.talk_style))
        session.give(f"Exported: {count(len(exported.files), 'file')} in {given['out']}\n")
    if given["profile"]:
        session.tell_profile(exported.timings, exported.requests())
    return Exit.DONE
