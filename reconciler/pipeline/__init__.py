"""The flow: validate, plan, apply, export. The library's public face.

manifests -> loading --> desired --+
                                   +-> planning: diff -> checks -> compile -> guard -> Plan -> applying -> Report
server ---> opening ---> live -----+

loading.py     manifests in: found, read, made one desired state
approach.py    the way to a server, made ready meanwhile
opening.py     a server that lets us in, as long as it is needed
planning.py    both sides read, and what would change said
looking_back.py  what applies that ended too early may have left out
applying.py    a plan carried out, proved by reading again, and remembered
resuming.py    a plan that was kept, taken up again
waves.py       a plan parted: what is left for the next run, what is tried first
exporting.py   a server written down as manifests
snapshotting.py  a server's answers kept in a file, and planned against later
describing.py  what can be declared, for editors and people
interruption.py  signals: finish what is in flight, or end
workplace.py   one apply at a time, each written down as it goes
stopwatch.py   where the time goes

Each stage is imported when it is first asked for: checking a manifest needs no HTTP, and explaining a kind neither.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from reconciler.pipeline.applying import apply, remember
    from reconciler.pipeline.describing import references, schemas
    from reconciler.pipeline.exporting import export
    from reconciler.pipeline.loading import validate
    from reconciler.pipeline.planning import plan
    from reconciler.pipeline.resuming import resume
    from reconciler.pipeline.snapshotting import snapshot, taken_before
    from reconciler.pipeline.waves import in_waves
    from reconciler.pipeline.workplace import alone

__all__ = [
    "alone",
    "apply",
    "export",
    "in_waves",
    "plan",
    "references",
    "remember",
    "resume",
    "schemas",
    "snapshot",
    "taken_before",
    "validate",
]

_STAGES: Final = {
    "alone": "workplace",
    "apply": "applying",
    "export": "exporting",
    "in_waves": "waves",
    "plan": "planning",
    "references": "describing",
    "remember": "applying",
    "resume": "resuming",
    "schemas": "describing",
    "snapshot": "snapshotting",
    "taken_before": "snapshotting",
    "validate": "loading",
}


def __getattr__(name: str) -> Any:
    """Import a stage when it is first asked for."""
    if name not in _STAGES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_STAGES[name]}"), name)
