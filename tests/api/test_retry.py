import pytest

from reconciler.api import FailureReason, Patience
from reconciler.api.failures import Failure

SURE_TO_STAY = [
    FailureReason.CERTIFICATE,
    FailureReason.TOO_LARGE,
]
PASSING_IF_IT_WORKED_BEFORE = [
    FailureReason.NAME,
    FailureReason.REFUSED,
    FailureReason.UNREACHABLE,
    FailureReason.PROXY,
    FailureReason.TLS,
    FailureReason.CONNECT_TIMEOUT,
    FailureReason.UNINTELLIGIBLE,
    FailureReason.REDIRECTED,
]


def pauses(reason: FailureReason, patience: Patience, *, answered_before: bool) -> list[float]:
    found: list[float] = []
    while (
        pause := patience.pause_after(Failure(reason), attempt=len(found) + 1, answered_before=answered_before)
    ) is not None:
        found.append(pause)
    return found


def test_pauses_double_up_to_a_limit() -> None:
    patience = Patience(attempts=6, first_pause=1.0, longest_pause=5.0)

    assert pauses(FailureReason.SERVER, patience, answered_before=False) == [1.0, 2.0, 4.0, 5.0, 5.0]


def test_a_timeout_is_tried_once_more_only() -> None:
    assert len(pauses(FailureReason.READ_TIMEOUT, Patience(), answered_before=True)) == 1


@pytest.mark.parametrize("reason", SURE_TO_STAY)
@pytest.mark.parametrize("answered_before", [True, False])
def test_what_will_not_pass_is_told_at_once(reason: FailureReason, answered_before: bool) -> None:
    assert pauses(reason, Patience(), answered_before=answered_before) == []


@pytest.mark.parametrize("reason", PASSING_IF_IT_WORKED_BEFORE)
def test_a_wrong_address_is_told_at_once_and_a_restarting_server_is_waited_for(reason: FailureReason) -> None:
    assert pauses(reason, Patience(), answered_before=False) == []
    assert len(pauses(reason, Patience(), answered_before=True)) == 3


def test_every_reason_has_been_thought_of() -> None:
    thought_of = {*SURE_TO_STAY, *PASSING_IF_IT_WORKED_BEFORE}
    passing = {FailureReason.READ_TIMEOUT, FailureReason.SERVER, FailureReason.BROKEN}

    assert thought_of | passing == set(FailureReason)


def test_one_attempt_means_one() -> None:
    assert pauses(FailureReason.BROKEN, Patience(attempts=1), answered_before=True) == []
    assert pauses(FailureReason.READ_TIMEOUT, Patience(attempts=1), answered_before=True) == []
