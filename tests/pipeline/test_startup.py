"""What a plan of nothing new imports below the command line: neither what weighs changes, nor what tells of trouble."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import reconciler
from tests.remote.rehearsal import KEY, Rehearsal, rehearsing
from tests.repository import Made, made

ROOT = Path(reconciler.__file__).parents[1]

WITHOUT_CHANGES = {
    "ast",
    "csv",
    "dataclasses",
    "datetime",
    "hmac",
    "html",
    "inspect",
    "jinja2",
    "pydantic_core",
    "shlex",
    "string",
    "typing_extensions",
    "yaml",
    "reconciler.history.tree",
    "reconciler.manifest.complaints",
    "reconciler.manifest.delivery",
    "reconciler.manifest.entries",
    "reconciler.manifest.removals",
    "reconciler.manifest.secrets",
    "reconciler.manifest.suggest",
    "reconciler.manifest.values",
    "reconciler.planning.cascade",
    "reconciler.planning.checks",
    "reconciler.planning.compile",
    "reconciler.planning.following",
    "reconciler.planning.foresee",
    "reconciler.planning.guard",
    "reconciler.planning.policy",
    "reconciler.planning.renaming",
    "reconciler.planning.room",
    "reconciler.render.diagnostic_text",
    "reconciler.render.values",
    "reconciler.spec.encode",
}
"""Each takes as long to import as dozens of objects to compare."""

WHAT_THESE_MAY_NAME = {"alias_domain", "relayhost"}

MOST_MODULES = 250
"""How many modules it may import, bare Python's included, with room for a dozen more."""

PLAN = "import sys; from reconciler.cli import main; code = main({typed!r}); print(code, *sys.modules, file=sys.stderr)"


@pytest.fixture
def server() -> Iterator[Rehearsal]:
    with rehearsing("2026-07a") as rehearsal:
        rehearsal.add_domain("acme.example")
        rehearsal.add_mailbox("anna@acme.example")
        rehearsal.add_alias("sales@acme.example", "anna@acme.example")
        yield rehearsal


@pytest.fixture
def repository(tmp_path: Path) -> Made:
    repository = made(tmp_path / "mail")
    text = (
        "domains: [{name: acme.example}]\n"
        "mailboxes: [{address: anna@acme.example}]\n"
        "aliases: [{address: sales@acme.example, to: [anna@acme.example]}]\n"
    )
    repository.commit({"mail.yaml": text})
    return repository


def _run(repository: Made, url: str, *typed: str) -> tuple[str, set[str]]:
    home = repository.folder.parent
    ran = subprocess.run(
        [sys.executable, "-c", PLAN.format(typed=[*typed, "mail.yaml"])],
        cwd=repository.folder,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "HOME": str(home),
            "MAILCOW_URL": url,
            "MAILCOW_API_KEY": KEY,
        },
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    told = ran.stderr.splitlines()[-1].split()
    assert told[0] == "0", ran.stderr
    return ran.stdout, set(told)


def test_a_plan_without_changes_imports_only_what_compares(server: Rehearsal, repository: Made) -> None:
    _run(repository, server.url, "apply", "--auto-approve")

    said, imported = _run(repository, server.url, "plan")

    assert "0 to create, 0 to update, 0 to delete, 3 unchanged" in said
    assert sorted(imported & WITHOUT_CHANGES) == []
    kinds = {name.rpartition(".")[2] for name in imported if name.startswith("reconciler.kinds.")}
    assert kinds - {"_index"} == {"alias", "domain", "mailbox", *WHAT_THESE_MAY_NAME}
    assert len(imported) <= MOST_MODULES
