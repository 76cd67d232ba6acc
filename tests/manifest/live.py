"""The live states of the recorded servers, read from the simulator."""

import json
import lzma
from functools import cache
from pathlib import Path

from reconciler.kinds import registry
from reconciler.model.state import LiveState
from reconciler.remote.wanted import Wanted, listed_fields
from reconciler.simulator import snapshot
from tests.remote.rehearsal import rehearsing

STATES = Path(__file__).parents[1] / "contract" / "live"
VERSIONS = sorted(path.name.partition(".")[0] for path in STATES.iterdir())


@cache
def live_state(version: str) -> LiveState:
    """What the server of a version had after 900 random calls, as far as our kinds see it."""
    kinds = {name: kind for name, kind in registry().items() if kind.sources}
    with rehearsing(version) as server:
        answers = json.loads(lzma.decompress((STATES / f"{version}.json.xz").read_bytes()))
        snapshot.load(server.simulator.server, answers)
        lists = server.reader.read(Wanted(fields={name: listed_fields(kind) for name, kind in kinds.items()})).live
        fields = {
            name: {*listed_fields(kind), *(each for each, field in kind.fields.items() if field.mark.read)}
            for name, kind in kinds.items()
        }
        details = {(name, each): frozenset(lists.of(name)) for name in fields for each in fields[name]}
        return server.reader.read(Wanted(fields=fields, details=details), known=lists).live
