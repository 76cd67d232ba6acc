"""The main job, shown on a mailcow of our own: plan, apply, nothing left to do, a change by hand, drift, healed.

Everything here runs the real commands over real HTTP, on a copy of examples/small-office; `make demo` starts it.
Nothing outside this machine is touched.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

EXAMPLE = Path(__file__).parent / "small-office"
KEY = "DEMO-KEY-READ-WRITE"
READ_ONLY_KEY = "DEMO-KEY-READ-ONLY"
RECONCILER = (sys.executable, "-m", "reconciler")
CHANGES_PENDING = 2
MANIFEST_WRONG = 3


def say(text: str) -> None:
    """Talk between the commands."""
    print(f"\n\033[1m{text}\033[0m\n" if sys.stdout.isatty() else f"\n{text}\n", flush=True)


@dataclass(frozen=True)
class Office:
    """A checkout of the manifests, and the server they are for."""

    folder: Path
    url: str

    def types(self, *words: str, key: str = KEY, expected: int = 0) -> None:
        """Run one command as a person would, and insist on how it ends."""
        home = str(self.folder.parent)  # where caches and journals go: nothing is left behind
        variables = {"MAILCOW_URL": self.url, "MAILCOW_API_KEY": key, "SMTP_ACME": "the relay's password"}
        print(f"$ reconciler {' '.join(words)}", flush=True)
        environ = {**os.environ, **variables, "XDG_CACHE_HOME": home, "XDG_STATE_HOME": home}
        ended = subprocess.run(  # noqa: S603  our own program
            (*RECONCILER, *words), cwd=self.folder, env=environ, stderr=subprocess.STDOUT, check=False
        )
        print(f"(exit code {ended.returncode})", flush=True)
        if ended.returncode != expected:
            raise SystemExit(f"demo: expected exit code {expected}")

    def changes_by_hand(self, path: str, body: object) -> None:
        """Change something behind the manifests' back, as somebody might in mailcow's own pages."""
        headers = {"X-API-Key": KEY, "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/api/v1/{path}", json.dumps(body).encode(), headers)  # noqa: S310
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310  loopback
            said = ", ".join(entry["type"] for entry in json.load(answer))
        print(f"POST /api/v1/{path} {json.dumps(body)}\n  {said}", flush=True)

    def mistypes(self, name: str, right: str, wrong: str) -> None:
        """Make a mistake in a manifest."""
        file = self.folder / name
        file.write_text(file.read_text(encoding="utf-8").replace(right, wrong), encoding="utf-8")


@contextmanager
def a_server() -> Iterator[str]:
    """Start the embedded server; it prints its address once it takes requests."""
    words = (*RECONCILER, "simulate", "--port", "0", "--api-key", KEY, "--read-only-key", READ_ONLY_KEY)
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:  # noqa: S603
        try:
            yield (server.stdout or sys.stdin).readline().strip()
        finally:
            server.terminate()


@contextmanager
def an_office() -> Iterator[Office]:
    """Start the server, and copy the manifests: a commit made here would count as an apply of this repository."""
    with tempfile.TemporaryDirectory() as folder, a_server() as url:
        yield Office(Path(shutil.copytree(EXAMPLE, Path(folder) / EXAMPLE.name)), url)


def main() -> None:
    """Show it."""
    with an_office() as office:
        say(
            f"An empty mailcow of our own, version 2026-07a, answers at {office.url}.\n"
            "The manifests are those of examples/small-office: a domain, ten people, their addresses and mail routes."
        )
        office.types("validate")
        say("1. What would be done? `plan` can change nothing: the read-only key is enough.")
        office.types("plan", key=READ_ONLY_KEY)
        say("2. Do it. The order is what the server accepts; afterwards the server is read again.")
        office.types("apply", "--auto-approve", "--quiet")
        say("3. Once more: there is nothing left to do, and a no-op is told by its exit code.")
        office.types("plan", "--detailed-exitcode", "--quiet")
        say("4. Somebody changes three things in mailcow's own pages.")
        office.changes_by_hand("edit/mailbox", {"items": ["ben@acme.example"], "attr": {"quota": 1024}})
        office.changes_by_hand("edit/mailbox", {"items": ["ida@acme.example"], "attr": {"imap_access": 0}})
        office.changes_by_hand(
            "edit/alias", {"items": ["sales@acme.example"], "attr": {"goto": "mallory@elsewhere.example"}}
        )
        say("5. The plan shows two of them. Nothing declares Ida's `imap`, so it is nobody's business here.")
        office.types("plan", "--detailed-exitcode", expected=CHANGES_PENDING)
        say("6. Apply heals them, with one call each. `--show-calls` shows the calls beforehand.")
        office.types("apply", "--auto-approve", "--quiet")
        office.types("plan", "--detailed-exitcode", "--quiet")
        say("7. A mistake in a manifest is told with its place, and never reaches a server.")
        office.mistypes("people.yaml", "quota: 20GiB", "quota: 20 GB")
        office.mistypes("people.yaml", "name: Ben Brook", "full_name: Ben Brook")
        office.types("validate", expected=MANIFEST_WRONG)
        say("README.md goes on from here: your own server in five steps.")


if __name__ == "__main__":
    main()
