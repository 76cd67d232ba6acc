"""The codecs of whom one may send as."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from reconciler.model.address import Address
from reconciler.model.resource import Observed, Value
from reconciler.records import replace
from reconciler.spec.addresses import MAIL_ADDRESS
from reconciler.spec.codec import Codec, Scope, refuse
from reconciler.spec.codecs import a_set_of
from reconciler.spec.kind import Situation
from reconciler.spec.names import domain_of, read_address


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
_EXTERNAL: Final = a_set_of(EXTERNAL_SENDER, wire="text")
_ROOM: Final = 6144


def _accept_external(value: Any, scope: Scope) -> Value:
    senders = _EXTERNAL.accept(value, scope)
    taken = len(" ".join(str(EXTERNAL_SENDER.encode(each)) for each in senders if not each.startswith("@")))
    if taken <= _ROOM:
        return senders
    why = f"these addresses take up {taken} characters together, and mailcow has room for {_ROOM}"
    raise refuse("list-too-long", why, hint="name fewer, or whole domains: `@elsewhere.example`")


EXTERNAL_SENDERS: Final = replace(_EXTERNAL, accept=_accept_external)
"""What SOGo is told of them is one column, for which nothing is cut: every later change of the mailbox would end with
an empty answer, since 2025-03 with the database's complaint, and SOGo hear of none (2022-01a to 2026-07a,
init_db.inc.php: ``_sogo_static_view``; functions.mailbox.inc.php)."""


def same_rights(situation: Situation, aliases: Mapping[str, Observed]) -> bool:
    """Tell whether a mailbox's rights to send as others differ only by what it may send as anyway.

    The server keeps no right to send as oneself, or as an alias that allows it and is no catch-all (2022-01a to
    2026-07a, functions.mailbox.inc.php).
    """
    from reconciler.model.amended import those_naming  # noqa: PLC0415  few plans ask

    own = situation.address.key
    leading_here = (aliases[key] for key in those_naming(aliases, "to", _targets, own))
    allowed = (alias.address.key for alias in leading_here if alias.values.get("sender_allowed", True))
    implied = {own, *(each for each in allowed if not each.startswith("@"))}
    wanted = {str(each).lower() for each in situation.after["send_as"]} - implied
    had = {str(each).lower() for each in situation.before["send_as"]} - implied
    return wanted == had


def unknown_senders(
    situation: Situation, *, addresses: Sequence[str], domains: Sequence[str]
) -> Iterator[tuple[str, str, str]]:
    """Find whom the server lets nobody send as: who is not here, or is here though said not to be (all versions).

    Args:
        addresses: the kinds whose keys are addresses here; ``domains`` those whose keys are domains.
    """
    future, after, changed = situation.future, situation.after, situation.changed
    for each in after["send_as"] if "send_as" in changed and future.domains is None else ():
        key = str(each).lower()
        kinds, key = (domains, key[1:]) if key.startswith("@") else (addresses, key)
        if each != "*" and all(future.was_read(kind) and not future.has(Address(kind, key)) for kind in kinds):
            yield "send_as", f"there is no `{each}` on this server", "mend the name, or see `external_send_as`"
    for each in after["external_send_as"] if "external_send_as" in changed else ():
        if any(future.has(Address(kind, domain_of(str(each)))) for kind in domains):
            yield "external_send_as", f"`{each}` is on this server", "write it under `send_as`"


def _targets(to: Value) -> Iterable[str]:
    return dict.fromkeys(map(str.lower, to)) if isinstance(to, tuple) else ()
