"""Accounts that are renamed keep what the server would reset on the way."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.acceptance.conftest import Welcome

HASH = {"initial": {"password": {"hash": "{BLF-CRYPT}$2y$10$abc"}}}


@pytest.mark.parametrize("version", ["2022-01a", "2026-07a"])
@pytest.mark.parametrize("kind", ["domain_admin", "admin"])
@pytest.mark.parametrize("declared", [True, False])
def test_what_an_account_is_asked_for_is_asked_for_after_it_is_renamed(
    welcome: Welcome, version: str, kind: str, *, declared: bool
) -> None:
    person = welcome(version)
    asked = {"force_two_factor": True, "force_password_change": True} if version == "2026-07a" else {}
    own: dict[str, Any] = {"domains": ["acme.example"]} if kind == "domain_admin" else {}

    def applies(name: str, flags: dict[str, bool], **more: Any) -> None:
        entry = {"username": name, **own, **flags, **HASH}
        manifest = {"domains": [{"name": "acme.example"}], f"{kind}s": [entry], **more}
        person.writes("mail.yaml", json.dumps(manifest))
        ended = person.types("apply", "mail.yaml", "--auto-approve")
        assert ended.code == 0, ended.out + ended.err
        assert person.types("plan", "mail.yaml", "--detailed-exitcode").code == 0

    applies("olga", asked)
    before = person.asks(f"{kind.replace('_', '-')}/olga")
    applies("olga2", asked if declared else {}, moved=[{kind: {"from": "olga", "to": "olga2"}}])
    after = person.asks(f"{kind.replace('_', '-')}/olga2")
    assert after.get("attributes") == before.get("attributes")
