"""Codecs read and decode many values at once as they do one by one."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.kinds import registry
from reconciler.spec.codec import Codec, Refusal, Scope

FIELDS = [(f"{kind.name}.{name}", each) for kind in registry().values() for name, each in kind.fields.items()]
NAMES = {each.codec: name for name, each in FIELDS if len(each.mark.read) < 2}
CODECS = {name: codec for codec, name in NAMES.items()}
DECODING = list(CODECS)
ACCEPTING = [name for name, codec in CODECS.items() if codec.core is None]

TEXTS = ["", " ", "0", "1", "a", "b", "A", "ä", "a@b.example", "c@b.example", "A@B.Example", "@b.example", "a,b"]
TEXTS += ["a@b.example,c@b.example", "c@b.example,a@b.example,a@b.example", ",a@b.example", "a@b.example ,c@b.example"]
TEXTS += ["a@xn--mller-kva.example", "a@müller.example", "null@localhost", "5GiB", "500/h", "active", "true", "no"]
NUMBERS = [0, 1, 2, 5, 1024**3, 5 * 1024**3, -1]
WIRE = st.one_of(
    st.sampled_from([*TEXTS, *NUMBERS, None, True, False, 1.0]), st.lists(st.sampled_from(TEXTS), max_size=3)
)
COLUMNS = st.one_of(
    st.lists(WIRE, max_size=5),
    st.lists(st.sampled_from(TEXTS), max_size=5),
    st.lists(st.sampled_from(NUMBERS), max_size=5),
    st.lists(st.lists(st.sampled_from(TEXTS), max_size=3), max_size=5),
)


def _one_by_one(codec: Codec, column: list[Any]) -> list[Any] | None:
    with suppress(ValueError, TypeError, KeyError, AttributeError):
        return [codec.decode(value) for value in column]
    return None


@pytest.mark.parametrize("name", DECODING)
def test_many_wire_values_are_decoded_as_one_by_one(name: str) -> None:
    codec = CODECS[name]

    @settings(max_examples=25, deadline=None)
    @given(COLUMNS)
    def agree(column: list[Any]) -> None:
        expected = _one_by_one(codec, column)
        if expected is not None:
            found = list(codec.decode_all(column))
            assert (repr(found), found) == (repr(expected), expected)

    agree()


@pytest.mark.parametrize("name", ACCEPTING)
def test_many_written_values_are_accepted_as_one_by_one_or_doubted(name: str) -> None:
    codec = CODECS[name]

    @settings(max_examples=25, deadline=None)
    @given(COLUMNS, st.sampled_from([None, "acme.example"]))
    def agree(column: list[Any], domain: str | None) -> None:
        try:
            found = list(codec.accept_all(column, Scope(domain)))
        except Exception:  # noqa: BLE001  doubt has no form
            return
        try:
            expected = [codec.accept(value, Scope(domain)) for value in column]
        except Refusal as refusal:
            pytest.fail(f"{column} was accepted, though {refusal.text}")
        assert found == expected

    agree()


@pytest.mark.parametrize("name", DECODING)
def test_what_is_likely_shown_for_a_value_is_decoded_to_it(name: str) -> None:
    codec = CODECS[name]

    @settings(max_examples=25, deadline=None)
    @given(COLUMNS)
    def agree(column: list[Any]) -> None:
        expected = _one_by_one(codec, column)
        if expected is not None and codec.shown is not None:
            for shown, value in zip(codec.shown(expected), expected, strict=True):
                if codec.decode(shown) != value:
                    assert shown not in column

    agree()
