"""Whatever the server does, and however many workers there are."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.address import Address
from reconciler.model.change import Action, Change
from reconciler.model.operation import Operation, Verb
from tests.engine.world import Does, Ran, World, call, create, delete, mailbox, run, update

DOES = st.lists(st.sampled_from(Does), max_size=3)


@dataclass(frozen=True)
class Story:
    """A plan, and what the server will do with it."""

    changes: tuple[Change, ...]
    operations: tuple[Operation, ...]
    script: tuple[tuple[Address, tuple[Does, ...]], ...]

    def told(self, workers: int) -> tuple[World, Ran]:
        there = {change.address: {"name": "old"} for change in self.changes if change.action is not Action.CREATE}
        world = World(there=there)
        for address, does in self.script:
            world.on(address, *does)
        return world, run(world, self.changes, self.operations, workers=workers)


@st.composite
def stories(draw: st.DrawFn) -> Story:
    addresses = [mailbox(f"u{number}") for number in range(draw(st.integers(1, 8)))]
    changes: list[Change] = []
    operations: list[Operation] = []
    edited: list[Address] = []
    for place, address in enumerate(addresses):
        needs = draw(st.frozensets(st.sampled_from(addresses[:place]), max_size=2)) if place else frozenset()
        kind = draw(st.sampled_from((create, update, delete)))
        changes.append(kind(address))
        phase = draw(st.integers(0, 2))
        if kind is update and draw(st.booleans()):
            edited.append(address)
        else:
            verb = {create: Verb.ADD, update: Verb.EDIT, delete: Verb.DELETE}[kind]
            operations.append(call(verb, address, phase=phase, requires=needs))
    if edited:
        operations.append(call(Verb.EDIT, *edited, phase=1))
    script = tuple((address, tuple(draw(DOES))) for address in addresses)
    return Story(tuple(changes), tuple(operations), script)


@settings(max_examples=60, deadline=None)
@given(stories())
def test_outcomes_do_not_depend_on_the_number_of_workers(story: Story) -> None:
    worlds = [story.told(workers) for workers in (1, 2, 8)]
    assert len({tuple(ran.outcomes.items()) for _, ran in worlds}) == 1
    assert len({tuple(sorted(map(str, world.there))) for world, _ in worlds}) == 1


@settings(max_examples=60, deadline=None)
@given(stories())
def test_every_change_ends_and_is_done_only_if_the_server_has_it_so(story: Story) -> None:
    world, ran = story.told(4)
    assert [each.address for each in ran.report.changes] == [change.address for change in story.changes]
    for change, ended in zip(story.changes, ran.report.changes, strict=True):
        found = world.there.get(change.address)
        has_it = found is None if change.action is Action.DELETE else found is not None and found["name"] == "new"
        if ended.outcome.value == "done":
            assert has_it
        elif ended.outcome.value == "failed":
            assert not has_it


@settings(max_examples=60, deadline=None)
@given(stories())
def test_nothing_is_sent_more_than_twice_and_nothing_that_worked_is_sent_again(story: Story) -> None:
    world, ran = story.told(3)
    first_does = dict(story.script)
    for (_, address), times in world.times_sent().items():
        assert times <= 2
        if not first_does[address] or first_does[address][0] in (Does.WORK, Does.LOSE_AFTER):
            batch = any(len(each.changes) > 1 and address in each.changes for each in story.operations)
            assert times == 1 or batch
    assert ran.report.calls <= len(world.sent)
