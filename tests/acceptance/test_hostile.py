"""Pull requests that want something: whoever writes what is in a checkout must not learn a secret by it."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from tests.acceptance.person import KEY, READ_ONLY_KEY, Ended, Person
from tests.api.scripted_server import ScriptedServer, says
from tests.repository import made

Welcome = Callable[..., Person]

BUG, REFUSED_MANIFEST, USAGE = 1, 3, 64
TOKEN = "canary-of-the-checkout"
SHADOW = "root-canary-outside:x:0:0"
ENCODED = b64encode(f"x-access-token:{TOKEN}".encode()).decode()
CREDENTIALS = f'[http "https://git.example/"]\n\textraheader = AUTHORIZATION: basic {ENCODED}\n'
SECRETS = (KEY, READ_ONLY_KEY, TOKEN, ENCODED, SHADOW, "canary-of-the-runner")

MAIL = """
domains:
  - {name: acme.example, max_mailboxes: 5, max_aliases: 400, max_total_quota: 20GiB, max_mailbox_quota: 5GiB}
"""
RELAYHOST = 'relayhosts:\n  - {{host: "smtp.example:587", username: acme, password: {source}}}\n'


@pytest.fixture
def person(welcome: Welcome, tmp_path: Path) -> Person:
    """A pipeline's checkout: with the token it was fetched with, and with more beside it on the runner."""
    person = welcome()
    person.environ["RUNNER_TOKEN"] = "canary-of-the-runner"
    person.writes("mail/all.yaml", MAIL)
    made(person.folder).git("config", "--file", str(person.folder / ".git/config"), "core.bare", "false")
    with (person.folder / ".git/config").open("a", encoding="utf-8") as file:
        file.write(CREDENTIALS)
    (tmp_path / "outside").mkdir()
    for name in ("shadow", "shadow.yaml", "reconciler.yaml"):
        (tmp_path / "outside" / name).write_text(SHADOW, encoding="utf-8")
    return person


def _tells_nothing(ended: Ended) -> None:
    told = ended.out + ended.err
    assert ended.code != BUG, told
    assert [secret for secret in SECRETS if secret in told] == [], told


def _everything_it_says(person: Person, *words: str) -> Iterator[Ended]:
    for format_ in ("text", "json", "markdown"):
        for more in ((), ("-v", "--show-calls")):
            yield person.types("plan", "mail", "--format", format_, *more, *words, key=READ_ONLY_KEY)


@pytest.mark.parametrize(
    "source",
    [
        "{env: MAILCOW_API_KEY}",
        "{env: MAILCOW_PRODUCTION_KEY}",
        "{file: ../outside/shadow}",
        "{file: /etc/passwd}",
        "{file: .git/config}",
        "{file: .GIT/config}",
        "{file: mail/../.git/config}",
        "{file: mail/link}",
        "{file: folder/shadow}",
        "{file: folder}",
        "{file: /proc/self/environ}",
    ],
)
def test_no_source_of_a_secret_reaches_a_key_the_checkout_s_token_or_the_runner(person: Person, source: str) -> None:
    person.environ["MAILCOW_PRODUCTION_KEY"] = KEY
    (person.folder / "mail/link").symlink_to(person.folder / ".git/config")
    (person.folder / "folder").symlink_to(person.folder.parent / "outside")
    person.writes("mail/relay.yaml", RELAYHOST.format(source=source))
    for planned in _everything_it_says(person):
        assert planned.code == 0, planned.err
        _tells_nothing(planned)
    applied = person.types("apply", "mail", "--auto-approve")
    assert applied.code == REFUSED_MANIFEST
    assert "nothing was sent" in applied.err
    assert not person.asks("relayhost/all")
    _tells_nothing(applied)


def test_what_the_runner_may_give_is_looked_at_and_never_shown(person: Person) -> None:
    person.writes("mail/relay.yaml", RELAYHOST.format(source="{env: RUNNER_TOKEN}"))
    for planned in _everything_it_says(person):
        assert "RUNNER_TOKEN" in planned.out
        _tells_nothing(planned)


@pytest.mark.parametrize("field", ["{command: [touch, ran]}", "{generate: true, deliver: [touch, ran]}"])
def test_a_plan_runs_no_command(person: Person, field: str) -> None:
    person.writes("mail/box.yaml", f"mailboxes:\n  - {{address: anna@acme.example, quota: 1GiB, password: {field}}}\n")
    for planned in _everything_it_says(person):
        assert planned.code == 0, planned.err
    assert person.types("validate", "mail").code == 0
    assert not (person.folder / "ran").exists()


