"""How the changes of a run stand, and what that blocks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from reconciler.model.address import Address
from reconciler.model.change import Action, Change
from reconciler.model.operation import Operation
from reconciler.model.report import ChangeEnded, Outcome
from reconciler.records import record, replace

_IN_ORDER: Final = (Action.CREATE, Action.MOVE)
"""Changes whose later operations are about what the first one brings about."""


@record(frozen=True, slots=True)
class Trimmed:
    """An operation reduced to the changes that may go on.

    Attributes:
        operation: None when none may.
        blocked: the others, each with why.
    """

    operation: Operation | None
    blocked: tuple[tuple[Address, str], ...] = ()


class Progress:
    """The outcome of every operation of every change so far; used by one thread.

    Args:
        changes: in the plan's order.
        operations: all there will be.
    """

    def __init__(self, changes: Sequence[Change], operations: Iterable[Operation]) -> None:
        self.changes = {change.address: change for change in changes}
        self._to_come = Counter(address for operation in operations for address in set(operation.changes))
        self._outcomes: dict[Address, list[Outcome]] = {address: [] for address in self.changes}
        self._messages: dict[Address, list[str]] = {}
        self._wrong: set[Address] = set()

    def settle(self, address: Address, outcome: Outcome, messages: Iterable[str] = ()) -> ChangeEnded | None:
        """Take down how one operation ended for one change.

        Returns:
            How the change ended, when that was its last operation.
        """
        self._outcomes[address].append(outcome)
        if outcome is not Outcome.DONE:
            self._wrong.add(address)
        told = self._messages.setdefault(address, [])
        told += [message for message in messages if message not in told]
        self._to_come[address] -= 1
        return None if self._to_come[address] else self.ended(address)

    def unfinished(self) -> list[Address]:
        """The changes that have operations to come, or never had any, in the plan's order."""
        return [address for address, found in self._outcomes.items() if self._to_come[address] or not found]

    def ended(self, address: Address, why_not: str = "") -> ChangeEnded:
        """Sum a change up.

        Args:
            why_not: why its remaining operations are not tried.
        """
        outcomes = set(self._outcomes[address])
        messages = tuple(self._messages.get(address, ())) + ((why_not,) if why_not else ())
        if why_not:
            outcomes.add(Outcome.BLOCKED)
        return ChangeEnded(address, _sum_of(outcomes), messages)

    def trimmed(self, operation: Operation, *, makes: bool) -> Trimmed:
        """Leave out what cannot be done because something it needs was not.

        Args:
            makes: whether it makes the resources themselves: where they are deleted first to be made anew, and that
                failed, the old ones would pass for new.
        """
        needs = operation.requires_of or (operation.requires,) * len(operation.changes)
        blocked: dict[Address, str] = {}
        for address, required in zip(operation.changes, needs, strict=True):
            missing = min((required & self._wrong) - {address}, default=None)
            if missing is not None:
                blocked[address] = f"needs {missing}, which was not done"
            elif (makes or self.changes[address].action in _IN_ORDER) and address in self._wrong:
                blocked.setdefault(address, "")
        if not blocked:
            return Trimmed(operation)
        kept = only(operation, [each for each in operation.changes if each not in blocked])
        return Trimmed(kept, tuple(blocked.items()))


def only(operation: Operation, changes: Iterable[Address]) -> Operation | None:
    """An operation about some of its changes; None when there are none."""
    wanted = set(changes)
    kept = [place for place, address in enumerate(operation.changes) if address in wanted]
    if not kept:
        return None
    names = tuple(operation.names[place] for place in kept) if operation.names else ()
    return replace(
        operation,
        names=names,
        attributes={**operation.attributes, operation.joined_by: ",".join(names)} if names else operation.attributes,
        changes=tuple(operation.changes[place] for place in kept),
        items=tuple(operation.items[place] for place in kept) if operation.items else (),
        requires_of=tuple(operation.requires_of[place] for place in kept) if operation.requires_of else (),
    )


def _sum_of(outcomes: set[Outcome]) -> Outcome:
    if outcomes == {Outcome.DONE}:
        return Outcome.DONE
    if Outcome.UNKNOWN in outcomes:
        return Outcome.UNKNOWN
    if outcomes & {Outcome.DONE, Outcome.PARTIAL}:
        return Outcome.PARTIAL
    return Outcome.FAILED if Outcome.FAILED in outcomes else Outcome.BLOCKED
