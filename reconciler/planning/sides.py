"""Both sides of a comparison with what decides it, and what is found on the way."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.model.change import Change
from reconciler.model.diagnostic import error
from reconciler.model.resource import Declared, Observed
from reconciler.model.state import DesiredState, LiveState
from reconciler.planning.difference import Findings
from reconciler.planning.options import PlanOptions
from reconciler.records import field, record
from reconciler.spec.capabilities import Capabilities
from reconciler.spec.kind import Field, Kind, Situation


@record(frozen=True, slots=True)
class Sides:
    """Both sides of a comparison.

    Attributes:
        kinds: every kind, in creation order.
        findings: what has been found so far.
    """

    kinds: Mapping[str, Kind]
    desired: DesiredState
    live: LiveState
    capabilities: Capabilities
    options: PlanOptions
    findings: Findings = field(default_factory=Findings)

    def situation(self, change: Change, observed: Observed | None) -> Situation:
        """What a kind's own rules are asked about, before anything of it is done."""
        from reconciler.spec.encode import situation_of  # noqa: PLC0415  only where something differs

        return situation_of(change, observed, live=self.live, future=self.live, capabilities=self.capabilities)

    def known(self, kind: Kind, declared: Declared, each: Field) -> bool:
        """Whether the server knows a field; says so where it does not."""
        if each.supported(self.capabilities):
            return True
        self.unsupported(kind, declared, each)
        return False

    def unsupported(self, kind: Kind, declared: Declared, each: Field | None) -> None:
        """Say that the server is too old, or too new, for a field or for the whole kind."""
        what = f"`{each.name}` of `{declared.address}`" if each is not None else f"`{declared.address}`"
        since = each.mark.since if each is not None else kind.since
        if self.options.skip_unsupported:
            self.not_compared(kind, each.name if each is not None else "*", "not known to this server")
            return
        came = (
            f"it came with {since}" if since is not None and self.capabilities.version < since else "it is gone since"
        )
        self.complain(
            "unsupported",
            f"the server ({self.capabilities.version}) does not know {what}; {came}",
            declared,
            hint="leave it out, upgrade the server, or pass `--skip-unsupported`",
        )

    def not_compared(self, kind: Kind, name: str, reason: str) -> None:
        """Count what could not be compared, and why."""
        self.findings.not_compared[kind.name, name, reason] += 1

    def complain(self, identifier: str, summary: str, declared: Declared, *, hint: str) -> None:
        """Find fault with a declaration."""
        self.findings.diagnostics.append(
            error(
                identifier,
                summary,
                hint=hint,
                origin=self.options.locate(declared.place),
                address=declared.address,
            )
        )