@pytest.mark.parametrize(
    "template",
    [
        "{{ environ }}",
        "{{ env('MAILCOW_API_KEY') }}",
        "{% include '../.git/config' %}",
        "{% import '/etc/passwd' as x %}{{ x }}",
        "{% extends '../.git/config' %}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ ''['__class__'] }}",
        "{{ ('' | attr('__class__')) }}",
        "{{ cycler.__init__.__globals__.os.environ }}",
        "{{ self.__init__.__globals__ }}",
        "{{ lipsum.__globals__['os'].popen('id').read() }}",
        "{{ '{0.__class__.__init__.__globals__}'.format(1) }}",
        "{% for x in ().__class__.__base__.__subclasses__() %}{{ x }}{% endfor %}",
        "{{ namespace.__init__.__globals__ }}",
        "{{ x.__class__ if x is defined else (1).__class__ }}",
    ],
)
def test_a_template_reaches_neither_the_environment_nor_files_nor_the_interpreter(
    person: Person, template: str
) -> None:
    person.writes("mail/x.yaml.j2", f"aliases:\n  - address: {template}\n    to: [anna@acme.example]\n")
    for planned in _everything_it_says(person):
        assert planned.code == REFUSED_MANIFEST, planned.out
        _tells_nothing(planned)
        assert "<class" not in planned.out + planned.err
        assert "root:" not in planned.out + planned.err


@pytest.mark.parametrize("name", ["x.yaml", "_defaults.yaml", "x.yaml.j2", "folder"])
@pytest.mark.parametrize("target", [".git/config", "../outside/shadow", "/etc/passwd", ".git", "../outside"])
@pytest.mark.parametrize("project", [True, False])
def test_no_link_makes_a_manifest_of_what_is_none(person: Person, name: str, target: str, project: bool) -> None:
    link = (person.folder / target).resolve()
    (person.folder / "mail" / name).symlink_to(link, target_is_directory=link.is_dir())
    if project:
        person.writes("reconciler.yaml", "{}\n")
    for arguments in (("mail",), (".",), (f"mail/{name}",)):
        ended = person.types("plan", *arguments, key=READ_ONLY_KEY)
        _tells_nothing(ended)
        assert "root:" not in ended.out + ended.err


@pytest.mark.parametrize("name", ["x.yaml", "_defaults.yaml", "x.yaml.j2", "folder"])
@pytest.mark.parametrize("argument", ["mail", "mail/{name}", "mail/{name}/x.yaml"])
def test_links_in_a_circle_are_told(person: Person, name: str, argument: str) -> None:
    (person.folder / "mail" / name).symlink_to(name)
    for words in (("plan",), ("validate",), ("validate", "--values", f"mail/{name}")):
        ended = person.types(*words, argument.format(name=name))
        alone = (name, argument) == ("folder", "mail")
        assert ended.code in ((REFUSED_MANIFEST, 0) if alone else (REFUSED_MANIFEST,)), ended.out + ended.err


IMPOSSIBLE = {
    "a circle": "loop",
    "below a circle": "loop/x",
    "a NUL": '"a\\0b"',
    "a long name": "x" * 300,
    "a deep one": "x/" * 3000 + "x",
    "half a letter": '"\\ud800"',
}


