"""``reconciler validate``."""

from __future__ import annotations

from reconciler.cli.exits import Exit
from reconciler.cli.inputs import inputs_of, project_of
from reconciler.cli.options import INPUT_OPTIONS, PATHS, PROJECT_OPTIONS, output_options
from reconciler.cli.session import JSON, TEXT, Session
from reconciler.render.words import count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from reconciler.cli.commands import Given

WORDS = (PATHS, *PROJECT_OPTIONS, *INPUT_OPTIONS, *output_options(TEXT, JSON))


def act(session: Session, given: Given) -> int:
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
        session.give(json_text({**findings_document(()), **counts}))
    else:
        session.give(f"Valid: {count(checked.resources, 'resource')} in {count(checked.files, 'file')}\n")
    if given["profile"]:
        session.tell_profile(checked.timings)
    return Exit.DONE
