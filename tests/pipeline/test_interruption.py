from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from reconciler.pipeline.interruption import interruptible

HEARD_AGAIN = """
import signal, sys
from reconciler.pipeline.interruption import interruptible
moments = iter([100, float(sys.argv[2])])
with interruptible(lambda: next(moments)) as stop:
    signal.raise_signal(int(sys.argv[1]))
    assert stop.is_set()
    signal.raise_signal(int(sys.argv[1]))
print("went on")
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize(("moment", "goes_on"), [(100.1, True), (100.3, False)])
def test_a_signal_that_comes_again_is_the_first_one_heard_twice_or_an_end(
    number: signal.Signals, moment: float, goes_on: bool
) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", HEARD_AGAIN, str(int(number)), str(moment)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (ran.returncode, ran.stdout) == ((0, "went on\n") if goes_on else (-number, "")), ran.stderr


def test_whoever_listened_before_does_so_again() -> None:
    before = signal.getsignal(signal.SIGHUP)
    with interruptible(lambda: 0.0):
        assert signal.getsignal(signal.SIGHUP) is not before
    assert signal.getsignal(signal.SIGHUP) is before
