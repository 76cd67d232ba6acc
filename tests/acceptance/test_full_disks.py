"""A disk that is full by the middle of an apply: what was done until then is told, and the next one does the rest."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.acceptance.conftest import Welcome

INCOMPLETE = 6
ALIASES = 30
MANIFEST = "domain: acme.example\ndomains: [{name: acme.example, max_aliases: 40}]\naliases:\n" + "".join(
    f"  - {{address: a{number:02}, to: [x@else.example], comment: C{number}}}\n" for number in range(ALIASES)
)


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """Let no file grow beyond so many bytes: a journal ends as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("size", [1_500, 3_000, 5_013])
@pytest.mark.parametrize("workers", [1, 4])
def test_what_was_done_until_the_disk_was_full_is_told(welcome: Welcome, size: int, workers: int) -> None:
    person = welcome()
    person.environ["HOME"] = str(person.folder)
    person.writes("mail.yaml", MANIFEST)
    with room_for(size):
        ended = person.types("apply", "mail.yaml", "--auto-approve", "--allow-changes=99", f"--parallelism={workers}")
    made = {each["address"] for each in person.asks("alias/all")}
    told = {line.rpartition("/")[2] for line in ended.err.splitlines() if line.startswith("done    alias/")}
    assert ended.code == INCOMPLETE, ended.out + ended.err
    assert "Stopped [journal-unwritable]" in ended.out
    assert (told == made, 0 < len(made) < ALIASES) == (True, True), (told, made)
    again = person.types("apply", "mail.yaml", "--auto-approve", "--allow-changes=99")
    assert (again.code, len(person.asks("alias/all"))) == (0, ALIASES), again.err
