"""The codecs of whom one may send as."""

from __future__ import annotations

from typing import Any, Final

from reconciler.spec.addresses import MAIL_ADDRESS
from reconciler.spec.codec import Codec, Scope
from reconciler.spec.codecs import a_set_of
from reconciler.spec.names import read_address


def _accept_sender_right(value: Any, scope: Scope) -> str:
    return "*" if value == "*" else read_address(value, scope.domain, catch_all=True)


SENDER_RIGHTS: Final = a_set_of(
    Codec(
        accept=_accept_sender_right,
        decode=MAIL_ADDRESS.decode,
        encode=MAIL_ADDRESS.encode,
        fold=str.lower,
        schema={"type": "string", "examples": ["sales", "@acme.example", "*"]},
    )
)
EXTERNAL_SENDER: Final = Codec(
    accept=lambda value, _scope: read_address(value, None, catch_all=True),
    encode=MAIL_ADDRESS.encode,
    fold=str.lower,
    schema={"type": "string", "examples": ["anna@elsewhere.example", "@elsewhere.example"]},
)
