"""Secrets that are planted everywhere, and searched in everything that is told or left behind."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.kinds import registry
from reconciler.pipeline.loading import SMALL
from reconciler.simulator import Simulator
from reconciler.simulator.faults import Faults, parse
from reconciler.simulator.http import serving
from reconciler.spec.kind import Kind
from tests.acceptance.leaks import leaks, left_in
from tests.acceptance.person import KEY, READ_ONLY_KEY, Ended, Person
from tests.api.scripted_server import Asked, Reply, ScriptedServer
from tests.kinds.samples import payloads, whole_manifest
from tests.kinds.server import SECRETS

Welcome = Callable[..., Person]

BUG, PENDING = 1, 2
HASH = "{BLF-CRYPT}$2y$10$canaryOfTheHashInTheManifestxxxxxxxxxxxxxxxxxxxxxxx"
SHOWN_BY_THE_SERVER = {
    "relayhost/all": "password",
    "transport/all": "password",
    "oauth2-client/all": "client_secret",
    "identity-provider/all": "client_secret",
}
"""Lists that hold secrets in clear, and where (2026-07a)."""

Planted = Mapping[str, str]
"""What was planted: the text by where it is."""


@dataclass
class Planting:
    """A manifest in which every secret comes from a variable of its own, and these variables."""

    manifest: dict[str, Any]
    generation: str = "1"
    variables: dict[str, str] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)

    def sow(self) -> None:
        self.manifest = self._sown(self.manifest, ())

    def _sown(self, value: Any, way: tuple[str, ...]) -> Any:
        if isinstance(value, dict) and set(value) == {"env"}:
            name = "_".join(["SECRET", *way]).upper()
            self.variables[name] = self._text(value["env"], len(self.variables))
            return {"env": name}
        if isinstance(value, dict):
            return {key: self._sown(each, (*way, key)) for key, each in value.items()}
        if isinstance(value, list):
            return [self._sown(each, (*way, str(number))) for number, each in enumerate(value)]
        return value

    def _text(self, original: str, number: int) -> str:
        if original == "PRIVATE_KEY":
            return SECRETS[original]
        if "TOKEN" in original:
            return f"canary{self.generation}{number:02}".ljust(30, "z")
        return f"Canary.{self.generation}{number:02}:x"

    @property
    def planted(self) -> dict[str, str]:
        """What to search for; of the many lines of a key, one."""
        return {name: text.split("\n")[1] if "\n" in text else text for name, text in self.variables.items()}


def _planting(generation: str = "1", provider: int = -1) -> Planting:
    manifest = {**whole_manifest(), "identity_provider": payloads("identity_provider")["entries"][provider]}
    planting = Planting(manifest, generation)
    planting.sow()
    return planting


@dataclass
class Watch:
    """Somebody who keeps everything that commands say and leave behind."""

    person: Person
    home: Path
    told: list[str] = field(default_factory=list)

    def types(self, *words: str, key: str = KEY, ends: tuple[int, ...] = (0,)) -> Ended:
        ended = self.person.types(*words, key=key)
        self.told.append(f"$ {' '.join(words)}\n{ended.out}{ended.err}")
        assert ended.code in ends, ended.out[-3000:] + ended.err[-3000:]
        return ended

    def declares(self, planting: Planting) -> None:
        self.person.environ |= planting.variables
        self.person.writes("mail/all.yaml", json.dumps(planting.manifest))

    def plans_in_every_way(self, *words: str, ends: tuple[int, ...] = (0,)) -> None:
        for format_ in ("text", "json", "markdown"):
            self.types("plan", "mail", "--format", format_, "--show-calls", "-v", *words, key=READ_ONLY_KEY, ends=ends)

    def found(self, planted: Planted) -> list[tuple[str, str]]:
        """Where any of it shows, in any form: each as what was planted and where it was found."""
        told = {f"{number} {each.partition(chr(10))[0]}": each for number, each in enumerate(self.told, 1)}
        every = {**planted, "key": KEY, "read-only key": READ_ONLY_KEY}
        return leaks(every, {**told, **left_in(self.person.folder, self.home)})


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def watch(welcome: Welcome, faults: Faults, tmp_path: Path, request: pytest.FixtureRequest) -> Watch:
    """Somebody with a home, where caches and journals go; a test may ask for another version."""
    person = welcome(getattr(request, "param", "2026-07a"), faults=faults)
    home = tmp_path / "home"
    home.mkdir()
    person.environ |= {"HOME": str(home), "UNRELATED_TOKEN": "canary-of-the-environment"}
    return Watch(person, home)


def _unrelated(planted: Planted) -> dict[str, str]:
    return {**planted, "unrelated": "canary-of-the-environment"}


ANYWHERE = ("--allow-changes", "9999", "--allow-deletes", "9999", "--allow-delete-percent", "100")
EVERY_KIND = tuple(word for kind in registry().values() for word in ("--prune", kind.name) if not kind.singleton)


def test_a_canary_is_planted_in_every_field_that_holds_a_secret() -> None:
    planted = {name for provider in range(3) for name in _planting(provider=provider).variables}
    sensitive = [
        (kind, each.name) for kind in registry().values() for each in kind.fields.values() if each.codec.sensitive
    ]
    assert len(sensitive) > 8
    missing = [(kind.name, name) for kind, name in sensitive if not any(_is_of(each, kind, name) for each in planted)]
    assert missing == []
    assert {"SECRET_MAILBOXES_0_PUSHOVER_KEY", "SECRET_MAILBOXES_0_PUSHOVER_TOKEN"} <= planted


def _is_of(variable: str, kind: Kind, name: str) -> bool:
    return variable.startswith(f"SECRET_{kind.plural}".upper()) and variable.endswith(name.upper())


@pytest.mark.parametrize("watch", ["2022-01a", "2026-07a"], indirect=True)
def test_nothing_that_is_told_or_left_behind_holds_a_secret(watch: Watch) -> None:
    watch.person.writes("mail/padding.yaml", "{}\n" + "# so much is worth remembering between runs\n" * (SMALL // 40))
    first, second = _planting("1", 0), _planting("2", 0)
    watch.declares(first)
    skip = "--skip-unsupported"
    watch.types("validate", "mail")
    watch.plans_in_every_way(skip)
    watch.types("plan", "mail", "--out", "plan.json", skip, key=READ_ONLY_KEY)
    watch.types("show", "plan.json", "--format", "markdown")
    watch.types("apply", "plan.json", "mail", "--show-calls", "-v", "--profile", ends=(0, 6))
    watch.types("apply", "mail", skip, "--auto-approve", "--format", "json", "--show-calls", ends=(0, 6))
    watch.plans_in_every_way(skip, "--resend", "*#*password", "--show-unmanaged")
    watch.types("export", "--out", "exported", "--all-fields")
    watch.types("export", "--out", "exported2", "--format", "json", "-v")
    watch.types("snapshot", "--out", "live.json", "--details", "-v", key=READ_ONLY_KEY)
    watch.plans_in_every_way(skip, "--live", "live.json")
    watch.declares(second)
    watch.plans_in_every_way(skip)
    watch.types("plan", "mail", "--out", "second.json", skip, key=READ_ONLY_KEY)
    watch.types(
        "apply", "mail", skip, "--auto-approve", "--format", "json", "-v", "--resend", "*#*password", ends=(0, 6)
    )
    bare = [{"name": each["name"]} for each in first.manifest["domains"]]
    watch.person.writes("mail/all.yaml", json.dumps({"domains": bare}))
    watch.plans_in_every_way(skip, *EVERY_KIND, *ANYWHERE, ends=(0, 5))
    planted = {f"{n}{name}": text for n, each in enumerate((first, second)) for name, text in each.planted.items()}
    assert watch.found(_unrelated(planted)) == []
    assert any(path.name.endswith(".jsonl") for path in watch.home.rglob("*"))
    assert any("mailcow-reconciler" in str(path) for path in (watch.home / ".cache").rglob("*")), (
        "no cache was searched"
    )


def test_the_server_holds_what_was_planted_so_that_it_could_have_been_told(watch: Watch) -> None:
    planting = _planting("1", 0)
    watch.declares(planting)
    watch.types("apply", "mail", "--auto-approve", ends=(0, 6))
    held = json.dumps([watch.person.asks(path) for path in SHOWN_BY_THE_SERVER])
    for name in ("RELAYHOSTS_0", "TRANSPORTS_0", "IDENTITY_PROVIDER_CLIENT"):
        (text,) = [each for variable, each in planting.variables.items() if variable.startswith(f"SECRET_{name}")]
        assert text.split(":")[0] in held, name


def _secrets_of(person: Person) -> dict[str, str]:
    """What the server's lists show of secrets."""
    found = {}
    for path, name in SHOWN_BY_THE_SERVER.items():
        answer = person.asks(path)
        for number, row in enumerate(answer if isinstance(answer, list) else [answer]):
            if isinstance(row, dict) and row.get(name):
                found[f"{path} {number}"] = str(row[name])
    for number, row in enumerate(person.asks("app-passwd/all/anna@acme.example") or []):
        found[f"app password {number}"] = row["password"]
    return found


