import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from reconciler.api import decode_json, encode_json
from reconciler.api.jsontext import Body, decode_large, decode_rows
from reconciler.api.plainjson import decode_small
from reconciler.errors import ProtocolError

WITHOUT_MSGSPEC = """
import sys
sys.modules["msgspec"] = None
from reconciler.api.jsontext import _SoFar, decode_json, decode_rows
from reconciler.errors import ProtocolError
_SoFar.size = 10_000_000
assert decode_rows(b'[{"a": 1}]', lambda body: 1 / 0) == [{"a": 1}]
assert decode_json('[{"name": "Ünï", "quota": 3221225472, "active": null}]'.encode()) == [
    {"name": "Ünï", "quota": 3221225472, "active": None}
]
for broken in (b'[{"a":1},', b"[" * 200_000, b"\\xff"):
    try:
        decode_json(broken)
    except ProtocolError as error:
        assert error.id == "api-bad-json"
    else:
        raise AssertionError(broken)
"""


def test_the_standard_library_does_where_msgspec_is_missing() -> None:
    subprocess.run([sys.executable, "-c", WITHOUT_MSGSPEC], check=True, timeout=60)


@pytest.mark.parametrize("broken", [b'[{"a":1},', b"[" * 200_000, b"\xff", b'{"a":1}{}'])
def test_what_is_not_json_is_a_protocol_error(broken: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode_json(broken)


def test_a_body_is_compact_utf_8() -> None:
    assert encode_json({"name": "Ünï", "items": [1, True, None]}) == '{"name":"Ünï","items":[1,true,null]}'.encode()


def test_a_number_json_cannot_say_is_not_sent() -> None:
    with pytest.raises(ValueError, match="JSON"):
        encode_json({"quota": float("nan")})


ODD_TEXTS = [
    *(
        b"1e400",
        b"-1e400",
        b"1" * 400 + b".0",
        b"1e-400",
        b"-0",
        b"-0.0",
        b"0.1",
        b"123456789.123456789123456789",
        b"1E5",
    ),
    *(b"123456789012345678901234567890", b"18446744073709551616", b"-9223372036854775809", b"1" * 5000, b"01", b"1."),
    *(
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b"[NaN]",
        b"nan",
        b"None",
        b"tru",
        b".5",
        b"-",
        b"",
        b" ",
        b"\x0b[]",
        b"[1]\x00",
    ),
    *(
        b'"\\ud800"',
        b'"\\uDbff\\uDc00"',
        b'"\\udc00\\ud800"',
        b'"\\\\ud800"',
        b'{"\\ud800":1}',
        b'"\\u0000"',
        b'"\\x41"',
    ),
    *(
        b'"\xff"',
        b'"\xed\xa0\x80"',
        b'"\xf4\x90\x80\x80"',
        b'"a\x01"',
        b'"\x7f"',
        b'"a\nb"',
        b'"\\/"',
        b"\xef\xbb\xbf[]",
    ),
    *(
        b'{"a":1,"a":2}',
        b'{"a":1,}',
        b"[1,]",
        b"[,1]",
        b"{1:2}",
        b'{"a" 1}',
        b"[1 2]",
        b"[1]]",
        b"{}{}",
        b"'a'",
        b"[1]//",
    ),
    "[1]".encode("utf-16"),
    b"[1e400]",
    b"[" * 100_000,
]

SCALARS: some.SearchStrategy[Any] = (
    some.none() | some.booleans() | some.integers() | some.floats(allow_nan=False, allow_infinity=False) | some.text()
)


def _holders(inner: some.SearchStrategy[Any]) -> some.SearchStrategy[Any]:
    holders: list[some.SearchStrategy[Any]] = [some.lists(inner), some.dictionaries(some.text(), inner)]
    return some.one_of(holders)


VALUES = some.recursive(SCALARS, _holders, max_leaves=20)


def _told(decode: Any, body: Body) -> str:
    try:
        return repr(decode(body))
    except (ValueError, RecursionError):
        return "refused"


@pytest.mark.parametrize("body", ODD_TEXTS, ids=lambda body: repr(body[:20]))
def test_both_ways_to_decode_read_an_odd_text_alike(body: bytes) -> None:
    pytest.importorskip("msgspec")
    assert _told(decode_small, body) == _told(decode_large, body)
    assert _told(decode_small, bytearray(body)) == _told(decode_small, body)


@given(value=VALUES, in_ascii=some.booleans(), at=some.integers(0, 10_000), put=some.binary(max_size=2))
@example(value=["\U0001f600"], in_ascii=True, at=4, put=b"")
def test_both_ways_to_decode_read_any_text_alike(value: Any, in_ascii: bool, at: int, put: bytes) -> None:
    pytest.importorskip("msgspec")
    body = json.dumps(value, ensure_ascii=in_ascii).encode("utf-8", "surrogatepass")
    assert _told(decode_small, body) == _told(decode_large, body)
    place = at % (len(body) + 1)
    for changed in (body[:place], body[:place] + put + body[place + 1 :]):
        assert _told(decode_small, changed) == _told(decode_large, changed)


SMALL_THEN_LARGE = """
import sys
from reconciler.api.jsontext import decode_rows
row = b'{"a": "' + b"x" * 1000 + b'"}'
for size, is_there in ((1, False), (900, False), (200, True), (1, True)):
    typed = []
    rows = decode_rows(b"[" + b",".join([row] * size) + b"]", lambda body: typed.append(body) or ["records"])
    assert ("msgspec" in sys.modules) is is_there, size
    assert (rows == ["records"]) is is_there
    assert is_there or rows == [{"a": "x" * 1000}] * size
"""


def test_msgspec_is_imported_when_a_megabyte_has_been_read_and_not_before() -> None:
    pytest.importorskip("msgspec")
    subprocess.run([sys.executable, "-c", SMALL_THEN_LARGE], check=True, timeout=60)


def test_rows_that_fit_no_record_are_mappings() -> None:
    assert decode_rows(b'[{"a":1},2]', lambda _: None) == [{"a": 1}]
