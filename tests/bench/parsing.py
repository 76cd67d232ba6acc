"""How long it takes to read manifests, beside the limit: reading all bytes and parsing with the fastest parser alone.

    python -m tests.bench.parsing [OBJECTS] [ROUNDS]

Every row is the best of the rounds, in a process of its own, with Python's garbage collection off as on the command
line (`gc` says what it costs). Times drift with the machine; the ratios are what counts.
"""

from __future__ import annotations

import gc
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from reconciler.kinds import registry
from reconciler.manifest.build import build
from reconciler.manifest.cache import ParseCache
from reconciler.manifest.composition import compose
from reconciler.manifest.files import Source, find
from reconciler.manifest.reading import read
from reconciler.manifest.text import decode
from tests.bench.organisation import Organisation

DEFAULT_OBJECTS: Final = 10_000
DEFAULT_ROUNDS: Final = 3


def _find(folder: Path) -> tuple[Source, ...]:
    return find(["tree"], start=folder)


def _read_bytes(folder: Path) -> object:
    return [len(source.read()) for source in _find(folder)]


def _limit(folder: Path) -> object:
    import yaml_rs  # noqa: PLC0415  optional

    return [yaml_rs.loads(source.read().decode(), parse_datetime=False) for source in _find(folder)]


def _quick(folder: Path) -> object:
    return read(_find(folder), values={})


def _quick_collecting(folder: Path) -> object:
    gc.enable()
    return _quick(folder)


def _careful(folder: Path) -> object:
    return [compose(decode(source.read(), source.name)).value for source in _find(folder)]


def _built(folder: Path, cache: Path | None) -> object:
    memory = ParseCache(cache, owner="bench", stamp="1") if cache is not None else None
    reading = read(_find(folder), values={}, memory=memory)
    learn = memory.note if memory is not None else None
    desired = build(reading.manifests, registry(), earlier=reading.findings, learn=learn)
    if memory is not None:
        memory.save()
    return desired


def _uncached(folder: Path) -> object:
    return _built(folder, None)


def _cold(folder: Path) -> object:
    with tempfile.TemporaryDirectory(dir=folder) as cache:
        return _built(folder, Path(cache))


def _warm(folder: Path) -> object:
    return _built(folder, folder / "cache")


STAGES: Final[dict[str, Callable[[Path], object]]] = {
    "find": _find,
    "read bytes": _read_bytes,
    "limit": _limit,
    "read": _quick,
    "read, gc on": _quick_collecting,
    "read, PyYAML": _careful,
    "read, build": _uncached,
    "the same, cold": _cold,
    "the same, warm": _warm,
}


def _measure(name: str, folder: Path) -> tuple[float, float]:
    """Seconds and peak MiB of one stage."""
    gc.disable()
    begun = time.perf_counter()
    kept = STAGES[name](folder)
    seconds = time.perf_counter() - begun
    del kept
    return seconds, _peak()


def _peak() -> float:
    """The most memory this process ever had, in MiB; 0 where the system does not say."""
    status = Path("/proc/self/status")
    lines = status.read_text(encoding="ascii").splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), 0.0)


def main(objects: int, rounds: int) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        Organisation.of(objects).write_manifests(folder / "tree")
        sources = _find(folder)
        size = sum(len(source.read()) for source in sources) / 1e6
        print(f"{objects:,} objects, {len(sources):,} files, {size:.1f} MB, best of {rounds}")  # noqa: T201
        _warm(folder)
        fresh = multiprocessing.get_context("spawn")
        best: dict[str, tuple[float, float]] = {}
        for _ in range(rounds):
            for stage in STAGES:
                with fresh.Pool(1) as pool:
                    found = pool.apply(_measure, (stage, folder))
                best[stage] = min(found, best.get(stage, found))
        limit = best["limit"][0]
        for stage, (seconds, memory) in best.items():
            print(f"{stage:18} {seconds:8.3f} s {seconds / limit:6.2f} x limit {memory:7.0f} MiB")  # noqa: T201


if __name__ == "__main__":
    given = [int(argument) for argument in sys.argv[1:]]
    main(*(given + [DEFAULT_OBJECTS, DEFAULT_ROUNDS][len(given) :]))
