"""A server made of a dictionary, which does with each call what a test tells it to."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable, Collection, Generator, Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from reconciler.engine.apply import Means, apply
from reconciler.engine.ports import Record
from reconciler.errors import ConnectionFailed
from reconciler.kinds import registry
from reconciler.model.address import Address
from reconciler.model.change import Absent, Action, Change, FieldChange
from reconciler.model.operation import Operation, Verb
from reconciler.model.reply import Reply
from reconciler.model.report import Event, Leftover, Outcome, Report
from reconciler.model.resource import Observed
from reconciler.model.state import LiveState


class Does(Enum):
    """What a call does, and what is heard of it."""

    WORK = "works and says so"
    REFUSE = "is refused"
    LOSE_AFTER = "works, and the answer is lost"
    LOSE_BEFORE = "does nothing, and the answer is lost"
    UNSENT = "never leaves this machine"
    CLAIM = "says success and danger, and does nothing"


def mailbox(name: str) -> Address:
    """A mailbox; its domain is its name, so that it has a lane of its own."""
    return Address("mailbox", f"{name}@{name}.example")


def relayhost(name: str) -> Address:
    """A relayhost: a kind whose keys the server does not keep unique."""
    return Address("relayhost", name)


def create(address: Address) -> Change:
    return Change(Action.CREATE, address, (FieldChange("name", Absent.NOT_SET, "new"),))


def update(address: Address, name: str = "name", after: Any = "new") -> Change:
    return Change(Action.UPDATE, address, (FieldChange(name, "old", after),))


def delete(address: Address) -> Change:
    return Change(Action.DELETE, address)


def call(verb: Verb, *addresses: Address, **more: Any) -> Operation:
    """The call that does it to one or several resources of a kind."""
    kind = registry()[addresses[0].kind]
    routes = {Verb.ADD: kind.routes.add, Verb.EDIT: kind.routes.edit, Verb.DELETE: kind.routes.delete}
    items = () if verb is Verb.ADD else tuple(address.key for address in addresses)
    lanes = frozenset(address.key.rpartition("@")[2] for address in addresses)
    made: dict[str, Any] = {"lanes": lanes, "items": items, "route": routes[verb], **more}
    return Operation(verb=verb, changes=addresses, **made)


@dataclass
class World:
    """The server, its clock, and what happened there.

    Attributes:
        there: the resources it has, with their values.
        script: by operation's note or address, what each sending in turn does; it works after that.
        sent: every sending in the order in which they began.
        unreachable: whether looking again fails.
        before_each: runs at the beginning of each sending.
    """

    there: dict[Address, dict[str, Any]] = field(default_factory=dict)
    script: dict[Any, deque[Does]] = field(default_factory=dict)
    sent: list[Operation] = field(default_factory=list)
    looked: list[Collection[Address]] = field(default_factory=list)
    unreachable: bool = False
    leftovers: tuple[Leftover, ...] = ()
    before_each: Callable[[Operation], None] = field(default=lambda _: None)
    changes: dict[Address, Change] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def on(self, key: Any, *does: Does) -> World:
        """Tell what the calls about a resource do, one after another."""
        self.script[key] = deque(does)
        return self

    def send(self, operation: Operation) -> Reply:
        with self.lock:
            self.sent.append(operation)
        self.before_each(operation)
        with self.lock:
            return self._carry_out(operation)

    def _carry_out(self, operation: Operation) -> Reply:
        does = {address: self._next(operation, address) for address in operation.changes}
        found = set(does.values())
        for address, what in does.items():
            if what in (Does.WORK, Does.LOSE_AFTER) and Does.UNSENT not in found:
                self._take_effect(operation, address)
        if Does.UNSENT in found:
            return Reply(Outcome.UNKNOWN, ("not sent",), sent=False)
        if found & {Does.LOSE_AFTER, Does.LOSE_BEFORE}:
            return Reply(Outcome.UNKNOWN, ("no answer",))
        if found == {Does.WORK}:
            return Reply(Outcome.DONE, ("done",), frozenset({"done"}))
        heard = Outcome.PARTIAL if found & {Does.WORK, Does.CLAIM} else Outcome.FAILED
        return Reply(heard, ("access_denied",), frozenset({"access_denied"}))

    def _next(self, operation: Operation, address: Address) -> Does:
        script = self.script.get(operation.note) or self.script.get(address)
        return script.popleft() if script else Does.WORK

    def _take_effect(self, operation: Operation, address: Address) -> None:
        if operation.verb is Verb.DELETE:
            self.there.pop(address, None)
        elif operation.verb is Verb.ADD:
            self.there[address] = dict(self.changes[address].after)
        elif address in self.there:
            after = self.changes[address].after
            self.there[address] |= {name: after[name] for name in operation.fields or after}

    def look_again(self, addresses: Collection[Address]) -> LiveState:
        self.looked.append(addresses)
        if self.unreachable:
            raise ConnectionFailed("gone", id="api-connection-refused")
        return self.state({address.kind for address in addresses})

    def state(self, kinds: Iterable[str]) -> LiveState:
        resources: dict[str, dict[str, Observed]] = {kind: {} for kind in kinds}
        for address, values in self.there.items():
            if address.kind in resources:
                resources[address.kind][address.key] = Observed(address, dict(values), handle=address.key)
        return LiveState(resources)

    def verify(self) -> tuple[Leftover, ...]:
        if self.unreachable:
            raise ConnectionFailed("gone", id="api-connection-refused")
        return self.leftovers

    def times_sent(self) -> Counter[tuple[str, Address]]:
        """How often each call was sent, by verb and resource."""
        return Counter((each.verb.value, address) for each in self.sent for address in each.changes)


@dataclass
class Ran:
    """A run that is over."""

    report: Report
    events: list[Event]

    @property
    def outcomes(self) -> dict[str, str]:
        return {str(each.address): each.outcome.value for each in self.report.changes}

    def messages(self, address: Address) -> tuple[str, ...]:
        return next(each.messages for each in self.report.changes if each.address == address)


def ticking() -> Callable[[], float]:
    """A clock that goes a second forward whenever it is looked at."""
    seconds = iter(range(1_000_000))
    return lambda: float(next(seconds))


def start(
    world: World,
    changes: Iterable[Change],
    operations: Iterable[Operation],
    *,
    workers: int = 4,
    stop: threading.Event | None = None,
    record: Record | None = None,
    most_failures: int | None = None,
) -> Generator[Event, None, Report]:
    """Begin an apply."""
    planned = tuple(changes)
    world.changes = {change.address: change for change in planned}
    means = Means(
        kinds=registry(),
        writer=world,
        look_again=world.look_again,
        verify=world.verify,
        before=world.state({change.address.kind for change in planned}),
        workers=workers,
        clock=ticking(),
        stop=stop or threading.Event(),
        record=record,
        most_failures=most_failures,
    )
    return apply(planned, tuple(operations), means)


def run(world: World, changes: Iterable[Change], operations: Iterable[Operation], **more: Any) -> Ran:
    """Apply to the end."""
    running = start(world, changes, operations, **more)
    events: list[Event] = []
    while True:
        try:
            events.append(next(running))
        except StopIteration as end:
            return Ran(end.value, events)
