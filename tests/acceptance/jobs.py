"""The jobs of a pipeline that people copy, run as their forge runs them: shell lines, conditions, what is handed on."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.acceptance.person import KEY, READ_ONLY_KEY
from tests.repository import Made

SECRETS = {"MAILCOW_READ_ONLY_KEY": READ_ONLY_KEY, "MAILCOW_READ_WRITE_KEY": KEY, "SMTP_ACME": "x"}
PUSH_URL = '"https://token:$PUSH_TOKEN@$CI_SERVER_HOST/$CI_PROJECT_PATH.git"'
_EXPRESSION = re.compile(r"\$\{\{ ([\w.]+) \}\}")


@dataclass
class Pipeline:
    """A pipeline with a forge around it.

    Attributes:
        file: what people copy.
        url: the mail server.
        folder: the forge's own, outside of any clone.
        artifacts: files that jobs have kept for others.
        known: what jobs have handed on otherwise, by the names it has in later ones.
    """

    file: Path
    url: str
    folder: Path
    artifacts: dict[str, bytes] = field(default_factory=dict)
    known: dict[str, str] = field(default_factory=dict)

    @property
    def _content(self) -> Any:
        return yaml.safe_load(self.file.read_text(encoding="utf-8"))

    def plans(self, clone: Made) -> bool:
        """Run what a pull request runs; whether it ended well."""
        return self._runs("plan", clone)

    def applies(
        self, clone: Callable[[], Made], *, offline: bool = False, meanwhile: Callable[[], object] = lambda: None
    ) -> bool:
        """Run what a merge runs, each job in a clone of its own; whether all ended well.

        Args:
            clone: makes a clone.
            offline: the job that applies cannot fetch.
            meanwhile: happens after the job before, where there is one.
        """
        content = self._content
        job = content.get("jobs", content)["apply"]
        if "needs" in job:
            if not self._runs("plan", clone()):
                return False
            meanwhile()
        return self._runs("apply", clone(), offline=offline)

    def _runs(self, job: str, clone: Made, *, offline: bool = False) -> bool:
        content = self._content
        if "jobs" in content:
            return self._runs_steps(job, content["jobs"][job], clone, offline=offline)
        return self._runs_script(content["default"], content[job], clone, offline=offline)

    def _runs_steps(self, name: str, job: Any, clone: Made, *, offline: bool) -> bool:
        """GitHub's: after a step that failed only those whose condition says so."""
        expressions = {**{f"secrets.{secret}": value for secret, value in SECRETS.items()}, **self.known}
        failed, fetched = False, False
        for step in job["steps"]:
            condition = step.get("if", "")
            if failed and not (condition.startswith("always()") and (fetched or "memory" not in condition)):
                continue
            if "artifact" in step.get("uses", ""):
                self._hands_over(step, clone)
            if "run" not in step or "pip install" in step["run"]:
                continue
            output = self.folder / f"output-{name}"
            output.write_text("")
            environ = {variable: _filled(text, expressions) for variable, text in step.get("env", {}).items()}
            environ |= {"GITHUB_STEP_SUMMARY": str(self.folder / "summary.md"), "GITHUB_OUTPUT": str(output)}
            ended = self._types(step["run"], clone, environ, offline=offline)
            expressions |= {f"steps.{step.get('id')}.outputs.{key}": value for key, value in _assigned(output).items()}
            failed = failed or not ended
            fetched = fetched or ("git fetch" in step["run"] and ended)
        for key, text in job.get("outputs", {}).items():
            self.known[f"needs.{name}.outputs.{key}"] = _filled(text, expressions)
        return not failed

    def _hands_over(self, step: Any, clone: Made) -> None:
        if "upload" in step["uses"]:
            self._keeps(step["with"]["name"], clone.folder / step["with"]["path"])
        else:
            name = step["with"]["name"]
            (clone.folder / f"{name}.json").write_bytes(self.artifacts[name])

    def _keeps(self, name: str, file: Path) -> None:
        self.artifacts[name] = file.read_bytes()

    def _runs_script(self, default: Any, job: Any, clone: Made, *, offline: bool) -> bool:
        """GitLab's: one script, with the files and variables of the jobs it needs."""
        for name, content in self.artifacts.items() if "needs" in job else ():
            (clone.folder / f"{name}.json").write_bytes(content)
        lines = [line for line in (*default["before_script"], *job["script"]) if "pip install" not in line]
        environ = {**SECRETS, **(self.known if "needs" in job else {})}
        ended = self._types("\n".join(lines).replace(PUSH_URL, "origin"), clone, environ, offline=offline)
        kept = job.get("artifacts", {})
        for path in kept.get("paths", ()) if ended else ():
            self._keeps(Path(path).stem, clone.folder / path)
        if ended and "reports" in kept:
            self.known |= _assigned(clone.folder / kept["reports"]["dotenv"])
        return ended

    def _types(self, script: str, clone: Made, environ: Mapping[str, str], *, offline: bool) -> bool:
        if offline:
            script = script.replace("git fetch", "git fetch nowhere", 1)
        everywhere = {
            **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
            "PATH": self._path(),
            "MAILCOW_URL": self.url,
            "HOME": str(self.folder),
            "CI": "true",
            "PYTHONPATH": os.pathsep.join(sys.path),
        }
        done = subprocess.run(
            ["bash", "-e", "-c", script],
            cwd=clone.folder,
            env={**everywhere, **environ},
            capture_output=True,
            check=False,
        )
        return done.returncode == 0

    def _path(self) -> str:
        """A PATH on which the program is, run as a process of its own."""
        program = self.folder / "bin" / "reconciler"
        program.parent.mkdir(exist_ok=True)
        program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m reconciler "$@"\n', encoding="utf-8")
        program.chmod(0o755)
        return f"{program.parent}{os.pathsep}{os.environ['PATH']}"


def _filled(text: str, expressions: Mapping[str, str]) -> str:
    """A text with its expressions filled in; one that nobody has set is empty, as GitHub has it."""
    return _EXPRESSION.sub(lambda found: expressions.get(found[1], ""), text)


def _assigned(file: Path) -> dict[str, str]:
    """Assignments in a file, one a line."""
    return dict(line.split("=", 1) for line in file.read_text(encoding="utf-8").splitlines())
