"""A server's answers kept in a file, and planned against later without any server."""

from __future__ import annotations

from reconciler.flow import Server, Snapshot, SnapshotTaken
from reconciler.kinds import registry
from reconciler.pipeline.approach import approach
from reconciler.pipeline.opening import opened
from reconciler.pipeline.stopwatch import Stopwatch
from reconciler.remote.reader import Reader
from reconciler.remote.schedule import containers_of
from reconciler.remote.snapshot import (
    VERSION_PATH,
    Recording,
    in_full,
    masked,
    put_together,
    read_snapshot,
    snapshot_text,
)
from reconciler.remote.wanted import Wanted
from reconciler.spec.kind import Kind


def snapshot(server: Server, *, details: bool) -> SnapshotTaken:
    """Read everything that plans compare with, and mask its secrets.

    Args:
        server: the server.
        details: also what only one request for each mailbox shows.

    Raises:
        ApiError: the server, or the way to it, failed.
    """
    watch = Stopwatch(server.clock.now)
    kinds = in_full(registry())
    homes = {home for kind in kinds.values() for home in kind.within}
    wanted = {name: kind for name, kind in kinds.items() if details or set(containers_of(kind)) <= homes}
    with watch.stage("reading server"), approach(server) as way, opened(way, watch) as source:
        assert source.client is not None
        recording = Recording(source.client)
        recording.get("status", "version")
        reader = Reader(recording, kinds=kinds, capabilities=source.capabilities, parallelism=source.parallelism)
        fields = {name: _readable(kind) for name, kind in wanted.items() if kind.sources}
        first = reader.read(Wanted(fields=fields))
        if details:
            places = {(name, field): frozenset(first.live.of(name)) for name in fields for field in fields[name]}
            reader.read(Wanted(fields=fields, details=places), known=first.live)
        if VERSION_PATH in recording.answers:  # what it is taken for, where it does not say it itself
            recording.answers[VERSION_PATH] = {"version": source.identity.version}
    answers = masked(put_together(recording.answers, kinds), kinds)
    text = snapshot_text(answers, origin=source.identity.origin, moment=server.clock.moment)
    return SnapshotTaken(
        text=text, answers=len(answers), diagnostics=first.diagnostics, timings=watch.seconds, requests=source.requests
    )


def _readable(kind: Kind) -> frozenset[str]:
    return frozenset(each.name for each in kind.fields.values() if each.mark.read)


def taken_before(content: bytes) -> Snapshot:
    """A snapshot, ready to be planned against.

    Raises:
        UsageError: ``snapshot-malformed``.
    """
    origin, answers = read_snapshot(content)
    return Snapshot(url=origin, answers=answers)
