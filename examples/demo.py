"""The main job, shown on a mailcow of our own: plan, apply, nothing left to do, a change by hand, drift, healed.

Everything here runs the real commands over real HTTP; `make demo` starts it. Nothing outside this machine is touched.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

OFFICE = Path(__file__).parent / "small-office"
KEY = "DEMO-KEY-READ-WRITE"
RECONCILER = (sys.executable, "-m", "reconciler")
CHANGES_PENDING = 2


def say(text: str) -> None:
    """Talk between the commands."""
    print(f"\n\033[1m# {text}\033[0m" if sys.stdout.isatty() else f"\n# {text}", flush=True)


def run(*words: str, environ: dict[str, str], expected: int = 0) -> None:
    """Run one command as a person would, and insist on how it ends."""
    print(f"$ reconciler {' '.join(words)}", flush=True)
    ended = subprocess.run((*RECONCILER, *words), cwd=OFFICE, env=environ, check=False)  # noqa: S603  our own program
    if ended.returncode != expected:
        raise SystemExit(f"demo: expected exit code {expected}, got {ended.returncode}")


@contextmanager
def a_server() -> Iterator[str]:
    """Start the embedded server; it prints its address once it takes requests."""
    words = (*RECONCILER, "simulate", "--port", "0", "--api-key", KEY)
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:  # noqa: S603
        try:
            yield (server.stdout or sys.stdin).readline().strip()
        finally:
            server.terminate()


def by_hand(url: str, path: str, body: object) -> None:
    """Change something behind the manifests' back, as somebody might in mailcow's own pages."""
    print(f"$ curl -X POST {url}/api/v1/{path} -d '{json.dumps(body)}'", flush=True)
    headers = {"X-API-Key": KEY, "Content-Type": "application/json"}
    request = urllib.request.Request(f"{url}/api/v1/{path}", json.dumps(body).encode(), headers)  # noqa: S310  loopback
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310  loopback
        print(", ".join(entry["type"] for entry in json.load(answer)))


def main() -> None:
    """Show it."""
    with a_server() as url:
        environ = {**os.environ, "MAILCOW_URL": url, "MAILCOW_API_KEY": KEY, "SMTP_ACME": "the relay's password"}
        say(f"An empty mailcow of our own answers at {url}. The manifests are in examples/small-office.")
        run("validate", environ=environ)
        say("What would be done? `plan` cannot change anything.")
        run("plan", environ=environ)
        say("Do it.")
        run("apply", "--auto-approve", "--quiet", environ=environ)
        say("Once more: there is nothing left to do.")
        run("plan", "--detailed-exitcode", environ=environ)
        say("Somebody changes two things by hand.")
        by_hand(url, "edit/mailbox", {"items": ["ben@acme.example"], "attr": {"quota": 1024, "imap_access": 0}})
        by_hand(url, "edit/alias", {"items": ["sales@acme.example"], "attr": {"goto": "mallory@elsewhere.example"}})
        say("The next plan shows the drift (exit code 2: changes are pending). `imap` is not declared, so it stays.")
        run("plan", "--detailed-exitcode", environ=environ, expected=CHANGES_PENDING)
        say("And the next apply heals it.")
        run("apply", "--auto-approve", "--quiet", environ=environ)
        run("plan", "--detailed-exitcode", environ=environ)
        say("That was it. README.md goes on from here: your own server in five steps.")


if __name__ == "__main__":
    main()
