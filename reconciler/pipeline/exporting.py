"""A server written down as manifests."""

from __future__ import annotations

from reconciler.flow import Exported, Server
from reconciler.kinds import registry
from reconciler.manifest.dump import dump
from reconciler.manifest.unshown import unshown
from reconciler.model.focus import Focus
from reconciler.model.state import LiveState
from reconciler.pipeline.approach import approach
from reconciler.pipeline.opening import opened
from reconciler.pipeline.stopwatch import Stopwatch
from reconciler.remote.wanted import Wanted, listed_fields
from reconciler.spec.mark import Owner


def export(server: Server, *, domains: tuple[str, ...] | None, every_field: bool) -> Exported:
    """Read a server and write it down as manifests.

    Args:
        domains: patterns of those that are written down; None for all, and what belongs to none.
        every_field: also what is usually changed by others than the operator.

    Raises:
        ApiError: the server, or the way to it, failed.
    """
    watch = Stopwatch(server.clock.now)
    kinds = registry()
    with watch.stage("reading server"), approach(server) as way, opened(way, watch) as source:
        lists = Wanted(
            fields={
                name: listed_fields(kind)
                for name, kind in kinds.items()
                if kind.sources and (every_field or kind.owner is Owner.OPERATOR)
            },
            domains=domains,
        )
        first = source.reader.read(lists)
        readout = source.reader.read(_everything(first.live, domains, every_field=every_field), known=first.live)
    with watch.stage("writing"):
        title = f"{source.identity.origin} (mailcow {source.identity.version})"
        focus = Focus(domains or ())
        dumped = dump(readout.live, kinds, title=title, every_field=every_field, focus=focus)
        whole = not focus
        lacking = unshown(readout.live, kinds, source.capabilities, every_field=every_field) if whole else None
    return Exported(
        files=dumped.files,
        diagnostics=(*first.diagnostics, *readout.diagnostics, *dumped.diagnostics, *([lacking] if lacking else [])),
        timings=watch.seconds,
        requests=source.requests,
    )


def _everything(live: LiveState, domains: tuple[str, ...] | None, *, every_field: bool) -> Wanted:
    """Want what lists do not show, for every resource there is."""
    fields: dict[str, set[str]] = {}
    details: dict[tuple[str, str], frozenset[str]] = {}
    for name, kind in registry().items():
        if not live.was_read(name):
            continue
        fields[name] = set(listed_fields(kind))
        for each in kind.fields.values():
            if each.mark.read and (every_field or each.mark.owner is Owner.OPERATOR):
                fields[name].add(each.name)
                details[name, each.name] = frozenset(live.of(name))
    return Wanted(fields=fields, details=details, domains=domains)
