"""``reconciler simulate``."""

from __future__ import annotations

from typing import Final

from reconciler.cli.exits import Exit
from reconciler.cli.surroundings import KEY_VARIABLE, URL_VARIABLE
from reconciler.cli.words import Numbers, option
from reconciler.errors import UsageError
from reconciler.simulator import Simulator, State, UnknownVersionError, snapshot, state_file
from reconciler.simulator.faults import Faults
from reconciler.simulator.http import serve
from reconciler.simulator.profile import NEWEST, OLDEST

TYPE_CHECKING = False
if TYPE_CHECKING:
    from reconciler.cli.commands import Given
    from reconciler.cli.session import Session

_HOST: Final = "127.0.0.1"

WORDS = (
    option("--version", "Which mailcow to behave like.", metavar="VERSION", default=NEWEST),
    option("--port", "0 takes a free one.", takes=Numbers(0, 65535), default=8080),
    option("--api-key", "May read and write.", metavar="KEY", default="simulator-key"),
    option("--read-only-key", "May only read.", metavar="KEY"),
    option("--state", "Keep what the server remembers in this file.", metavar="FILE"),
    option("--load", "Start with this live state: GET answers by path, as JSON.", metavar="SNAPSHOT"),
    option("--fault", "What goes wrong, such as `latency=20ms`.", name="faults", metavar="FAULT", many=True),
    option("--seed", "Of what goes wrong by chance.", takes=Numbers(), default=0),
)


def act(session: Session, given: Given) -> int:
    """Serve a mailcow of our own, to try things out.

    It listens on this machine only, behaves like the real server of its version, and prints its address on a line by
    itself once it takes requests.
    """
    start = session.surroundings.start
    kept = start / given["state"] if given["state"] else None
    simulator = _simulator(given, state_file.load(kept, version=given["version"]) if kept else None)
    if given["load"]:
        for gap in snapshot.load(simulator.server, snapshot.read(start / given["load"])):
            session.say(f"{gap}\n")

    def ready(url: str) -> None:
        session.say(f"export {URL_VARIABLE}={url} {KEY_VARIABLE}={given['api_key']}\n")
        session.give(f"{url}\n")

    faults = Faults.of(*given["faults"], seed=given["seed"])
    serve(simulator, _HOST, given["port"], faults=faults, state_file_path=kept, ready=ready)
    return Exit.DONE


def _simulator(given: Given, state: State | None) -> Simulator:
    try:
        return Simulator(given["version"], api_key=given["api_key"], read_only_key=given["read_only_key"], state=state)
    except UnknownVersionError as problem:
        hint = f"there are {OLDEST} to {NEWEST}"
        raise UsageError(str(problem), id="version-unknown", hint=hint) from problem
