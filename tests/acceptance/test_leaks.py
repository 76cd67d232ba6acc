"""The search for leaked secrets finds them: in every form, and wherever a careless change would let one out."""

from __future__ import annotations

import base64
import html
import json
import shlex
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.acceptance.leaks import leaks, left_in
from tests.acceptance.mutated import MUTANTS
from tests.acceptance.person import KEY, Person

Welcome = Callable[..., Person]

CANARY = "Canary/1+\"<é&'x:y"
FORMS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64, later in a text": lambda text: base64.b64encode(f"user:{text}, and more".encode()).decode(),
    "base64, later still": lambda text: base64.b64encode(f"users:{text}".encode()).decode(),
    "base64 for addresses": lambda text: base64.urlsafe_b64encode(f"u:{text}?".encode()).decode(),
    "address": lambda text: quote(text, safe=""),
    "json": json.dumps,
    "json in json": lambda text: json.dumps(json.dumps({"password": text})),
    "json as it is": lambda text: json.dumps(text, ensure_ascii=False),
    "python": repr,
    "page": html.escape,
    "hex": lambda text: text.encode().hex(" ").upper(),
    "reversed": lambda text: text[::-1],
    "shell": shlex.quote,
    "lines": lambda text: "\n".join(textwrap.wrap(text, 5)),
    "indented lines": lambda text: "\n     ".join(textwrap.wrap(text, 4)),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_secret_is_found_in_every_form(form: str) -> None:
    said = f"some text {FORMS[form](CANARY)} and more"
    assert leaks({"it": CANARY, "another": "Another/2"}, {"here": said, "there": "some text"}) == [("it", "here")]


PASSWORD, RELAY, HASH = "Canary.Of.Anna.7", "Canary.Of:Relay.8", "{BLF-CRYPT}$2y$10$canaryOfTheHashInTheManifest"
PLANTED = {"password": PASSWORD, "relay": RELAY, "hash": HASH, "live": "Canary.Live.9", "literal": "Canary.Literal.5"}
MAIL = f"""
domains: [{{name: acme.example, max_mailboxes: 5, max_total_quota: 20GiB, max_mailbox_quota: 5GiB}}]
mailboxes:
  - {{address: anna@acme.example, quota: 1GiB, password: {{env: SECRET_ANNA}}}}
  - {{address: ben@acme.example, quota: 1GiB, initial: {{password: {{hash: "{HASH}"}}}}}}
relayhosts:
  - {{host: "smtp.example:587", username: acme, password: {{env: SECRET_RELAY}}}}
"""
PADDING = "# what is small is not remembered in a cache\n" * 2_000
LITERAL = "relayhosts: [{host: 'smtp.example:587', username: acme, password: Canary.Literal.5}]\n"


@dataclass
class Scene:
    """Somebody who runs a mutant."""

    person: Person
    home: Path

    def runs(self, mutant: str, *words: str) -> str:
        environ = {"MAILCOW_URL": self.person.url, "MAILCOW_API_KEY": KEY, "HOME": str(self.home)}
        root = Path(__file__).parents[2]
        done = subprocess.run(
            [sys.executable, "-m", "tests.acceptance.mutated", mutant, *words],
            cwd=self.person.folder,
            env={**environ, "SECRET_ANNA": PASSWORD, "SECRET_RELAY": RELAY, "PYTHONPATH": str(root)},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return done.stdout + done.stderr

    def found(self, said: str) -> set[str]:
        return {f"{name} in {_kind(where)}" for name, where in leaks(PLANTED, self.places(said))}

    def places(self, said: str) -> dict[str, str]:
        return {"output": said, **left_in(self.person.folder, self.home)}


def _kind(where: str) -> str:
    """What kind of place it is, whatever its name."""
    name = Path(where).name
    return "cache" if ".cache" in where else "journal" if name.endswith(".jsonl") else name


@pytest.fixture
def scene(welcome: Welcome, tmp_path: Path) -> Scene:
    person = welcome()
    person.writes("mail/all.yaml", MAIL + PADDING)
    (tmp_path / "home").mkdir()
    return Scene(person, tmp_path / "home")


@dataclass(frozen=True)
class Leak:
    """A mask that is off, a command, and what of it must be found where."""

    mutant: str
    words: str
    finds: str
    live: bool = False


LEAKS = (
    Leak("sources_that_say_what_they_give", "plan mail", "password in output"),
    Leak("sources_that_say_what_they_give", "plan mail --format markdown", "relay in output"),
    Leak("sources_that_say_what_they_give", "plan mail --show-calls", "password in output"),
    Leak("sources_that_say_what_they_give", "plan mail --show-calls --format json", "relay in output"),
    Leak("sources_that_say_what_they_give", "apply mail --auto-approve --quiet", "password in journal"),
    Leak("hashes_that_are_said", "plan mail", "hash in output"),
    Leak("documents_with_what_sources_give", "plan mail --format json", "password in output"),
    Leak("documents_with_what_sources_give", "plan mail --out plan.json --quiet", "relay in plan.json"),
    Leak("live_secrets_before_a_change", "plan mail", "live in output", live=True),
    Leak("live_secrets_before_a_change", "plan mail --format markdown", "live in output", live=True),
    Leak("answers_as_they_came", "snapshot --out live.json", "live in live.json", live=True),
    Leak("exported_secrets", "export --out exported", "live in output", live=True),
    Leak("errors_with_what_was_written", "validate mail", "literal in output"),
    Leak("bugs_with_what_they_held", "apply mail --auto-approve", "relay in output"),
    Leak("a_cache_of_hashes", "validate mail", "hash in cache"),
)


@pytest.mark.parametrize("leak", LEAKS, ids=lambda leak: f"{leak.mutant}: {leak.words}")
def test_a_mask_that_is_off_is_noticed(scene: Scene, leak: Leak) -> None:
    if leak.live:
        held = {"hostname": "smtp.example:587", "username": "acme", "password": PLANTED["live"]}
        scene.person.does("add/relayhost", held)
    if "literal" in leak.finds:
        scene.person.writes("mail/wrong.yaml", LITERAL)
    assert leak.finds in scene.found(scene.runs(leak.mutant, *leak.words.split())), scene.places("")


def test_every_mutant_is_run() -> None:
    assert {leak.mutant for leak in LEAKS} | {"nothing"} == set(MUTANTS)


@pytest.mark.parametrize("words", sorted({leak.words for leak in LEAKS}))
def test_with_every_mask_on_nothing_is_found(scene: Scene, words: str) -> None:
    held = {"hostname": "smtp.example:587", "username": "acme", "password": PLANTED["live"]}
    scene.person.does("add/relayhost", held)
    said = scene.runs("nothing", *words.split())
    assert "Traceback" not in said
    assert scene.found(said) == set()
