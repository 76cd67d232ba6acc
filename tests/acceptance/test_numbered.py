"""Things of one name that have nothing but a number: which of them is which is settled by what they are."""

from __future__ import annotations

import json
from typing import Any

from tests.acceptance.conftest import Welcome

HOME: dict[str, Any] = {
    "domains": [{"name": "acme.example"}],
    "mailboxes": [
        {"address": "anna@acme.example", "initial": {"password": {"hash": "{BLF-CRYPT}$2y$10$abc"}}, "quota": "1GiB"}
    ],
}


def _throw_aways(*permanent: bool) -> list[dict[str, Any]]:
    return [
        {"mailbox": "anna@acme.example", "description": f"Fair {fair}", "permanent": each, "nth": number}
        for fair in range(4)
        for number, each in enumerate(permanent, 1)
    ]


def test_throw_away_addresses_made_in_one_breath_are_as_declared_at_once(welcome: Welcome) -> None:
    person = welcome("2026-07a")

    def applies(*permanent: bool) -> str:
        person.writes("mail.yaml", json.dumps({**HOME, "time_limited_aliases": _throw_aways(*permanent)}))
        ended = person.types("apply", "mail.yaml", "--auto-approve")
        assert ended.code == 0, ended.out
        assert person.types("plan", "mail.yaml", "--detailed-exitcode").code == 0
        return ended.out

    assert "10 to create" in applies(True, False)
    assert "Nothing to do" in applies(False, True)
    assert "4 to update" in applies(True, True)
    assert "4 to create" in applies(True, True, False)
