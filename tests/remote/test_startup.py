"""What a plan against a small server imports: each of these takes as long as reading the whole of that server."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.remote.rehearsal import KEY, Rehearsal

WITHOUT_LARGE_ANSWERS_OR_TROUBLE = {
    "asyncio",
    "concurrent.futures",
    "decimal",
    "encodings.idna",
    "http",
    "http.client",
    "httpx",
    "idna",
    "logging",
    "msgspec",
    "queue",
    "reconciler.api.denial",
    "reconciler.api.proxied",
    "reconciler.api.trouble",
    "reconciler.api.trust",
    "reconciler.api.verdict",
    "reconciler.remote.snapshot",
    "reconciler.remote.writer",
    "reconciler.spec.rowrecords",
    "socket",
    "ssl",
    "typing_extensions",
}

PLAN = "import sys; from reconciler.cli import main; code = main({typed!r}); print(code, *sys.modules, file=sys.stderr)"


def _planned(folder: Path, url: str, *typed: str) -> tuple[str, set[str]]:
    ran = subprocess.run(
        [sys.executable, "-c", PLAN.format(typed=["plan", *typed])],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "MAILCOW_URL": url, "MAILCOW_API_KEY": KEY},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert ran.stderr.splitlines()[-1].startswith("0 "), ran.stderr
    return ran.stdout, set(ran.stderr.split())


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_plan_against_a_small_server_imports_little(new_server: Rehearsal, tmp_path: Path, host: str) -> None:
    new_server.add_domain("acme.example")
    for number in range(30):
        new_server.add_mailbox(f"u{number}@acme.example")
        new_server.add_alias(f"a{number}@acme.example", f"u{number}@acme.example")
    mailboxes = "".join(f"  - {{address: u{number}@acme.example}}\n" for number in range(30))
    aliases = "".join(
        f"  - {{address: a{number}@acme.example, to: [u{number}@acme.example]}}\n" for number in range(30)
    )
    (tmp_path / "mail.yaml").write_text(
        f"domains:\n  - {{name: acme.example}}\nmailboxes:\n{mailboxes}aliases:\n{aliases}"
    )

    said, imported = _planned(tmp_path, new_server.url.replace("127.0.0.1", host), "mail.yaml", "--no-cache")

    assert "0 to create, 0 to update, 0 to delete, 61 unchanged" in said
    assert not imported & WITHOUT_LARGE_ANSWERS_OR_TROUBLE
