"""Renaming a mailbox: a route of its own, which leaves things behind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from reconciler.model.operation import Verb
from reconciler.model.version import Version
from reconciler.records import replace
from reconciler.spec.amounts import UNLIMITED
from reconciler.spec.kind import Situation
from reconciler.spec.names import domain_of
from reconciler.spec.step import Step

__all__ = ["kept_from_it", "left_behind", "taken_along"]

_RECEIVING_ONLY_SINCE: Final = Version(2025, 3, "a")


def kept_from_it(situation: Situation) -> tuple[tuple[str, str, str], ...]:
    """Say that a mailbox that is off is not renamed, and that none gets to another domain.

    A renaming is told one domain only, and would rename what is there within it (2024-11 to 2026-07a,
    ``edit/rename-mbox``).
    """
    observed = situation.observed
    if observed is None:
        return ()
    if domain_of(observed.address.key) != domain_of(situation.address.key):
        why = f"mailcow renames a mailbox within its domain only, and `{observed.address.key}` is in another one"
        hint = "take it out of `moved:`, copy its mail, as by a sync job, and list the old one under `removed:`"
        return (("address", why, hint),)
    old = situation.capabilities.version < _RECEIVING_ONLY_SINCE
    if old or observed.values.get("state") != "off":
        return ()
    why = f"mailcow renames no mailbox that is off, as `{observed.address}` is"
    return (("address", why, "set it to `no-login` first, under its old name"),)


def taken_along(item: str, step: Step, situation: Situation) -> Iterator[Step]:
    """Leave nothing at the old address that would be there for the next mailbox of that name, as far as it was read.

    A renamed mailbox loses these (2024-11 to 2026-07a, ``edit/rename-mbox``), so they are written again afterwards.
    """
    edit = replace(step, item=item, successes=("mailbox_modified",))
    if situation.before.get("rate_limit", UNLIMITED) != UNLIMITED:
        none = {"rl_value": "", "rl_frame": "s"}
        yield replace(edit, route="rl-mbox", attributes=none, successes=("rl_saved",))
    if "spam_score" in situation.before and "spam_score" in situation.changed:
        yield replace(edit, route="spam-score", attributes={"spam_score": "default"})
    if "tagged_mail" in situation.changed:
        yield replace(edit, route="delimiter_action", attributes={"tagged_mail_handler": "none"})
    rows = situation.observed.rows if situation.observed is not None else {}
    for row in (row for listed in rows.values() for row in listed.values()):
        yield replace(
            edit, verb=Verb.DELETE, route="mailbox-policy", item=row, attributes={}, successes=("items_deleted",)
        )


def left_behind(situation: Situation) -> tuple[str, ...]:
    """Say what a renamed mailbox loses that is not declared (2024-11 to 2026-07a)."""
    lost = {"rate_limit": "rate limit", "spam_score": "spam score", "allowed_senders": "allowed senders"}
    lost |= {"blocked_senders": "blocked senders", "tagged_mail": "handling of tags"}
    names = [what for name, what in lost.items() if name not in situation.changed]
    return (f"leaves behind, at the old address: {', '.join([*names, 'time-limited addresses'])}",)
