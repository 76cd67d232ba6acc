"""What is exported is kept: it makes the server anew elsewhere, and says of itself when it is no longer so."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import repository as repositories
from tests.acceptance.person import VERSIONS, Person
from tests.kinds.samples import whole_manifest
from tests.kinds.server import SECRETS

Welcome = Callable[..., Person]

NOBODY_KNOWS = {
    "mailboxes": {"password": {"env": "PASSWORD"}},
    "domain_admins": {"password": {"env": "PASSWORD"}},
    "admins": {"password": {"env": "PASSWORD"}},
    "app_passwords": {"password": {"env": "PASSWORD"}},
    "sync_jobs": {"password": {"env": "PASSWORD"}},
}
"""What has to be thought of anew for a server that is made from an export."""


TWO = """
relayhosts: [{host: smtp.example}]
domains: [{name: acme.example, relayhost: smtp.example}, {name: münchen.example}]
alias_domains: [{name: short.example, target: acme.example}]
aliases:
  - {address: sales@acme.example, to: [anna@elsewhere.example]}
  - {address: info@acme.example, to: [anna@elsewhere.example]}
  - {address: info@short.example, to: [anna@elsewhere.example]}
  - {address: info@münchen.example, to: [anna@elsewhere.example]}
"""


def texts(folder: Path) -> dict[str, list[str]]:
    """The lines of each file, without the first one: it names the server."""
    return {
        str(path.relative_to(folder)): path.read_text(encoding="utf-8").splitlines()[1:]
        for path in sorted(folder.rglob("*.yaml"))
    }


@pytest.mark.parametrize(("old", "new"), [(version, version) for version in VERSIONS] + [("2022-01a", "2026-07a")])
def test_a_server_is_made_anew_from_its_export(welcome: Welcome, old: str, new: str) -> None:
    lost = welcome(old)
    lost.environ |= SECRETS
    lost.writes("whole.yaml", json.dumps(whole_manifest()))
    assert lost.types("apply", "whole.yaml", "--auto-approve", "--skip-unsupported").code == 0
    assert lost.types("export", "--out", "mail/export", "--all-fields").code == 0
    (lost.folder / "whole.yaml").unlink()
    first = json.dumps({"defaults": {plural: {"initial": fields} for plural, fields in NOBODY_KNOWS.items()}})

    made = welcome(new)
    for name in (
        "RELAYHOST_ACME_SMTP_EXAMPLE_587",
        "TRANSPORT_MX_PARTNER_EXAMPLE_25",
        "IDENTITY_PROVIDER_IDENTITY_PROVIDER_BIND",
    ):
        made.environ[f"{name}_PASSWORD"] = SECRETS["PASSWORD"]
    made.environ |= SECRETS
    for path in (lost.folder / "mail").rglob("*.yaml"):
        made.writes(str(path.relative_to(lost.folder)), path.read_text(encoding="utf-8"))
    made.writes("mail/_defaults.yaml", first)
    applied = made.types("apply", "mail", "--auto-approve")
    planned = made.types("plan", "mail", "--detailed-exitcode")
    exported = made.types("export", "--out", "again", "--all-fields")

    assert (applied.code, planned.code, exported.code) == (0, 0, 0), applied.out + applied.err + planned.out
    if old == new:
        assert texts(made.folder / "again") == texts(lost.folder / "mail" / "export")


def test_what_an_earlier_export_left_behind_is_told(welcome: Welcome) -> None:
    person = welcome()
    for name in ("stays.example", "goes.example"):
        person.does(
            "add/domain", {"domain": name, "aliases": 1, "mailboxes": 1, "defquota": 1, "maxquota": 1, "quota": 1}
        )
    assert person.types("export", "--out", "mail").code == 0
    person.writes("mail/domains/mine.example.yaml", "domains: []\n")
    (person.folder / "mail" / "folder.yaml").mkdir()
    (person.folder / "mail" / "dangling.yaml").symlink_to("nowhere")
    person.does("delete/domain", ["goes.example"])

    again = person.types("export", "--out", "mail", "--overwrite")
    narrowed = person.types("export", "--out", "mail", "--overwrite", "--domain", "stays.example")

    assert again.code == 0
    assert "warning[export-stale]: `domains/goes.example.yaml` is of an earlier export" in again.err
    assert "mine.example" not in again.err
    assert "export-stale" not in narrowed.err


@pytest.mark.parametrize("asked", ["acme.example", "ACME.*", "xn--mnchen-3ya.example", "mu\u0308nchen.example"])
def test_only_what_belongs_to_the_domains_that_are_asked_for_is_written(welcome: Welcome, asked: str) -> None:
    person = welcome()
    person.writes("mail.yaml", TWO)
    assert person.types("apply", "mail.yaml", "--auto-approve").code == 0

    exported = person.types("export", "--out", "mail", "--domain", asked)
    planned = person.types("plan", "mail", "--detailed-exitcode")

    (file,) = (person.folder / "mail").rglob("*.yaml")
    acme = asked.lower().startswith("acme")
    assert (exported.code, planned.code) == (0, 0), exported.err + planned.err
    assert file.name == ("acme.example.yaml" if acme else "münchen.example.yaml")
    assert ("smtp.example" in file.read_text(encoding="utf-8"), "export-lacks" in exported.err) == (acme, False)
    assert f"{3 if acme else 2} unchanged" in planned.out


def test_who_makes_a_lost_server_anew_is_told_of_settings_it_was_sent_before(welcome: Welcome) -> None:
    lost, made = welcome(), welcome()
    repository = repositories.made(lost.folder)
    settings = {"cors": {"allowed_origins": ["https://a.example"], "allowed_methods": ["GET"]}}
    repository.commit({"mail/all.yaml": json.dumps({"domains": [{"name": "acme.example"}], **settings})})
    first = lost.types("plan", "mail")
    assert lost.types("apply", "mail", "--auto-approve").code == 0
    again = lost.types("plan", "mail")
    lost.url = made.url

    told = lost.types("plan", "mail")
    resent = lost.types("apply", "mail", "--auto-approve", "--resend", "cors/*#*")

    assert "settings-unsent" not in first.out + again.out
    assert "warning[settings-unsent]: not sent, as no server shows whether they are there: `cors`" in told.out
    assert "--resend 'cors/*#*'" in told.out
    assert (resent.code, "settings-unsent" in resent.out) == (0, False), resent.err
    assert made.simulator.state.redis.hash("CORS_SETTINGS")["allowed_origins"] == "https://a.example"


def test_a_key_made_anew_is_told_to_need_the_dns_and_one_of_ones_own_is_not(welcome: Welcome) -> None:
    person = welcome()
    person.environ |= SECRETS
    keys = [
        {"domain": "new.example", "selector": "s1"},
        {"domain": "kept.example", "private_key": {"env": "PRIVATE_KEY"}},
    ]
    manifest = {"domains": [{"name": "new.example"}, {"name": "kept.example"}], "dkim_keys": keys}
    person.writes("mail.yaml", json.dumps(manifest))

    planned = person.types("plan", "mail.yaml")

    assert "until `s1._domainkey.new.example` in the DNS holds its public half" in planned.out
    assert "_domainkey.kept.example" not in planned.out
