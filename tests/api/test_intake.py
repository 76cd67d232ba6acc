"""A long list decoded while it comes is the list that is decoded when it is there, however it is cut into pieces."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from reconciler.api import Client, ReadingState
from reconciler.api.envelope import Answer
from reconciler.api.exchange import ExchangeFailed
from reconciler.api.intake import Intake
from reconciler.api.jsontext import Body, rows_in
from reconciler.api.reading import Reading, reading_of
from reconciler.errors import ConnectionFailed, ProtocolError
from reconciler.spec.rowform import RowForm
from tests.api.conftest import Clock
from tests.api.scripted_server import Asked, Reply, ScriptedServer

pytest.importorskip("msgspec")

Serve = Callable[..., ScriptedServer]
Connect = Callable[..., Client]

FORM = RowForm({"id": Any, "in.on": bool | None, "name": Any})
LARGEST = 1 << 30

HOSTILE_TEXTS = [
    "},{",
    "}, {",
    '"},{"',
    '{"id":1},{"id":2}',
    "\\",
    '\\"',
    "[{},{}]",
    "]",
    "},\n    {",
    "\U0001f600",
    "ü,{",
]


def _wholly(body: Body) -> Reading:
    return reading_of(Answer(200, body), FORM.decode)


def _told(reading: Reading) -> Any:
    """What a reading says, in values that can be compared."""
    try:
        rows = FORM.alike(reading.rows)
    except ProtocolError as error:
        return (reading.state, error.id, error.details["size"])
    return (
        reading.state,
        [json.dumps(FORM.column([row], name), default=repr) for row in rows for name in ("id", "name")],
    )


ROW = some.fixed_dictionaries(
    {},
    optional={
        "id": some.integers(-(2**70), 2**70) | some.sampled_from(HOSTILE_TEXTS) | some.text(),
        "name": some.sampled_from(HOSTILE_TEXTS)
        | some.none()
        | some.lists(some.dictionaries(some.text(max_size=2), some.integers(), max_size=1), max_size=3),
        "in": some.none()
        | some.fixed_dictionaries(
            {},
            optional={
                "on": some.booleans() | some.sampled_from(["1", 0, "odd"]),
                "x": some.sampled_from(HOSTILE_TEXTS),
            },
        ),
        "left out": some.recursive(
            some.sampled_from(HOSTILE_TEXTS) | some.integers(),
            lambda inner: some.lists(
                some.dictionaries(some.sampled_from(HOSTILE_TEXTS), inner, max_size=2), max_size=3
            ),
            max_leaves=6,
        ),
    },
)
ROWS = some.lists(ROW | ROW | ROW | some.none() | some.lists(ROW, max_size=2), max_size=12).filter(
    lambda rows: bool(rows_in(rows)) or not rows
)
PRINTED = some.sampled_from([{}, {"indent": 4}, {"separators": (",", ":")}, {"indent": 0, "ensure_ascii": False}])
SIZES = some.lists(some.integers(1, 90), min_size=1, max_size=4)


def _received(body: bytes, sizes: list[int], block: int) -> tuple[Reading, int]:
    """Read a body that comes in pieces of these sizes, again and again; also how much of it was decoded on the way."""
    received = Intake(LARGEST, FORM.decode, block=block)
    at = number = 0
    while at < len(body):
        size = sizes[number % len(sizes)]
        received.take(body[at : at + size])
        at, number = at + size, number + 1
    rest, ahead = received.end()
    return reading_of(Answer(200, rest, ahead=ahead), FORM.decode), 0 if ahead is None else ahead.size


@given(
    rows=ROWS, printed=PRINTED, sizes=SIZES, block=some.integers(1, 200), blanks=some.sampled_from(["", " ", "\n\t "])
)
@example(rows=[{"name": [{"a": 1}, {"a": 2}]}] * 9, printed={}, sizes=[7], block=10, blanks="")
@example(rows=[{"id": "},{"}] * 9, printed={"separators": (",", ":")}, sizes=[1], block=1, blanks="")
@example(rows=[{"in": {"on": "odd"}}, {"in": {"on": "1"}}] * 9, printed={}, sizes=[30], block=30, blanks=" ")
def test_a_list_in_pieces_is_the_list_at_once(
    rows: list[Any], printed: dict[str, Any], sizes: list[int], block: int, blanks: str
) -> None:
    body = (blanks + json.dumps(rows, **printed) + blanks).encode()

    reading, _ = _received(body, sizes, block)

    assert _told(reading) == _told(_wholly(body))
    if reading.state is ReadingState.CONTENT:
        assert len(reading.rows) == len(rows_in(rows))


@given(
    rows=ROWS,
    printed=PRINTED,
    sizes=SIZES,
    block=some.integers(1, 200),
    at=some.integers(0, 2_000),
    put=some.binary(max_size=2) | some.sampled_from([b"]", b"}", b",{", b"},{", b"[", b'"', b"\\", b"{}", b"]["]),
    taken=some.integers(0, 3),
)
def test_a_broken_list_in_pieces_is_refused_like_the_list_at_once(
    rows: list[Any], printed: dict[str, Any], sizes: list[int], block: int, at: int, put: bytes, taken: int
) -> None:
    body = json.dumps(rows, **printed).encode()
    place = at % (len(body) + 1)
    for broken in (body[:place], body[:place] + put + body[place + taken :]):
        assert _told(_received(broken, sizes, block)[0]) == _told(_wholly(broken))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" \n" * 100,
        b"{}",
        b"[]",
        b'{"type":"error","msg":"no, },{ you may not"}',
        b'{"rows":[{"id":1},{"id":2},{"id":3},{"id":4}]}',
        b"<html><body>},{ },{ },{ },{</body></html>" * 9,
        b'[{"id":1},{"id":2}]' * 9,
        b"[" * 5_000,
        b'[1,2,3,"},{","},{","},{"]',
    ],
    ids=lambda body: repr(body[:20]),
)
def test_what_is_no_list_of_rows_is_told_as_ever(body: bytes) -> None:
    assert _told(_received(body, [5], 16)[0]) == _told(_wholly(body))


def test_rows_are_decoded_while_they_come_and_their_text_is_dropped() -> None:
    body = json.dumps([{"id": number, "left out": "x" * 50} for number in range(1_000)], indent=4).encode()
    received = Intake(LARGEST, FORM.decode, block=4_000)
    longest = 0
    for at in range(0, len(body), 500):
        received.take(body[at : at + 500])
        longest = max(longest, len(received.end()[0]))

    rest, ahead = received.end()

    assert ahead is not None
    assert longest < 5_000 < len(body) < ahead.size + len(rest) + 10
    assert FORM.column(ahead.rows, "id") == list(range(len(ahead.rows)))
    assert all(type(row) is not dict for row in ahead.rows)


def test_a_row_that_fits_no_record_makes_mappings_of_its_block_alone() -> None:
    odd = 500
    rows = [{"id": number, "in": {"on": "odd" if number == odd else 1}} for number in range(1_000)]
    received = Intake(LARGEST, FORM.decode, block=1_000)
    body = json.dumps(rows).encode()
    for at in range(0, len(body), 100):
        received.take(body[at : at + 100])
    rest, ahead = received.end()
    found = reading_of(Answer(200, rest, ahead=ahead), FORM.decode).rows

    mappings = [number for number, row in enumerate(found) if type(row) is dict]

    assert odd in mappings
    assert len(mappings) < 60
    assert FORM.column(FORM.alike(found), "id") == list(range(1_000))
    assert FORM.column(FORM.alike(found), "in.on")[odd - 1 : odd + 2] == [True, "odd", True]


def test_hostile_texts_cost_a_few_tries_a_block_and_not_one_for_each() -> None:
    tried = []

    def decode(text: Body | memoryview) -> list[Any] | None:
        tried.append(len(text))
        return FORM.decode(text)

    body = json.dumps([{"left out": "},{" * 20_000}] * 3).encode()
    received = Intake(LARGEST, decode, block=1_000)
    for at in range(0, len(body), 500):
        received.take(body[at : at + 500])
    rest, ahead = received.end()

    assert len(reading_of(Answer(200, rest, ahead=ahead), FORM.decode).rows) == 3
    assert len(tried) < 60
    assert sum(tried) < 20 * len(body)


def test_what_is_too_large_is_given_up_although_its_begin_is_dropped() -> None:
    received = Intake(10_000, FORM.decode, block=1_000)
    received.take(b"[" + b'{"id":1},' * 1_000)
    assert received.end()[1] is not None

    with pytest.raises(ExchangeFailed) as refusal:
        received.take(b'{"id":1},' * 200)

    assert refusal.value.failure.reason == "answer-too-large"


LONG = [{"id": number, "name": "n" * 200, "in": {"on": "1"}, "left out": "},{"} for number in range(12_000)]
BODY = json.dumps(LONG, indent=4).encode()
"""More than three megabytes, as a server prints them."""


def _chunked(body: bytes, size: int = 8_000) -> bytes:
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


CHUNKED = {"Transfer-Encoding": "chunked"}
GZIP = {"Content-Encoding": "gzip"}
FRAMED = {
    "of told length": Reply(200, BODY),
    "in chunks": Reply(200, _chunked(BODY), CHUNKED),
    "packed": Reply(200, gzip.compress(BODY, 1), GZIP),
    "packed, in chunks": Reply(200, _chunked(gzip.compress(BODY, 1)), CHUNKED | GZIP),
}


@pytest.mark.parametrize("framed", FRAMED)
def test_a_long_list_is_decoded_while_it_comes_however_it_is_framed(
    serve: Serve, connect: Connect, framed: str
) -> None:
    reply = FRAMED[framed]
    client = connect(serve(lambda _: reply).origin)

    reading = client.get("mailbox", "all", typed=FORM.decode)

    assert reading.ahead is not None
    assert len(reading.body) < len(BODY) / 3
    assert FORM.column(reading.rows, "id") == [row["id"] for row in LONG]
    cost = client.statistics.calls["get mailbox"]
    assert (cost.requests, cost.failures) == (1, 0)
    assert cost.received == len(BODY if "Content-Encoding" not in reply.headers else gzip.compress(BODY, 1))


def test_a_long_list_that_nobody_wants_as_records_stays_text(serve: Serve, connect: Connect) -> None:
    assert connect(serve(lambda _: FRAMED["in chunks"]).origin).get("mailbox", "all").value == LONG


@pytest.mark.parametrize("framed", FRAMED)
def test_a_connection_that_breaks_half_way_is_tried_again_and_nothing_is_read_twice(
    serve: Serve, connect: Connect, clock: Clock, framed: str
) -> None:
    reply = FRAMED[framed]
    broken = Reply(200, reply.body, reply.headers, cut=len(reply.body) // 3)
    left = [broken, broken]
    server = serve(lambda _: left.pop() if left else reply)

    reading = connect(server.origin).get("mailbox", "all", typed=FORM.decode)

    assert FORM.column(reading.rows, "id") == [row["id"] for row in LONG]
    assert (len(server.asked), len(clock.naps)) == (3, 2)


def test_a_connection_that_always_breaks_half_way_is_a_failure(serve: Serve, connect: Connect) -> None:
    server = serve(lambda _: Reply(200, BODY, cut=1_000))

    with pytest.raises(ConnectionFailed) as failure:
        connect(server.origin).get("mailbox", "all", typed=FORM.decode)

    assert failure.value.id == "api-connection-broken"


@pytest.mark.parametrize("framed", ["of told length", "in chunks"])
def test_garbage_in_the_middle_of_a_long_list_is_bad_json(serve: Serve, connect: Connect, framed: str) -> None:
    body = BODY[: len(BODY) // 2] + b"\x00garbage" + BODY[len(BODY) // 2 :]
    reply = Reply(200, body) if framed == "of told length" else Reply(200, _chunked(body), CHUNKED)
    reading = connect(serve(lambda _: reply).origin).get("mailbox", "all", typed=FORM.decode)

    assert reading.ahead is not None
    with pytest.raises(ProtocolError) as failure:
        _ = reading.rows
    assert (failure.value.id, failure.value.details["size"]) == ("api-bad-json", len(body))


def test_packing_that_breaks_in_the_middle_is_no_answer(serve: Serve, connect: Connect) -> None:
    packed = bytearray(gzip.compress(BODY, 1))
    packed[len(packed) // 2 :] = bytes(len(packed) // 2)
    server = serve(lambda _: Reply(200, bytes(packed), GZIP))

    with pytest.raises(ProtocolError) as failure:
        connect(server.origin).get("mailbox", "all", typed=FORM.decode)

    assert failure.value.id == "api-not-an-api-answer"


@pytest.mark.parametrize("headers", [{}, CHUNKED, GZIP])
def test_a_list_that_is_too_large_is_given_up_on_the_way(
    serve: Serve, connect: Connect, headers: dict[str, str]
) -> None:
    body = gzip.compress(BODY, 1) if headers is GZIP else _chunked(BODY) if headers is CHUNKED else BODY
    client = connect(serve(lambda _: Reply(200, body, headers)).origin, largest_answer=len(BODY) - 1)

    with pytest.raises(ProtocolError) as failure:
        client.get("mailbox", "all", typed=FORM.decode)

    assert failure.value.id == "api-answer-too-large"


@pytest.mark.parametrize("status", [404, 500])
def test_a_long_list_under_another_status_is_no_content(serve: Serve, connect: Connect, status: int) -> None:
    def script(asked: Asked) -> Reply:
        return Reply(200, b"[]") if asked.target.endswith("domain/all") else Reply(status, _chunked(BODY), CHUNKED)

    client = connect(serve(script).origin)
    client.get("domain", "all")

    with pytest.raises((ConnectionFailed, ProtocolError)) as failure:
        client.get("mailbox", "all", typed=FORM.decode)

    assert failure.value.details["status"] == status


FIRST_ANSWER = """
import sys
from reconciler.api.intake import BLOCK, Intake
from reconciler.spec.rowform import RowForm
row = b'{"id":1,"name":"' + b"x" * 1_000 + b'"}'
for size, streams in ((BLOCK + 9, False), (4_000_000, True)):
    received = Intake(1 << 30, RowForm({"id": int}).decode)
    received.take(b"[")
    for _ in range(size // len(row)):
        received.take(row + b",")
    received.take(row + b"]")
    assert (received.end()[1] is not None) is streams, size
    assert ("msgspec" in sys.modules) is streams, size
"""


def test_one_long_answer_is_enough_to_import_msgspec_for_and_a_shorter_one_is_not() -> None:
    subprocess.run([sys.executable, "-c", FIRST_ANSWER], check=True, timeout=60)
