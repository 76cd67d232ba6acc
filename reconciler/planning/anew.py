"""A server that was lost and is made anew: what no server shows was sent to the one before it, and not to this one."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from reconciler.model.change import Action, Change
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.state import DesiredState
from reconciler.spec.capabilities import Capabilities
from reconciler.spec.kind import Kind

__all__ = ["unsent_to_a_new_server"]


def unsent_to_a_new_server(
    kinds: Mapping[str, Kind], desired: DesiredState, changes: Collection[Change], capabilities: Capabilities
) -> Diagnostic | None:
    """Tell of settings that are never shown, declared and not sent, where most of what is declared is missing.

    They are sent by the first apply that is remembered, and when their declaration changes. Who makes a lost server
    anew has applied them before, and who keeps no history has no first apply.
    """
    created = sum(change.action is Action.CREATE for change in changes)
    if created * 2 <= sum(
        len(there) for name, there in desired.resources.items() if kinds[name].routes.add is not None
    ):
        return None
    changed = {change.address for change in changes}
    left = [
        name
        for name, there in desired.resources.items()
        if not kinds[name].sources
        and capabilities.knows(kinds[name].since)
        and any(each.address not in changed for each in there.values())
    ]
    if not left:
        return None
    return Diagnostic(
        "settings-unsent",
        Severity.WARNING,
        f"not sent, as no server shows whether they are there: {', '.join(f'`{kinds[name].plural}`' for name in left)}",
        detail="most of what is declared is missing, as on a server that is made anew: it lacks these too",
        hint="to send them: " + " ".join(f"--resend '{name}/*#*'" for name in left),
    )