@pytest.mark.parametrize("path", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_a_path_that_cannot_be_one_is_told(person: Person, path: str) -> None:
    (person.folder / "loop").symlink_to("loop")
    person.writes("mail/relay.yaml", RELAYHOST.format(source=f"{{file: {path}}}"))
    assert person.types("plan", "mail").code in (0, REFUSED_MANIFEST)
    assert person.types("apply", "mail", "--auto-approve").code == REFUSED_MANIFEST
    for project in (f"manifests: [{path}]", f"manifests: [mail]\nvalues: [{path}]"):
        person.writes("reconciler.yaml", project)
        assert person.types("validate").code == REFUSED_MANIFEST


def test_links_in_a_circle_in_an_earlier_revision_are_told(person: Person) -> None:
    repository = made(person.folder)
    (person.folder / "mail" / "loop").symlink_to("loop")
    (person.folder / "mail" / "loop.yaml").symlink_to("loop.yaml")
    repository.commit({"mail/all.yaml": MAIL})
    (person.folder / "mail" / "loop").unlink()
    (person.folder / "mail" / "loop.yaml").unlink()
    repository.commit({"mail/all.yaml": MAIL})
    ended = person.types("plan", "mail", "--base", "HEAD^")
    assert ended.code in (0, REFUSED_MANIFEST), ended.err


@pytest.mark.parametrize(
    "text",
    [
        "manifests: [.git/config]",
        "manifests: [.git]",
        "manifests: [../outside/shadow.yaml]",
        "manifests: [/etc]",
        "manifests: [mail]\nvalues: [.git/config]",
        "manifests: [mail]\nvalues: [mail/link]",
        "manifests: [mail]\nvalues: [../outside/shadow]",
        "manifests: [mail]\nserver: {ca_file: .git/config}",
        "manifests: [mail]\nserver: {api_key: {env: RUNNER_TOKEN}}",
        "manifests: [mail]\nserver: {api_key: {file: .git/config}}",
    ],
)
def test_a_project_file_reaches_nothing_that_is_not_of_the_project(person: Person, text: str) -> None:
    (person.folder / "mail/link").symlink_to(person.folder / ".git/config")
    person.writes("reconciler.yaml", text)
    ended = person.types("plan", key=READ_ONLY_KEY)
    if "ca_file" not in text:  # loopback without TLS asks for no certificates
        assert ended.code == REFUSED_MANIFEST, ended.out + ended.err
    _tells_nothing(ended)


@pytest.mark.parametrize("target", [".git/config", "../outside/reconciler.yaml"])
@pytest.mark.parametrize("named", [(), ("--project", "reconciler.yaml")])
def test_a_project_file_that_is_a_link_is_not_read(person: Person, target: str, named: tuple[str, ...]) -> None:
    (person.folder / "reconciler.yaml").symlink_to(person.folder / target)
    ended = person.types("plan", "mail", *named, key=READ_ONLY_KEY)
    assert ended.code == REFUSED_MANIFEST
    _tells_nothing(ended)


@pytest.mark.parametrize("source", ["{env: DEPLOY_TOKEN}", "{command: [printenv, DEPLOY_TOKEN]}"])
def test_a_key_that_the_runner_has_under_another_name_too_is_no_source_either(person: Person, source: str) -> None:
    person.environ |= {"DEPLOY_TOKEN": KEY, "PATH": "/usr/bin:/bin"}
    person.writes("mail/relay.yaml", RELAYHOST.format(source=source))
    applied = person.types("apply", "mail", "--auto-approve", "-v")
    assert applied.code == REFUSED_MANIFEST
    assert not person.asks("relayhost/all")
    _tells_nothing(applied)


def test_the_keys_of_other_environments_are_no_source_either(person: Person) -> None:
    person.environ["MAILCOW_PRODUCTION_KEY"] = "canary-of-the-runner"
    person.writes("reconciler.yaml", "environments: {staging: {server: {api_key: {env: MAILCOW_API_KEY}}}}\n")
    person.writes("mail/relay.yaml", RELAYHOST.format(source="{env: MAILCOW_PRODUCTION_KEY}"))
    applied = person.types("apply", "mail", "--env", "staging", "--auto-approve")
    assert (applied.code, "secret-forbidden" in applied.err) == (REFUSED_MANIFEST, True)
    assert not person.asks("relayhost/all")


BOMBS = {
    "aliases of aliases": "a: &a [x,x,x,x,x,x,x,x,x]\n"
    + "".join(f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(9)),
    "brackets": "aliases: " + "[" * 100_000,
    "blocks": "\n".join(" " * i + "a:" for i in range(2_000)),
    "a number": f"domains: [{{name: a.example, max_mailboxes: {'9' * 100_000}}}]",
    "a hexadecimal number": f"domains: [{{name: a.example, max_mailboxes: 0x{'f' * 100_000}}}]",
    "a size": f"domains: [{{name: a.example, max_total_quota: {'9' * 4_000}GiB}}]",
    "a duration": f"fail2ban: {{ban_time: {'9' * 5_000}min}}",
    "an address": f"aliases: [{{address: {'a' * 1_000_000}@a.example, to: [b@a.example]}}]",
    "labels": f"aliases: [{{address: a@{'a.' * 500_000}example, to: [b@a.example]}}]",
    "at signs": f"aliases: [{{address: a@a.example, to: ['{'@' * 500_000}']}}]",
    "an international name": f"domains: [{{name: '{'ü' * 100_000}.example'}}]",
    "documents": "---\n" * 100_000,
    "an alias of itself": "aliases: &a [*a]\n",
    "an object": "domains: !!python/object/apply:os.system [touch ran]\n",
    "half a letter": 'aliases: [{address: "a\\ud800@a.example", to: [b@a.example]}]\n',
    "a merge": "aliases:\n  - &a {address: a@b.example, to: [x@b.example]}\n  - {<<: *a, address: c@b.example}\n",
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_a_manifest_that_is_a_bomb_is_refused_before_it_costs_anything(person: Person, bomb: str) -> None:
    person.writes("mail/bomb.yaml", bomb)
    begin = time.process_time()
    ended = person.types("validate", "mail", "--no-cache")
    assert ended.code == REFUSED_MANIFEST, ended.err
    assert time.process_time() - begin < 5  # seconds of this process; all of them take less than one
    assert not (person.folder / "ran").exists()


# What a name may be


NAMES = (
    "</details></summary><script>alert(1)</script>",
    "@everyone [click](https://evil.example) ![](https://evil.example/x.png)",
    "```\n# heading\n```diff\n+ 1",
    "\x1b[2J\x1b]0;title\x07\x1b[31mred",
    "a\r\n::set-output name=plan::empty",
    "::add-mask::e",
    "##[add-mask]e ##vso[task.setvariable variable=x]y",
    "\u202eesrever\u2066 zero\u200bwidth",
    "a\x00b\x9b31m",
    "<!-- | a | b |",
    "&lt;b&gt; &#64;everyone",
)
HARMFUL = re.compile(
    r"\x1b|[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202e\u2066]|##(?:vso)?\[|^\s*::",
    re.MULTILINE,
)
OUR_OWN_MARKUP = re.compile(r"<details><summary><b>\w+ ?\d*</b></summary>|</details>")


def _is_shown_as_text(markdown: str) -> bool:
    """Whether it holds no link, picture or markup but ours, once it is shown as a page."""
    tokens = [token for each in MarkdownIt().parse(markdown) for token in (each, *(each.children or ()))]
    markup = [token.content for token in tokens if token.type.startswith("html")]
    others = {token.type for token in tokens} & {"link_open", "image"}
    mentions = [token.content for token in tokens if token.type == "text" and re.search(r"@\w", token.content)]
    return not others and not mentions and all(OUR_OWN_MARKUP.fullmatch(each.strip()) for each in markup)


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_no_name_on_the_server_or_in_a_manifest_is_obeyed_by_what_shows_it(person: Person, name: str) -> None:
    assert person.types("apply", "mail", "--auto-approve").code == 0
    domains = person.simulator.state.table("domain")
    domains.update("acme.example", description=name)
    person.writes("mail/all.yaml", MAIL.replace("{name:", f"{{description: {json.dumps(name[::-1])}, name:"))
    for words in (("plan",), ("plan", "--show-calls", "-v"), ("plan", "--format", "markdown"), ("validate",)):
        ended = person.types(*words, "mail", "--no-cache")
        assert "markdown" not in words or _is_shown_as_text(ended.out), ended.out
        assert HARMFUL.search(ended.out + ended.err) is None, ended.out + ended.err
    person.writes("mail/all.yaml", MAIL.replace("{name:", f"{{description: {json.dumps(name)}, name:"))
    for format_ in ("text", "markdown", "json"):
        planned = person.types("plan", "mail", "--format", format_)
        assert HARMFUL.search(planned.out + planned.err) is None, planned.out + planned.err
        assert format_ != "markdown" or _is_shown_as_text(planned.out), planned.out


def test_no_name_of_a_file_is_obeyed(person: Person) -> None:
    for name in ("::error file=x::y.yaml", "##[add-mask]e.yaml", "\x1b[31m.yaml", "`<details>@all`.yaml"):
        (person.folder / "mail" / name).write_text("aliases: [{address: a@acme.example, to: [b@acme.example], x: 1}]\n")
    for format_ in ("text", "json"):
        ended = person.types("validate", "mail", "--format", format_)
        assert ended.code == REFUSED_MANIFEST
        assert HARMFUL.search(ended.out + ended.err) is None, ended.out + ended.err


# Where the key goes


@contextmanager
def _thief() -> Iterator[tuple[str, Callable[[], bool]]]:
    """An address where somebody listens; whether anybody called."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)

        def called() -> bool:
            try:
                listener.accept()[0].close()
            except BlockingIOError:
                return False
            return True

        yield f"http://127.0.0.1:{listener.getsockname()[1]}", called


@pytest.mark.parametrize("command", [("plan", "mail"), ("apply", "mail", "--auto-approve"), ("export", "--out", "out")])
def test_a_project_file_cannot_send_the_key_elsewhere_where_the_pipeline_names_the_server(
    person: Person, command: tuple[str, ...]
) -> None:
    with _thief() as (url, called):
        person.writes("reconciler.yaml", f'server: {{url: "{url}"}}\n')
        assert person.types(*command).code == 0
        assert not called()


@pytest.mark.parametrize("command", [("plan", "mail"), ("apply", "mail", "--auto-approve"), ("export", "--out", "out")])
def test_in_a_pipeline_the_word_of_a_project_file_is_not_enough(person: Person, command: tuple[str, ...]) -> None:
    person.environ |= {"CI": "true", "MAILCOW_URL": ""}
    with _thief() as (url, called):
        person.writes("reconciler.yaml", f'server: {{url: "{url}"}}\n')
        ended = person.types(*command)
        assert (ended.code, "server-not-confirmed" in ended.err) == (USAGE, True)
        assert "MAILCOW_URL" in ended.err
        assert "MAILCOW_API_KEY_FOR" in ended.err
        assert not called()


def test_a_key_that_is_bound_to_an_origin_goes_nowhere_else(person: Person) -> None:
    person.environ |= {"MAILCOW_API_KEY_FOR": person.url.upper().replace("HTTP", "http") + "/"}
    assert person.types("plan", "mail").code == 0
    with _thief() as (url, called):
        person.environ["MAILCOW_URL"] = ""
        person.writes("reconciler.yaml", f'server: {{url: "{url}"}}\n')
        for words in ((), ("--url", url)):
            ended = person.types("plan", "mail", *words)
            assert (ended.code, "api-key-for-another-server" in ended.err) == (USAGE, True)
        assert not called()


def test_a_key_that_is_bound_lets_the_project_file_name_the_server_in_a_pipeline(person: Person) -> None:
    person.environ |= {
        "CI": "true",
        "MAILCOW_URL": "",
        "MAILCOW_API_KEY_FOR": f"https://mail.other.example {person.url}",
    }
    person.writes("reconciler.yaml", f'server: {{url: "{person.url}"}}\n')
    assert person.types("plan", "mail").code == 0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_the_key_never_goes_along_a_redirect(person: Person, status: int) -> None:
    with _thief() as (url, called):
        with ScriptedServer(lambda _asked: says("", status, Location=f"{url}/api/v1/get/status/version")) as server:
            person.url = server.origin
            ended = person.types("plan", "mail")
        assert (ended.code, called()) == (4, False)
        _tells_nothing(ended)


def test_the_key_does_not_travel_unencrypted_unless_it_is_forced(person: Person) -> None:
    person.url = "http://mail.acme.example"
    ended = person.types("plan", "mail")
    assert (ended.code, "server-address-plain-http" in ended.err) == (USAGE, True)


@pytest.mark.parametrize("hidden", ["http://{key}@mail.example", "https://mail.example/{key}", "https://{key}:x@mail"])
def test_a_wrong_address_is_told_without_what_stands_in_it(person: Person, hidden: str) -> None:
    person.url = hidden.format(key="canary-of-the-runner")
    for words in ((), ("--format", "json"), ("-v",)):
        ended = person.types("plan", "mail", *words)
        assert ended.code == USAGE
        _tells_nothing(ended)


def test_as_a_process_of_its_own_it_tells_no_more(person: Person) -> None:
    (person.folder / "mail/x.yaml").symlink_to(person.folder / ".git/config")
    environ = {"MAILCOW_URL": person.url, "MAILCOW_API_KEY": READ_ONLY_KEY, "HOME": str(person.folder)}
    done = subprocess.run(
        [sys.executable, "-m", "reconciler", "plan", ".", "-v"],
        cwd=person.folder,
        env={**environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == REFUSED_MANIFEST
    assert [secret for secret in SECRETS if secret in done.stdout + done.stderr] == []
