from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli import main
from reconciler.cli.surroundings import Surroundings
from reconciler.flow import (
    Clock,
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
from reconciler.model.report import ChangeEnded, Event, OperationEnded, Outcome, Report
from reconciler.simulator import Simulator
from reconciler.simulator.http import serving
from tests.acceptance.person import KEY
from tests.render import samples

SERVER = {"MAILCOW_URL": "https://mail.acme.example", "MAILCOW_API_KEY": "AAAA-BBBB"}

_MAIL = "domains: [{name: acme.example}]\naliases: [{address: info@acme.example, to: [x@elsewhere.example]}]\n"

Shell = Callable[..., subprocess.CompletedProcess[str]]
"""What the fixture `shell` is."""

CLOCK = Clock(now=lambda: 0.0, sleep=lambda _seconds: None, today="2026-11-22")


@dataclass
class FakePipeline:
    """Answers what it was told to, and keeps what it was asked."""

    plan_made: Plan = field(default_factory=lambda: replace(samples.PLAN, refusals=()))
    report: Report = field(
        default_factory=lambda: Report((ChangeEnded(samples.ANNA, Outcome.DONE),), calls=1, converged=True)
    )
    failure: BaseException | None = None
    asked: list[Any] = field(default_factory=list)
    read: bytes = b""
    exported: Mapping[str, str] = field(default_factory=lambda: {"domains/acme.example.yaml": "domains: []\n"})

    def _answer(self, *asked: Any) -> None:
        self.asked.append(asked)
        if self.failure is not None:
            raise self.failure

    def validate(self, inputs: Inputs) -> Validation:
        self._answer("validate", inputs)
        self.read = inputs.stdin() if "-" in inputs.paths else b""
        return Validation(resources=14, files=3, timings={"reading": 0.2})

    def plan(self, request: PlanRequest) -> PlanResult:
        self._answer("plan", request)
        operations = samples.OPERATIONS if request.calls else ()
        return PlanResult(plan=self.plan_made, operations=operations, timings={"reading": 0.2})

    def alone(
        self, request: PlanRequest, *, wait: bool, told: Callable[[str], None]
    ) -> AbstractContextManager[tuple[Diagnostic, ...]]:
        del request, wait, told
        return nullcontext(())

    def apply(self, request: PlanRequest, planned: PlanResult, *, on_event: Callable[[Event], None]) -> Report:
        self._answer("apply", request, planned)
        on_event(OperationEnded(planned.operations[0], 1, Outcome.DONE, (), 0.1))
        for ended in self.report.changes:
            on_event(ended)
        return self.report

    def in_waves(self, request: PlanRequest, planned: PlanResult) -> PlanResult:
        self._answer("in_waves", request, planned)
        return planned

    def resume(self, request: PlanRequest, kept: Plan) -> PlanResult:
        self._answer("resume", request, kept)
        return PlanResult(plan=self.plan_made, operations=samples.OPERATIONS)

    def remember(self, request: PlanRequest, planned: PlanResult) -> tuple[Diagnostic, ...]:
        self._answer("remember", request, planned)
        return ()

    def export(self, server: Server, *, domains: tuple[str, ...] | None, every_field: bool) -> Exported:
        self._answer("export", server, domains, every_field)
        return Exported(files=self.exported, diagnostics=(samples.FINDINGS[3],), timings={"reading": 0.2})

    def snapshot(self, server: Server, *, details: bool) -> SnapshotTaken:
        self._answer("snapshot", server, details)
        return SnapshotTaken(text="{}\n", answers=31, diagnostics=(samples.FINDINGS[3],), timings={"reading": 0.2})

    def taken_before(self, content: bytes) -> Snapshot:
        return Snapshot(url="https://mail.acme.example", answers={"snapshot": content.decode()})

    def schemas(self) -> Mapping[str, Mapping[str, Any]]:
        return {"manifest.schema.json": {"type": "object"}}

    def references(self) -> tuple[KindReference, ...]:
        return samples.KINDS


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


class TerminalInput(TextIOWrapper):
    def isatty(self) -> bool:
        return True


@dataclass
class Ended:
    """How a run ended."""

    code: int
    out: str
    err: str


@dataclass
class Runner:
    """Runs commands in a folder of their own."""

    folder: Path
    pipeline: FakePipeline = field(default_factory=FakePipeline)
    environ: dict[str, str] = field(default_factory=lambda: dict(SERVER))
    typed_in: str = ""
    on_terminal: bool = False

    def __call__(self, *typed: str) -> Ended:
        out, err = (Terminal(), Terminal()) if self.on_terminal else (StringIO(), StringIO())
        stdin = (TerminalInput if self.on_terminal else TextIOWrapper)(BytesIO(self.typed_in.encode()))
        surroundings = Surroundings(stdin, out, err, self.folder, self.environ, CLOCK)
        code = main(typed, surroundings=surroundings, pipeline=self.pipeline)
        return Ended(code, out.getvalue(), err.getvalue())


@pytest.fixture
def run(tmp_path: Path) -> Runner:
    (tmp_path / ".git").mkdir()
    return Runner(tmp_path)


@pytest.fixture
def simulator() -> Simulator:
    return Simulator("2026-07a", api_key=KEY)


@pytest.fixture
def shell(simulator: Simulator, tmp_path: Path) -> Iterator[Shell]:
    """Run a command by a shell, in a folder of its own, after something else that a shell does."""
    (tmp_path / "mail.yaml").write_text(_MAIL, encoding="utf-8")
    with serving(simulator) as url:
        environ = {**os.environ, "HOME": str(tmp_path), "MAILCOW_URL": url, "MAILCOW_API_KEY": KEY}

        def run(command: str, *, first: str = ":") -> subprocess.CompletedProcess[str]:
            script = f'{first}; exec "{sys.executable}" -B -m reconciler {command}'
            return subprocess.run(
                ["sh", "-c", script],
                cwd=tmp_path,
                env=environ,
                capture_output=True,
                text=True,
                check=False,
                timeout=60,
            )

        yield run
