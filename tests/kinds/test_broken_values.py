"""Whatever stands where a value should: a row is read, left alone, or told with what names it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from reconciler.api.jsontext import rows_in
from reconciler.errors import ProtocolError
from reconciler.model.version import Version
from reconciler.spec.capabilities import Capabilities
from reconciler.spec.decode import Decoder
from reconciler.spec.kind import Kind
from reconciler.spec.mark import ASKED, MAIN
from tests.kinds.samples import RECORDED
from tests.kinds.test_contract import KINDS, answers

NONSENSE: tuple[Any, ...] = (
    None,
    True,
    -1,
    1.5,
    "",
    "plenty",
    "{",
    "a,,b",
    "9" * 5000,
    [],
    [None],
    {},
    {"": None},
    [{"a": []}],
)


def _rows(kind: Kind, version: str) -> Iterator[Mapping[str, Any]]:
    """The first row of each recorded answer of a kind's list."""
    for source, asked, answer in answers(kind, version):
        if source == MAIN:
            for row in rows_in(answer)[:1]:
                yield row if kind.sources[MAIN].each is None else {**row, ASKED: asked}


def _broken(row: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A row with nonsense, or nothing, in one place of it."""
    for name, value in row.items():
        yield {each: was for each, was in row.items() if each != name}
        for nonsense in NONSENSE:
            yield {**row, name: nonsense}
        if isinstance(value, dict):
            for inner in _broken(value):
                yield {**row, name: inner}


@pytest.mark.parametrize("version", RECORDED)
@pytest.mark.parametrize("kind", [kind for kind in KINDS if MAIN in kind.sources], ids=lambda kind: kind.name)
def test_nonsense_in_a_row_is_read_or_told(kind: Kind, version: str) -> None:
    decoder = Decoder(kind, Capabilities(Version.parse(version)), frozenset(kind.fields), {})
    for row in _rows(kind, version):
        for broken in _broken(row):
            try:
                decoder.observe(broken)
            except ProtocolError as told:
                assert told.id in {"value-unreadable", "row-without-key"}  # noqa: PT017  most are read


@pytest.mark.parametrize(
    ("told", "measured"), [("5", 5), (10**400, str(10**400)), ("9" * 5000, "9" * 5000), (None, None)]
)
def test_what_is_reckoned_with_is_a_number_that_a_database_may_have(told: Any, measured: Any) -> None:
    (kind,) = (kind for kind in KINDS if "quota" in kind.measures)
    decoder = Decoder(kind, Capabilities(Version.parse(RECORDED[-1])), frozenset(), {})
    observed = decoder.observe({**next(_rows(kind, RECORDED[-1])), str(kind.measures["quota"]): told})
    assert observed is not None
    assert observed.measures["quota"] == measured
