"""``reconciler snapshot``."""

from __future__ import annotations

from reconciler.cli.exits import Exit
from reconciler.cli.files import write_private
from reconciler.cli.inputs import project_of
from reconciler.cli.options import CONNECTION_OPTIONS, PROJECT_OPTIONS, output_options
from reconciler.cli.requests import server_of
from reconciler.cli.session import TEXT, Session
from reconciler.cli.words import flag, option
from reconciler.render.diagnostic_text import diagnostics_text
from reconciler.render.words import count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from reconciler.cli.commands import Given

WORDS = (
    option("--out", "Where it goes.", metavar="FILE", required=True),
    flag("--details", "Also what takes a request for each mailbox: spam scores, app passwords."),
    *PROJECT_OPTIONS,
    *CONNECTION_OPTIONS,
    *output_options(TEXT),
)


def act(session: Session, given: Given) -> int:
    """Keep what a server answers, without secrets.

    `plan --live FILE` plans against it without any server or key, such as in a pull request from a fork; `simulate
    --load FILE` starts with it. A read-only key is enough.
    """
    project, settings = project_of(session, given)
    taken = session.pipeline.snapshot(server_of(session, given, settings.server, project), details=given["details"])
    write_private(session.surroundings.start / given["out"], taken.text)
    session.say(diagnostics_text(taken.diagnostics, session.talk_style))
    session.say(f"Kept {count(taken.answers, 'answer')} in {given['out']}\n")
    if given["profile"]:
        session.tell_profile(taken.timings, taken.requests())
    return Exit.DONE
