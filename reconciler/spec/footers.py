"""Footers of domains: one setting, which servers of three ages take in three ways."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from reconciler.model.address import Address
from reconciler.model.operation import Verb
from reconciler.model.version import Version
from reconciler.records import replace
from reconciler.spec.kind import Situation
from reconciler.spec.step import Step

__all__ = ["FOOTER_ROUTE", "as_it_is_taken", "emptied", "not_taken"]

FOOTER_ROUTE: Final = "domain/footer"
_FIRST_ROUTE: Final = "domain-wide-footer"
_FIRST: Final = Version(2023, 10)
_EXCEPTIONS_SINCE: Final = Version(2023, 11, "a")
_REPLIES_SINCE: Final = Version(2024, 1)
_OTHERS_EXCEPTED_SINCE: Final = Version(2024, 2)
_EMPTY: Final = {"html": "", "plain": "", "skip_replies": 0, "exclude": []}


def as_it_is_taken(step: Step, situation: Situation) -> Step:
    """Write a footer as the server takes it (functions.mailbox.inc.php: domain_wide_footer; json_api.php).

    By another route than `FOOTER_ROUTE`, it looks for the name of the one it is about among the attributes.

    2023-10 to 2023-11 have a route of its own for it, without exceptions; on 2023-11a to 2024-01e exceptions have
    another name, under which later servers look for none.
    """
    version, attributes = situation.capabilities.version, step.attributes
    if version >= _OTHERS_EXCEPTED_SINCE:
        return step
    if version >= _EXCEPTIONS_SINCE:
        renamed = {"exclude": "mbox_exclude"}
        return replace(step, attributes={renamed.get(name, name): each for name, each in attributes.items()})
    texts = {"footer_html": attributes["html"], "footer_plain": attributes["plain"]}
    return replace(step, route=_FIRST_ROUTE, attributes=texts)


def emptied(step: Step, situation: Situation) -> list[Step]:
    """Empty the footer before its domain goes: it would come back with it (2023-10 to 2026-07a)."""
    if situation.capabilities.version < _FIRST:
        return []
    told = ("domain_footer_modified",)
    return [replace(step, verb=Verb.EDIT, route=FOOTER_ROUTE, attributes=_EMPTY, successes=told, optional=True)]


def not_taken(situation: Situation, *, aliases: str) -> Iterator[tuple[str, str, str]]:
    """Find what a server passes over in a footer, or reports and leaves out, because it came later.

    Args:
        aliases: the kind of resource that has an address and is no mailbox.
    """
    version = situation.capabilities.version
    if version >= _OTHERS_EXCEPTED_SINCE:
        return
    footer = cast("Mapping[str, Any]", situation.after["footer"])
    if footer["skip_replies"] and version < _REPLIES_SINCE:
        yield "footer", f"mailcow leaves replies alone since {_REPLIES_SINCE} only", "leave `skip_replies` out"
    for each in footer["exclude"]:
        if version < _EXCEPTIONS_SINCE:
            yield "footer", f"a footer has exceptions since {_EXCEPTIONS_SINCE} only", "leave `exclude` out"
            return
        if "@" not in each or situation.future.get(Address(aliases, each)) is not None:
            why = f"`{each}` is no mailbox, and anything else is excepted since {_OTHERS_EXCEPTED_SINCE} only"
            yield "footer", why, "leave it out"
