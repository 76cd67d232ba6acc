"""The quick way to the entries of a list says what reading the text with all places says, or nothing."""

import random
from pathlib import Path

import pytest

from reconciler.manifest.composition import compose
from reconciler.manifest.document import parse
from reconciler.manifest.places import places_of
from reconciler.manifest.quick import quickly
from reconciler.manifest.text import Position, SourceText

PLAIN = [
    "aliases:\n  - address: a\n    to: [b]\n  - {address: c}\n",
    "aliases:\n- address: a\n- address: b\ndomains: []\n",
    "# first\naliases:  # all\n\n  # one\n  - address: a\n\n    # - no\n    to:\n      - b\n  -   address: d\n",
    "domains:\n  - name: a\naliases:\n    - address: a\n      to:\n        - x\n    - address: b\n  # end\nx: []\n",
    'aliases:\n  - "a": 1\n  - address: "two\n      lines"\n',
]
NOT_PLAIN = {
    "an entry on the line below": "aliases:\n  -\n    address: a\n",
    "a list in brackets": "aliases: [{address: a}]\n",
    "a key in quotes": '"aliases":\n  - address: a\n',
    "a line of a text that looks like an entry": 'aliases:\n  - address: "a\n  - b"\n  - address: c\n',
    "a line of a text that looks like the end": 'aliases:\n  - address: "a\nend: b"\n  - address: c\n',
    "a line of a text that looks like the key": 'domains: "x\naliases:\n  - y"\naliases:\n  - address: a\n',
}


def _slowly(text: str, key: str) -> list[Position]:
    composition = compose(SourceText("m.yaml", text))
    return [composition.locate((key, number)) for number in range(len(composition.value[key]))]


@pytest.mark.parametrize("text", PLAIN)
def test_entries_of_a_plain_list_are_found_by_their_dashes(text: str) -> None:
    slowly = _slowly(text, "aliases")
    assert places_of(text, "aliases", len(slowly)) == slowly


@pytest.mark.parametrize("text", NOT_PLAIN.values(), ids=NOT_PLAIN)
def test_whatever_is_not_plain_is_left_to_reading_the_text(text: str) -> None:
    slowly = _slowly(text, "aliases")
    assert places_of(text, "aliases", len(slowly)) is None
    document = parse(SourceText("m.yaml", text))
    assert [document.locate(("aliases", number)) for number in range(len(slowly))] == slowly


def test_both_ways_agree_on_every_example() -> None:
    checked = 0
    for file in (Path(__file__).parents[2] / "examples").rglob("*.yaml"):
        text = file.read_text(encoding="utf-8")
        for key, value in (quickly(text.encode()) or {}).items():
            found = places_of(text, key, len(value)) if isinstance(value, list) else None
            if found is not None:
                assert found == _slowly(text, key), file
                checked += len(found)
    assert checked


def test_both_ways_agree_on_random_texts() -> None:
    chosen = random.Random(7)
    pieces = [
        "aliases:",
        "domains:",
        "- ",
        "  ",
        "    ",
        "\n",
        "\n",
        "a: b",
        '"',
        "'",
        "# c",
        "[x]",
        "{y: z}",
        "- ",
        ":",
    ]
    agreed = 0
    for _ in range(20_000):
        text = "aliases:\n  - a: b\n" + "".join(chosen.choices(pieces, k=chosen.randrange(12))) + "\n"
        listed = (quickly(text.encode()) or {}).get("aliases")
        found = places_of(text, "aliases", len(listed)) if isinstance(listed, list) else None
        if found is not None:
            assert found == _slowly(text, "aliases"), text
            agreed += 1
    assert agreed
