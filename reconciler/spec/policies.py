"""Spam policies: senders that are always let in or kept out, kept by the server as rows with numbers of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from reconciler.model.operation import Verb
from reconciler.records import replace
from reconciler.spec.codec import Codec, Scope, refuse
from reconciler.spec.codecs import a_set_of
from reconciler.spec.kind import Situation, Source
from reconciler.spec.language import Annotated
from reconciler.spec.mark import Elements, Mark, Owner, field
from reconciler.spec.step import Step

_LONGEST: Final = 100
_MARKS: Final = str.maketrans("", "", "@_.-*")
_HINT: Final = "write an address, a domain or a pattern of letters, digits and `@_.-*`: `*@partner.example`"


def _accept(value: Any, _scope: Scope) -> str:
    bare = value.translate(_MARKS) if isinstance(value, str) else ""
    if bare.isascii() and bare.isalnum() and len(value) <= _LONGEST:
        return str(value).lower()
    raise refuse("sender-malformed", f"`{value}` is not a sender", hint=_HINT)


SENDERS: Final = a_set_of(
    Codec(
        accept=_accept,
        decode=lambda value: str(value).lower(),
        schema={"type": "string", "maxLength": _LONGEST, "examples": ["*@partner.example"]},
    )
)
Senders = Annotated[tuple[str, ...], SENDERS]
"""Addresses, domains and patterns of senders. The server stores them in lowercase, takes nothing but these characters,
and lets each stand once in either list of the same thing (2022-01a to 2026-07a, functions.policy.inc.php)."""

_FIELDS: Final = {"allowed senders": "allowed_senders", "blocked senders": "blocked_senders"}
_LISTS: Final = {"allowed senders": "wl", "blocked senders": "bl"}

POLICY_SOURCES: Final[Mapping[str, Source]] = {
    name: Source(path=f"policy_{short}_domain/{{domain}}", join="object", row_handle="prefid", many=True)
    for name, short in _LISTS.items()
}
"""Where they are read: a domain's own entries and those of all its mailboxes come together, and the row tells whose
it is, so that two requests a domain show everything (2022-01a to 2026-07a, recorded exchanges)."""


def senders_fields(route: str, *, name: str, said: tuple[str, str], owner: Owner) -> tuple[Mark, Mark]:
    """Mark the lists of allowed and of blocked senders.

    Args:
        route: the route entries are added and deleted by.
        name: what an add calls the thing the entry is for.
        said: the message keys of a success in adding, and in deleting.
    """
    allowed = "Senders whose mail is never taken for spam: addresses, domains, patterns with `*`."
    blocked = "Senders whose mail is always taken for spam. A sender may stand in one of both lists only."
    lists = ((allowed, "allowed senders"), (blocked, "blocked senders"))
    one, other = (_senders_field(about, source, route, name, said, owner) for about, source in lists)
    return one, other


def _senders_field(about: str, source: str, route: str, name: str, said: tuple[str, str], owner: Owner) -> Mark:
    """Mark one of them: an entry that is there already may have outlived an earlier domain of that name."""
    added, deleted = said
    there = frozenset({"policy_list_from_exists"})

    def add(handle: Any, new: tuple[str, ...]) -> tuple[Step, ...]:
        common = {name: handle, "object_list": _LISTS[source]}
        step = Step(verb=Verb.ADD, route=route, successes=(added,), unclear=there)
        return tuple(replace(step, attributes={**common, "object_from": sender}) for sender in new)

    def remove(_handle: Any, _gone: tuple[str, ...], rows: tuple[str, ...]) -> tuple[Step, ...]:
        return tuple(Step(verb=Verb.DELETE, route=route, item=row, successes=(deleted,)) for row in rows)

    return field(
        about,
        read="value",
        source=source,
        elements=Elements(add=add, remove=remove),
        absent=(),
        stays_behind=True,
        owner=owner,
        read_with=tuple(_FIELDS.values()),
    )


def senders_in_both_lists(situation: Situation) -> tuple[tuple[str, str, str], ...]:
    """Find senders that would stand in both lists of the same thing, which the server lets none."""
    there = situation.future.get(situation.address)
    if there is None or situation.changed.isdisjoint(_FIELDS.values()):
        return ()
    allowed, blocked = (there.values.get(name, ()) for name in _FIELDS.values())
    changed = next(name for name in _FIELDS.values() if name in situation.changed)
    other = next(name for name in _FIELDS.values() if name != changed)
    hint = f"declare `{other}` too, without it"
    return tuple((changed, f"`{each}` stands in `{other}` too", hint) for each in allowed if each in blocked)
