"""Of Sieve scripts, only those are refused beforehand that the server refuses."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest

from reconciler.model.version import Version
from reconciler.simulator import sieve
from reconciler.spec.sieve import mistake, unknown_extension
from tests.contract.replay import lines_of

RECORDINGS = Path(__file__).parent.parent / "contract" / "recordings"
LATEST = Version(2026, 7, "a")

WORDS = [
    *(
        "keep",
        ";",
        "stop",
        "if",
        "true",
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        ",",
        '"a"',
        '"\\""',
        '"\\',
        "0",
        "1",
        "10K",
        "1k",
    ),
    *("require", '"fileinto"', '["fileinto"]', "fileinto", "header", ":contains", ":", "anyof", "allof", "not", "else"),
    *("text:\na\n.\n", "text:\na\n\n.\n", "# x\n", "/* x */", "/*", "\u00e4", "elsif", "size", ":over", "redirect"),
    *("keep;", "if true { keep; }", 'if header :contains "a" ["b", "c"] { discard; }', 'fileinto "a";', "discard"),
]


def is_taken(script: str) -> bool:
    """Whether the server takes it, as the simulator has learned of its parser."""
    try:
        sieve.check(script)
    except sieve.SieveError:
        return False
    return True


def test_what_is_refused_beforehand_the_server_refuses_too() -> None:
    dice = Random(5)
    seen = {True: 0, False: 0}
    for _ in range(20_000):
        script = dice.choice(["", " "]).join(dice.choices(WORDS, k=dice.randint(1, 7)))
        found = mistake(script)
        seen[found is None] += 1
        assert found is None or not is_taken(script), (script, found)
    assert min(seen.values()) > 200


@pytest.mark.parametrize("recording", sorted(RECORDINGS.glob("*.jsonl.xz")), ids=lambda path: path.stem)
def test_what_real_servers_took_is_taken(recording: Path) -> None:
    seen = 0
    for exchange in lines_of(recording):
        asked, answer = exchange.get("request_json"), json.dumps(exchange.get("response_json"))
        if not isinstance(asked, dict) or "filter" not in exchange["path"] or "sieve_error" in answer:
            continue
        script = asked.get("script_data", (asked.get("attr") or {}).get("script_data"))
        if isinstance(script, str) and '"success"' in answer:
            assert mistake(script) is None, script
            seen += 1
    assert seen or "random" in recording.stem


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("keep", "line 1: the end where `;` belongs"),
        ("keep;\nif true {\n  discard;\n", "line 4: the end where `}` belongs"),
        ("keep;\n}", "line 2: `}` where a command belongs"),
        ('if header :is "a" ["b" "c"] { keep; }', 'line 1: `"c"` where `,` or `]` belongs'),
        ("if anyof (true,) { keep; }", "line 1: `)` where a test belongs"),
        ('redirect "anna@acme.example;\nkeep;', 'line 1: `"anna@acme.example;` where `;` belongs'),
        ("if size :over 0 { keep; }", "line 1: `0` where `;` belongs"),
        ("keep; -- now", "line 1: `--` where a command belongs"),
        ("keep;\N{NO-BREAK SPACE}", "line 1: `\\xa0` where a command belongs"),
        ("keep;\n\f stop;", "line 2: `\\x0c` where a command belongs"),
    ],
)
def test_a_mistake_is_told_with_its_line(script: str, found: str) -> None:
    assert mistake(script) == found
    assert not is_taken(script)


@pytest.mark.parametrize("script", ["", "# nothing\n", 'redirect "a\\"', "if" + " not" * 3000 + " true { keep; }"])
def test_what_cannot_be_told_is_left_to_the_server(script: str) -> None:
    assert mistake(script) is None


@pytest.mark.parametrize(
    ("script", "version", "found"),
    [
        ('require ["fileinto", "include"]; keep;', LATEST, "include"),
        ('require "fileinto"; require "foreverypart";', LATEST, "foreverypart"),
        ('require "enotify"; keep;', Version(2024, 7), "enotify"),
        ('require "enotify"; keep;', Version(2024, 8), None),
        ('require "include"; keep;', Version(2026, 9), None),
        ('require ["vnd.dovecot.pipe", "comparator-i;ascii-numeric"]; keep;', LATEST, None),
        ('keep; fileinto "include";', LATEST, None),
    ],
)
def test_what_no_version_in_question_knows_is_told(script: str, version: Version, found: str | None) -> None:
    assert unknown_extension(script, version) == found
