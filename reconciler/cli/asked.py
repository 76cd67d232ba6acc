"""What a command asks for: the pipeline, or a test's stand-in for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from reconciler.flow import (
        Exported,
        Inputs,
        PlanRequest,
        PlanResult,
        Server,
        Snapshot,
        SnapshotTaken,
        Validation,
    )
    from reconciler.model.diagnostic import Diagnostic
    from reconciler.model.plan import Plan
    from reconciler.model.reference import KindReference
    from reconciler.model.report import Event, Report


class Pipeline(Protocol):
    """The functions of `reconciler.pipeline`. All raise `ReconcilerError`, and nothing else on purpose."""

    def validate(self, inputs: Inputs) -> Validation:
        """Read and check the manifests, without any server."""

    def plan(self, request: PlanRequest) -> PlanResult:
        """Read both sides and say what would change; a refused plan is an answer, not an error."""

    def alone(
        self, request: PlanRequest, *, wait: bool, told: Callable[[str], None]
    ) -> AbstractContextManager[tuple[Diagnostic, ...]]:
        """Keep other applies of the same checkout out; gives what the last one left unsaid."""

    def resume(self, request: PlanRequest, kept: Plan) -> PlanResult:
        """Plan again by the terms of a kept plan, and take of it what has not moved."""

    def in_waves(self, request: PlanRequest, planned: PlanResult) -> PlanResult:
        """Part a plan: what is left for the next run, and what is tried before the rest."""

    def apply(self, request: PlanRequest, planned: PlanResult, *, on_event: Callable[[Event], None]) -> Report:
        """Carry out a plan that was just made; finishes what is in flight when interrupted."""

    def remember(self, request: PlanRequest, planned: PlanResult) -> tuple[Diagnostic, ...]:
        """Remember the revision of an empty plan as applied; an apply that converges does so itself."""

    def export(self, server: Server, *, domains: tuple[str, ...] | None, every_field: bool) -> Exported:
        """Read a server and write it down as manifests."""

    def snapshot(self, server: Server, *, details: bool) -> SnapshotTaken:
        """Keep a server's answers, without secrets."""

    def taken_before(self, content: bytes) -> Snapshot:
        """Take a kept snapshot up again, to plan against it."""

    def schemas(self) -> Mapping[str, Mapping[str, Any]]:
        """The JSON Schemas of what people write, by file name."""

    def references(self) -> Sequence[KindReference]:
        """What every kind is, for people."""
