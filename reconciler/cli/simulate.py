"""``reconciler simulate``."""

from __future__ import annotations

from typing import Any, Final

import click

from reconciler.cli.exits import Exit
from reconciler.cli.session import Session
from reconciler.cli.surroundings import KEY_VARIABLE, URL_VARIABLE
from reconciler.errors import UsageError
from reconciler.simulator import Simulator, State, UnknownVersionError, snapshot, state_file
from reconciler.simulator.faults import Faults
from reconciler.simulator.http import serve

_NEWEST: Final = "2026-07a"
_HOST: Final = "127.0.0.1"


@click.command("simulate")
@click.option("--version", default=_NEWEST, show_default=True, metavar="VERSION", help="Which mailcow to behave like.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0 takes a free one.")
@click.option("--api-key", default="simulator-key", show_default=True, metavar="KEY", help="May read and write.")
@click.option("--read-only-key", metavar="KEY", help="May only read.")
@click.option("--state", metavar="FILE", help="Keep what the server remembers in this file.")
@click.option("--load", metavar="SNAPSHOT", help="Start with this live state: GET answers by path, as JSON.")
@click.option("--fault", "faults", multiple=True, metavar="FAULT", help="What goes wrong, such as `latency=20ms`.")
@click.option("--seed", type=int, default=0, help="Of what goes wrong by chance.")
@click.pass_obj
def command(session: Session, /, **given: Any) -> int:
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


def _simulator(given: dict[str, Any], state: State | None) -> Simulator:
    try:
        return Simulator(given["version"], api_key=given["api_key"], read_only_key=given["read_only_key"], state=state)
    except UnknownVersionError as problem:
        hint = "there are 2022-01 to 2026-07a"
        raise UsageError(str(problem), id="version-unknown", hint=hint) from problem
