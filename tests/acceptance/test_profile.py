"""`--profile`: where the time of a run went, on standard error, with what was asked of the server."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from tests.acceptance.person import Person
from tests.acceptance.test_main_job import OFFICE

Welcome = Callable[..., Person]
STAGE = re.compile(r"^( *[a-z][a-z ,-]+?) +(\d+\.\d{3}) s +\d+%$", re.MULTILINE)
REQUEST = re.compile(r"^((?:get|post) \S+) +(\d+) ", re.MULTILINE)


def _stages(told: str) -> dict[str, float]:
    return {name: float(seconds) for name, seconds in STAGE.findall(told)}


def test_every_command_that_reads_or_writes_says_where_its_time_went(welcome: Welcome) -> None:
    person = welcome()
    person.writes("mail.yaml", OFFICE)

    checked = person.types("validate", "mail.yaml", "--profile")
    assert set(_stages(checked.err)) == {"start-up", "reading files", "validating"}
    assert not REQUEST.findall(checked.err)

    planned = person.types("plan", "mail.yaml", "--profile", "--format", "json")
    assert planned.document["format_version"]
    assert {"reading files", "validating", "reading server", "comparing", "ordering"} <= set(_stages(planned.err))
    assert "  waiting for answers" in planned.err

    applied = person.types("apply", "mail.yaml", "--auto-approve", "--profile", "--format", "json")
    for line in applied.out.splitlines():
        json.loads(line)
    stages = _stages(applied.err)
    assert {"reading server", "comparing", "ordering", "writing", "verifying"} <= set(stages)
    together = float(re.search(r"^together +(\d+\.\d+) s$", applied.err, re.MULTILINE)[1])  # type: ignore[index]
    assert abs(together - sum(stages.values())) < 0.02
    requests = {call: int(number) for call, number in REQUEST.findall(applied.err)}
    assert requests["post add/mailbox"] == 2
    assert requests["post add/alias"] == 2
    assert requests["get domain/all"] == 2, "once to plan, once to verify"

    exported = person.types("export", "--out", "live", "--profile")
    assert {"reading server", "writing"} <= set(_stages(exported.err))
    assert REQUEST.findall(exported.err)


def test_an_apply_that_sends_nothing_says_it_too(welcome: Welcome) -> None:
    person = welcome()
    person.writes("mail.yaml", OFFICE)

    refused = person.types("apply", "mail.yaml", "--auto-approve", "--allow-changes", "1", "--profile")
    person.types("apply", "mail.yaml", "--auto-approve")
    empty = person.types("apply", "mail.yaml", "--auto-approve", "--profile")

    assert (refused.code, empty.code) == (5, 0)
    for ended in (refused, empty):
        assert {"reading server", "comparing"} <= set(_stages(ended.err))


def test_nobody_is_told_who_does_not_ask(welcome: Welcome) -> None:
    person = welcome()
    person.writes("mail.yaml", OFFICE)
    assert "start-up" not in person.types("plan", "mail.yaml").err
