"""``reconciler validate``."""

from __future__ import annotations

from typing import Any

import click

from reconciler.cli.exits import Exit
from reconciler.cli.options import INPUT_OPTIONS, PATHS, PROJECT_OPTIONS, inputs_of, output_options, project_of
from reconciler.cli.session import JSON, TEXT, Session
from reconciler.render.diagnostic_text import diagnostics_text
from reconciler.render.phrases import count


@click.command("validate")
@PATHS
@PROJECT_OPTIONS
@INPUT_OPTIONS
@output_options(TEXT, JSON)
@click.pass_obj
def command(session: Session, /, **given: Any) -> int:
    """Check manifests, without any server.

    Every file is read and everything that is wrong is told at once, with file, line and column.
    """
    project, settings = project_of(session, given)
    checked = session.pipeline.validate(inputs_of(session, given, project, settings))
    if session.format == JSON:
        # documents take longer to import than a few manifests to check
        from reconciler.render.diagnostic_json import findings_document  # noqa: PLC0415
        from reconciler.render.plan_json import json_text  # noqa: PLC0415

        counts = {"resources": checked.resources, "files": checked.files}
        session.give(json_text({**findings_document(checked.diagnostics), **counts}))
    else:
        session.say(diagnostics_text(checked.diagnostics, session.talk_style))
        session.give(f"Valid: {count(checked.resources, 'resource')} in {count(checked.files, 'file')}\n")
    if given["profile"]:
        session.tell_profile(checked.timings)
    return Exit.DONE