def test_what_only_the_server_knows_is_never_told(watch: Watch) -> None:
    planting = _planting("1", 0)
    watch.declares(planting)
    watch.types("apply", "mail", "--auto-approve", ends=(0, 6))
    known = _secrets_of(watch.person)
    assert {path.partition(" ")[0] for path in known} >= {"relayhost/all", "oauth2-client/all"}
    watch.person.environ = {name: text for name, text in watch.person.environ.items() if not name.startswith("SECRET_")}
    watch.plans_in_every_way("--show-unmanaged")
    watch.types("export", "--out", "exported", "--all-fields")
    watch.types("snapshot", "--out", "live.json", "--details", key=READ_ONLY_KEY)
    watch.person.writes("mail/all.yaml", "domains: []\n")
    watch.plans_in_every_way(*EVERY_KIND, *ANYWHERE, "--show-unmanaged", ends=(0, 5))
    watch.types("plan", "mail", *EVERY_KIND, *ANYWHERE, "--out", "plan.json", ends=(0, 5))
    assert watch.found(known) == []


def test_a_hash_in_a_manifest_is_not_repeated(watch: Watch) -> None:
    watch.person.writes(
        "mail/all.yaml",
        json.dumps(
            {
                "domains": [{"name": "acme.example", "max_mailboxes": 5, "max_total_quota": "20GiB"}],
                "mailboxes": [{"address": "anna@acme.example", "quota": "1GiB", "password": {"hash": HASH}}],
            }
        ),
    )
    watch.person.environ.pop("HOME")  # a cache of manifests says what manifests say
    watch.plans_in_every_way()
    watch.types("plan", "mail", "--out", "plan.json")
    watch.types("apply", "plan.json", "mail", "--format", "json", "--show-calls", "-v")
    watch.types("plan", "mail", "--resend", "*#*password", "--show-calls")
    assert watch.found({"hash": HASH}) == []


