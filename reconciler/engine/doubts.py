"""What to make of an answer that does not settle the matter, once the resources have been read again."""

from __future__ import annotations

from reconciler.engine.effect import Took, renames
from reconciler.model.change import Change
from reconciler.model.operation import HandleOf, Operation, Verb
from reconciler.model.reply import Reply
from reconciler.model.report import Outcome
from reconciler.records import record
from reconciler.spec.encode import handle_of
from reconciler.spec.kind import Kind

FOUND_DONE = "the answer did not say so; found done by reading again"
FOUND_STRANGER = "something new is there that may be it; not sent again"


@record(frozen=True, slots=True)
class Attempt:
    """An operation to be sent, and the answers it got when it was sent before."""

    operation: Operation
    earlier: tuple[Reply, ...] = ()


@record(frozen=True, slots=True)
class Ruling:
    """What becomes of one change of an operation.

    Attributes:
        outcome: how the operation ended for it; None where what remains is to be sent singly.
        messages: why, where the server's own words do not say it.
    """

    outcome: Outcome | None
    messages: tuple[str, ...] = ()


SEND_AGAIN = Ruling(None)


def settles(attempt: Attempt, reply: Reply, kind: Kind, change: Change) -> bool:
    """Whether an answer needs no second look.

    A refusal does, where it may have been for some only, where what should be deleted may be gone, what should be made
    may be there or what should be renamed may have its name already, and where an earlier sending may have taken.

    Args:
        change: the first one the operation is about.
    """
    if reply.outcome is Outcome.DONE:
        return True
    operation = attempt.operation
    may_be_so = operation.verb is Verb.DELETE or kind.routes.adds(operation) or renames(operation, change)
    return reply.outcome is Outcome.FAILED and is_single(operation) and not (may_be_so or attempt.earlier)


def is_single(operation: Operation) -> bool:
    """Whether the operation is about one change only."""
    return len(set(operation.changes)) == 1


def rule(attempt: Attempt, reply: Reply, took: Took, strangers: tuple[str, ...]) -> Ruling:
    """Decide about one change of an operation whose answer settled nothing.

    What remains of a refused batch, and what a lost answer is known not to have done, is sent once more; nothing is
    sent again blindly, or twice.

    Args:
        took: what reading again says of it.
        strangers: rows that an add of unknown outcome may have made.
    """
    if took is Took.ALL:
        return Ruling(Outcome.DONE, (FOUND_DONE,))
    can_be_split = is_single(attempt.operation) or bool(attempt.operation.items or attempt.operation.names)
    if reply.outcome is Outcome.UNKNOWN:
        return _rule_on_silence(attempt, reply, took, strangers, can_be_split=can_be_split)
    if not attempt.earlier and can_be_split and not is_single(attempt.operation):
        return SEND_AGAIN
    partly = took is Took.SOME or (took is Took.UNTOLD and reply.outcome is Outcome.PARTIAL)
    return Ruling(Outcome.PARTIAL if partly else Outcome.FAILED)


def _rule_on_silence(
    attempt: Attempt, reply: Reply, took: Took, strangers: tuple[str, ...], *, can_be_split: bool
) -> Ruling:
    if took is Took.UNTOLD and reply.sent:
        return Ruling(Outcome.UNKNOWN, ("what it sets cannot be read back",))
    if strangers and attempt.operation.verb is Verb.ADD:
        return Ruling(Outcome.UNKNOWN, (f"{FOUND_STRANGER}: {', '.join(strangers)}",))
    if not attempt.earlier and can_be_split:
        return SEND_AGAIN
    return Ruling(Outcome.PARTIAL if took is Took.SOME else Outcome.FAILED, ("reading again does not show it",))


def clearing(attempt: Attempt, reply: Reply, took: Took, kind: Kind) -> Operation | None:
    """The deletion that clears away what an add of this run left half made, so that it can be added after all.

    A server before 2023-05 may answer an add with nothing, leave a mailbox without values, and refuse the same add from
    then on. So it is ours, and holds nothing, when the first answer was nothing, the second says the kind's word for
    it, and no list shows it.
    """
    operation = attempt.operation
    if kind.left_half_made is None or not kind.routes.adds(operation):
        return None
    lost_before = (
        len(attempt.earlier) == 1 and attempt.earlier[0].outcome is Outcome.UNKNOWN and attempt.earlier[0].sent
    )
    if not lost_before or kind.left_half_made not in reply.keys or took is not Took.NONE or kind.routes.delete is None:
        return None
    address = operation.changes[0]
    item = handle_of(kind, address, None)
    if isinstance(item, HandleOf):
        return None
    return Operation(
        verb=Verb.DELETE,
        route=kind.routes.delete,
        items=(item,),
        changes=(address,),
        successes=kind.routes.deleted,
        phase=operation.phase,
        lanes=operation.lanes,
        note="clears away what was left half made",
    )
