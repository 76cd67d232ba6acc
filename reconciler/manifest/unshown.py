"""What a server does not show, so that no manifest written from it says so: told while it is there to be asked."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.state import LiveState
from reconciler.spec.capabilities import Capabilities
from reconciler.spec.kind import Kind

__all__ = ["unshown"]


def unshown(
    live: LiveState, kinds: Mapping[str, Kind], capabilities: Capabilities, *, every_field: bool
) -> Diagnostic | None:
    """Name what a server made anew from its manifests would lack; None where that is nothing.

    Args:
        live: what was read of the server: of kinds it has nothing of, nothing is lacking.
        every_field: whether also what others than the operator change was written.
    """
    known = [kind for kind in kinds.values() if capabilities.knows(kind.since)]
    lacking = [f"{kind.plural}: {', '.join(names)}" for kind in known if (names := _hidden(kind, live, capabilities))]
    sections = [kind.plural for kind in known if not kind.sources or _is_blank(kind, live)]
    lacking += [f"whole sections: {', '.join(sections)}"] if sections else []
    if not lacking:
        return None
    more = "" if every_field else "; `--all-fields` writes what users set themselves, too"
    return Diagnostic(
        "export-lacks",
        Severity.NOTE,
        "the server does not show everything: made anew from these files, it would lack what is named here",
        detail="; ".join(lacking),
        hint=f"declare what you know of it, and keep a backup of the server for the rest{more}",
    )


def _is_blank(kind: Kind, live: LiveState) -> bool:
    """Whether nothing was answered where there is always something: an old server shows no password policy."""
    return kind.singleton and live.was_read(kind.name) and not any(each.values for each in live.of(kind.name).values())


def _hidden(kind: Kind, live: LiveState, capabilities: Capabilities) -> list[str]:
    """The fields this server knows, and shows of nothing it has."""
    if not kind.sources or not live.of(kind.name):
        return []
    return [
        name
        for name, each in kind.fields.items()
        if each.supported(capabilities) and not each.readable(capabilities) and name != kind.replaceable
    ]