@pytest.mark.parametrize("fault", ["danger:add", "status=500:add", "empty:add", "reset-after:add", "danger:edit"])
def test_no_failure_tells_what_was_sent(watch: Watch, faults: Faults, fault: str) -> None:
    planting = _planting()
    watch.declares(planting)
    faults.faults = (parse(fault),)
    watch.types("apply", "mail", "--auto-approve", "-v", ends=(0, 4, 6))
    watch.types("apply", "mail", "--auto-approve", "-v", "--format", "json", ends=(0, 3, 4, 6))
    assert watch.found(_unrelated(planting.planted)) == []


def _cut(body: bytes) -> bytes:
    return body[: len(body) // 2]


def _as_text(body: bytes) -> bytes:
    return json.dumps(body.decode()).encode()


def _as_lists(body: bytes) -> bytes:
    rows = json.loads(body)
    return json.dumps([list(row.values()) for row in rows] if isinstance(rows, list) else [rows]).encode()


def _with_wrong_types(body: bytes) -> bytes:
    rows = json.loads(body)
    if not isinstance(rows, list):
        return body
    return json.dumps([{name: {"in": value} for name, value in row.items()} for row in rows]).encode()


def _as_a_page(body: bytes) -> bytes:
    return b"<html><body>" + body + b"</body></html>"


@pytest.mark.parametrize(
    "mangle", [_cut, _as_text, _as_lists, _with_wrong_types, _as_a_page], ids=lambda each: each.__name__
)
@pytest.mark.parametrize("path", list(SHOWN_BY_THE_SERVER))
def test_an_answer_that_cannot_be_understood_is_not_repeated(
    watched_simulator: tuple[Simulator, Person, Planted], tmp_path: Path, mangle: Callable[[bytes], bytes], path: str
) -> None:
    simulator, person, known = watched_simulator
    lock = threading.Lock()

    def script(asked: Asked) -> Reply:
        with lock:  # it takes one request after the other
            answer = simulator.handle(asked.method, asked.target, asked.headers, asked.body)
        body = mangle(answer.body) if asked.target.startswith(f"/api/v1/get/{path}") and answer.body else answer.body
        return Reply(answer.status, body, {"Content-Type": "application/json"})

    with ScriptedServer(script) as server:
        watch = Watch(replace(person, url=server.origin), tmp_path / "nowhere")
        for format_ in ("text", "json"):
            watch.types("plan", "mail", "-v", "--format", format_, key=READ_ONLY_KEY, ends=(0, BUG, PENDING, 3, 4, 5))
    assert watch.found(known) == []


@pytest.fixture(scope="module")
def watched_simulator(tmp_path_factory: pytest.TempPathFactory) -> tuple[Simulator, Person, Planted]:
    """A server that holds everything, and what it knows; nothing is changed on it."""
    folder = tmp_path_factory.mktemp("checkout")
    planting = _planting("1", 0)
    simulator = Simulator("2026-07a", api_key=KEY, read_only_key=READ_ONLY_KEY, random=random.Random(1))
    with serving(simulator) as url:
        person = Person(simulator, url, folder, dict(planting.variables))
        person.writes("mail/all.yaml", json.dumps(planting.manifest))
        ended = person.types("apply", "mail", "--auto-approve")
        assert ended.code in (0, 6), ended.out + ended.err
    return simulator, person, {**planting.planted, **_secrets_of(person)}


class _Broken:
    """A clock that does not work."""

    def __call__(self, _seconds: float) -> None:
        raise RuntimeError("the clock is broken")


@pytest.mark.parametrize("format_", ["text", "json"])
def test_a_bug_is_told_with_where_it_is_and_without_any_secret(watch: Watch, faults: Faults, format_: str) -> None:
    planting = _planting()
    watch.declares(planting)
    watch.person.sleep = _Broken()
    faults.faults = (parse("status=502:get/relayhost"),)
    watch.types("apply", "mail", "--auto-approve", "--format", format_, ends=(BUG,))
    assert "Traceback" in watch.told[-1]
    assert "the clock is broken" in watch.told[-1]
    assert watch.found(_unrelated(planting.planted)) == []
