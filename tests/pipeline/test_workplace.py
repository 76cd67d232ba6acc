from __future__ import annotations

import os
from pathlib import Path

from reconciler.engine.journal import Left, last_run
from reconciler.flow import Workplace
from reconciler.pipeline.workplace import journal

SERVER = "https://mail.acme.example"


def test_applies_that_begin_at_one_moment_have_a_journal_each_however_many_were_let_go(tmp_path: Path) -> None:
    """In autumn an hour comes twice, and so do the moments that journals are named after."""
    place = Workplace(folder=tmp_path, holder="process 7", moment="2026-10-25T023000")
    for number in range(30):
        left = Left(unsettled=("passwords/anna",)) if number == 29 else Left()
        with journal(place, server=SERVER, left=left) as kept:
            assert kept is not None
        os.utime(kept.path, ns=(number, number))  # a file system may not tell them apart
    found = last_run(tmp_path / "journals")
    assert found is not None
    assert found.undelivered == ("passwords/anna",)
