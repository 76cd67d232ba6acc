"""A server that is reached through a proxy only."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from reconciler.simulator import Simulator
from reconciler.simulator.faults import Faults
from tests.acceptance.conftest import Welcome
from tests.acceptance.person import Person
from tests.api.scripted_server import Asked, Reply, ScriptedServer

SERVER = "http://mail.acme.invalid"  # no name of a machine, so that nothing but the proxy finds it
MANIFEST = """\
domains:
  - {name: acme.example}
mailboxes:
  - {address: anna@acme.example, name: Anna, quota: 1GiB, initial: {password: {hash: "{SHA256}x"}}}
"""


@contextmanager
def proxy_to(simulator: Simulator, asked_for: list[str]) -> Iterator[str]:
    """A proxy that answers what a server does, and takes down what it was asked for."""

    one_at_a_time = threading.Lock()

    def pass_on(asked: Asked) -> Reply:
        asked_for.append(asked.target)
        path = asked.target.removeprefix(SERVER)
        with one_at_a_time:
            answer = simulator.handle(asked.method, path, asked.headers, asked.body)
        return Reply(answer.status, answer.body, {"Content-Type": "application/json"})

    with ScriptedServer(pass_on) as server:
        yield server.origin


def test_what_is_declared_is_applied_through_the_proxy_a_variable_names(welcome: Welcome) -> None:
    person, asked = welcome(), list[str]()
    through = Person(person.simulator, SERVER, person.folder)
    through.writes("mail.yaml", MANIFEST)
    with proxy_to(person.simulator, asked) as proxy:
        through.environ["MAILCOW_PROXY"] = proxy
        applied = through.types("apply", "mail.yaml", "--auto-approve", "--insecure-http")
        planned = through.types("plan", "mail.yaml", "--insecure-http", "--detailed-exitcode")

    assert applied.code == 0, applied.err
    assert planned.code == 0, planned.out
    assert person.asks("mailbox/anna@acme.example")["name"] == "Anna"
    assert {urlsplit(each).netloc for each in asked} == {"mail.acme.invalid"}


@pytest.mark.parametrize(
    "proxy", ["gopher://anna:CANARY@proxy.invalid", "anna:CANARY@proxy.invalid", "http://a:CANARY/"]
)
def test_a_proxy_that_is_typed_wins_and_its_password_is_told_nobody(welcome: Welcome, proxy: str) -> None:
    person = welcome()
    through = Person(person.simulator, SERVER, person.folder, {"MAILCOW_PROXY": "http://elsewhere.invalid"})
    through.writes("mail.yaml", MANIFEST)

    ended = through.types("plan", "mail.yaml", "--insecure-http", "-v", "--proxy", proxy)

    assert ended.code != 0
    assert "proxy-wrong" in ended.err
    assert "CANARY" not in ended.err + ended.out


def test_the_file_of_a_project_names_no_proxy(welcome: Welcome) -> None:
    person = welcome()
    person.writes("reconciler.yaml", "manifests: [mail.yaml]\nserver: {proxy: 'http://elsewhere.invalid'}\n")
    person.writes("mail.yaml", MANIFEST)

    ended = person.types("plan")

    assert ended.code != 0
    assert "`proxy`" in ended.err


@pytest.mark.parametrize("fault", ["status-after=403:add/alias:2", "status=403:add/alias:2"])
def test_of_what_a_proxy_denied_nobody_says_that_it_was_not_done(welcome: Welcome, fault: str) -> None:
    faults = Faults()
    person = welcome(faults=faults)
    person.writes("mail.yaml", "domains: [{name: acme.example}]\n")
    assert person.types("apply", "mail.yaml", "--auto-approve").code == 0
    aliases = "".join(f"  - {{address: a{each}@acme.example, to: [x@y.example], comment: C{each}}}\n" for each in "123")
    person.writes("mail.yaml", f"domains: [{{name: acme.example}}]\naliases:\n{aliases}")
    faults.faults = Faults.of(fault).faults
    ended = person.types("apply", "mail.yaml", "--auto-approve", "--parallelism=1", "--format=json")
    report = json.loads(ended.out.splitlines()[-1])
    assert [each["outcome"] for each in report["changes"]] == ["done", "unknown", "failed"]
    assert (ended.code, report["stopped"]["id"], report["converged"]) == (4, "api-access-denied", None)
    assert person.types("apply", "mail.yaml", "--auto-approve").code == 0
    assert len(person.asks("alias/all")) == 3
