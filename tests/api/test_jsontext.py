import subprocess
import sys

import pytest

from reconciler.api import decode_json, encode_json
from reconciler.errors import ProtocolError

WITHOUT_MSGSPEC = """
import sys
sys.modules["msgspec"] = None
from reconciler.api import decode_json
from reconciler.errors import ProtocolError
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
