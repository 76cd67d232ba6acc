"""The quick way and the careful way say the same, or the quick way says nothing."""

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reconciler.errors import ManifestError
from reconciler.manifest.composition import compose
from reconciler.manifest.quick import AVAILABLE, quickly
from reconciler.manifest.text import SourceText

pytestmark = pytest.mark.skipif(not AVAILABLE, reason="yaml-rs is not installed")

PIECES = (
    *("a", "b", "key", "anna@x.y", "1", "0", "010", "1.5", ".5", "-", "- ", "+", "~", "null", "true", "no", "_", "1_0"),
    *("_1", "0x1", "-0x1", "0b1", "0o7", "0X1", "1e3", ".inf", ".nan", "2026-12-31", "22:22", "9" * 70, "<<", "="),
    *(": ", ":", "\n", " ", "  ", "    ", "\n  ", "\n- ", "\n  - ", "\na: ", "\nb: ", "\n  c: ", "a: ", "key: "),
    *(", ", ",", "[", "]", "{", "}", "[]", "{}", "{a: 1}", "[1, 2]", '"', "'", '"a b"', "'it''s'", '"\\n"', "\\"),
    *('"\\ud83d\\ude00"', '"\\x41"', "#", " # c", "|", ">", "|-", ">+", "|2", "? ", "?a", ":a", "!t ", "!", "&a ", "&"),
    *("*a", "*", "%", "%YAML 1.2", "@", "`", "---", "\n---\n", "...", "\n...\n", "\t", "\x00", "\x7f", "\x85", "é"),
    *("\u00a0", "😀", "\u2028", "\ufeff", "=>", "<a", ">a", "|a", "http://x/y?z=1", "{BLF-CRYPT}$2y$10$x", "5GiB"),
)
TREES = (
    "a: 1\nb:\n  - x: y\n    z: [1, 2]\n  - {q: 'r', s: \"t\"}\nc: d e\n",
    "mailboxes:\n  - {address: anna, name: Anna, quota: 20GiB}\n  - address: b_1\n    tags: [no, on]\n",
)

soup = st.lists(st.sampled_from(PIECES), min_size=1, max_size=14).map("".join)
inside = st.tuples(st.sampled_from(("a: {}", "a: [{}]", "a: {{{}}}", "- {}", "a: '{}'")), soup).map(
    lambda pair: pair[0].format(pair[1])
)


@st.composite
def damaged(draw: st.DrawFn) -> str:
    text = draw(st.sampled_from(TREES))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(start + 3, len(text))))
        text = text[:start] + draw(st.sampled_from(("", *PIECES))) + text[end:]
    return text


def _exact(value: Any) -> Any:
    """Everything `==` overlooks: types, order of keys, which zero, whether a number."""
    if isinstance(value, dict):
        return [(_exact(key), _exact(each)) for key, each in value.items()]
    if isinstance(value, list):
        return [_exact(each) for each in value]
    return type(value).__name__, repr(value)


@settings(max_examples=600, deadline=None)
@given(st.one_of(soup, inside, damaged()))
@example("a: [?a]\n")
@example("a: |\n  no line break at the end")
@example("a: [|x]\n")
@example("a: {b: :c}\n")
@example("...\na: b\n")
@example("a: [_.5, 1_0.0, 0xa_b]\n")
@example("{a\nb: 1}\n")
@example("a: {[.: []]}")
def test_what_is_read_quickly_is_read_carefully_too(text: str) -> None:
    value = quickly(text.encode())
    if value is None:
        return
    assert _exact(value) == _exact(compose(SourceText("m", text)).value)


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False),
    st.text("ab1_.:-+e0xno /@=", max_size=12),
)
plain = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abc_", min_size=1, max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


def _written(value: Any, indent: int = 0) -> str:
    """Write a value the way people do: blocks outside, brackets and quotes where needed."""
    if isinstance(value, dict) and value:
        return "".join(f"\n{'  ' * indent}{key}:{_written(each, indent + 1)}" for key, each in value.items())
    if isinstance(value, list) and value:
        return "".join(f"\n{'  ' * indent}-{_written(each, indent + 1)}" for each in value)
    if isinstance(value, str):
        return " '" + value.replace("'", "''") + "'"
    if value is None or isinstance(value, bool):
        return {None: " null", True: " true", False: " false"}[value]
    return f" {value!r}".replace("inf", ".inf")


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.text("abc_", min_size=1, max_size=4), plain, min_size=1, max_size=4))
def test_a_correct_document_is_read_quickly_and_rightly(value: dict[str, Any]) -> None:
    text = _written(value) + "\n"
    assert _exact(compose(SourceText("m", text)).value) == _exact(value)
    quick = quickly(text.encode())
    assert quick is None or _exact(quick) == _exact(value)


ORDINARY = """\
# Ordinary manifests go the quick way, or all the speed is for nothing.
domain: acme.example
defaults:
  mailboxes: {quota: 5GiB, initial: {password: {generate: true}}}
mailboxes:
  - {address: anna_2, name: "Anna & Ben <3", quota: 20GiB}
  - address: jürgen
    name: 'It''s me! 100 %'
    initial: {password: {hash: "{BLF-CRYPT}$2y$10$0b/1_a"}}
    tags: [no, off, team-1]
relayhosts:
  - {host: "smtp.example:587", username: acme, password: {env: SMTP_ACME}}
bcc_maps:
  - {for: acme.example, direction: outgoing, to: archive@vault.example, note: http://x.example/?a=1&b=*}
aliases: []
limits: {rate: 10/s, size: 0.5, count: 1000, until: 2026-12-31}
"""


def test_an_ordinary_manifest_goes_the_quick_way() -> None:
    assert quickly(ORDINARY.encode()) == compose(SourceText("m", ORDINARY)).value


@pytest.mark.parametrize(
    "text",
    [
        "- " * 100_000 + "x",
        "a:\n" + "".join(" " * i + "- \n" for i in range(1, 1500)),
        "[" * 100_000,
        "a: " + "9" * 10_000,
    ],
    ids=["dashes", "indentation", "brackets", "digits"],
)
def test_what_would_end_the_process_never_reaches_the_quick_parser(text: str) -> None:
    assert quickly(text.encode()) is None


@pytest.mark.parametrize("error", ["a: 1\na: 2\n", "a: [", "a: !x 1\n", "a: &b 1\nc: *b\n", "<<: {a: 1}\n", "1: 2\n"])
def test_what_is_refused_or_doubtful_goes_the_careful_way(error: str) -> None:
    assert quickly(error.encode()) is None


def test_both_ways_leave_the_same_depth() -> None:
    deepest = "a: " + "[" * 31 + "]" * 31
    assert quickly(deepest.encode()) == compose(SourceText("m", deepest)).value
    deeper = "a: " + "[" * 32 + "]" * 32
    assert quickly(deeper.encode()) is None
    with pytest.raises(ManifestError):
        compose(SourceText("m", deeper))
