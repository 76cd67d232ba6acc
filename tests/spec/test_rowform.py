import subprocess
import sys

import pytest

pytest.importorskip("msgspec")

FIRST_DECODED_BY_SEVERAL_THREADS = """
import sys, threading
from reconciler.api.jsontext import decode_list
from reconciler.spec.rowform import RowForm

sys.setswitchinterval(1e-6)
body = b'[{"a": 1, "b": {"c": "x", "d": 2}}]'
for _ in range(1500):
    form = RowForm({"a": int, "b.c": str, "b.d": int | str})
    together = threading.Barrier(4)
    threads = [
        threading.Thread(target=lambda: (together.wait(), decode_list(body, form.record))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""


def test_threads_may_be_the_first_to_decode_rows_of_a_form() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", FIRST_DECODED_BY_SEVERAL_THREADS],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
