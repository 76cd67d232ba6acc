"""The limits of a domain: what of them the server would refuse, because they contradict each other or what is there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final

from reconciler.model.address import Address
from reconciler.model.resource import Value, Values
from reconciler.model.table import UNKNOWN
from reconciler.spec.amounts import size_in_mebibytes, size_of_mebibytes
from reconciler.spec.kind import Situation

__all__ = ["unfit_limits"]

Clash = tuple[str, str, str]
Quota = tuple[Address, Value]

_ORDERED_QUOTAS: Final = ("default_mailbox_quota", "max_mailbox_quota", "max_total_quota")
_MEBIBYTE: Final = 1024 * 1024


def unfit_limits(situation: Situation, mailboxes: Iterable[Quota] | int, aliases: int | None) -> tuple[Clash, ...]:
    """Find quotas out of order, and limits below what is in use (2022-01a to 2026-07a, ``edit/domain``).

    Args:
        mailboxes: those that will be in the domain, with what they may hold; how many there are, where they were not
            read, and so none changes.
        aliases: how many there are by the server's count, where that is known and none of them changes.
    """
    domain = situation.future.get(situation.address)
    if domain is None:
        return ()
    found = list(_out_of_order(domain.values)) if situation.changed & {*_ORDERED_QUOTAS, "max_mailboxes"} else []
    if isinstance(mailboxes, int):
        found += _in_use(situation, mailboxes)
    elif "max_mailbox_quota" in situation.changed:
        found += _larger(domain.values, mailboxes)
    if "max_aliases" in situation.changed and situation.after["max_aliases"] < (aliases or 0):
        found.append(("max_aliases", f"there are {aliases} aliases in it", "write no less, or remove some"))
    return tuple(found)


def _out_of_order(values: Values) -> Iterator[Clash]:
    for lower, higher in pairwise(each for each in _ORDERED_QUOTAS if each in values):
        if size_in_mebibytes(values[lower]) > size_in_mebibytes(values[higher]):
            why = f"it is {values[lower]}, more than `{higher}`, which is {values[higher]}"
            yield lower, why, f"lower it, or raise `{higher}`"


def _larger(values: Values, mailboxes: Iterable[Quota]) -> Iterator[Clash]:
    most = size_in_mebibytes(values["max_mailbox_quota"])
    for mailbox, quota in mailboxes:
        if quota is not UNKNOWN and size_in_mebibytes(quota) > most:
            yield "max_mailbox_quota", f"`{mailbox}` holds {quota}", "shrink the mailbox too"


def _in_use(situation: Situation, mailboxes: int) -> Iterator[Clash]:
    """Say what the domain's own row tells of its mailboxes.

    It does not tell how large the largest of them is, but that is no less than they have on average.
    """
    after, changed = situation.after, situation.changed
    quota = situation.observed.measures.get("quota") if situation.observed is not None else 0
    used = round(quota / _MEBIBYTE) if isinstance(quota, int) else 0
    if "max_mailboxes" in changed and after["max_mailboxes"] < mailboxes:
        yield "max_mailboxes", f"there are {mailboxes} mailboxes in it", "write no less, or remove some"
    if "max_total_quota" in changed and size_in_mebibytes(after["max_total_quota"]) < used:
        yield "max_total_quota", f"its mailboxes hold {size_of_mebibytes(used)} together", "write no less"
    if "max_mailbox_quota" in changed and size_in_mebibytes(after["max_mailbox_quota"]) * mailboxes < used:
        why = f"its {mailboxes} mailboxes hold {size_of_mebibytes(used)} together, so one of them holds more"
        yield "max_mailbox_quota", why, "shrink the mailboxes first"
