"""What changed on some release between those that were recorded, as mailcow's source has it."""

import json
from typing import Any

import pytest

from tests.simulator.mailcow import Mailcow, Start, messages, with_mailbox

ANNA = "anna@alpha.example"
COLUMNS = {"spam_alias", "tls_policy", "spam_score", "spam_policy", "delimiter_action", "eas_reset", "pushover"}
COLUMNS |= {"quarantine", "quarantine_attachments", "quarantine_notification", "quarantine_category", "app_passwds"}


@pytest.mark.parametrize(
    ("version", "rights"),
    [
        ("2022-01a", COLUMNS | {"syncjobs"}),
        ("2022-06", COLUMNS | {"syncjobs"}),
        ("2022-06a", COLUMNS),
        ("2022-12", COLUMNS),
        ("2023-09", COLUMNS),
        ("2023-10", set()),
        ("2023-12a", set()),
        ("2024-01", COLUMNS),
    ],
)
def test_what_a_new_user_may_do_where_nobody_says(mailcow: Start, version: str, rights: set[str]) -> None:
    server = with_mailbox(mailcow(version))
    (row,) = server.simulator.state.table("mailbox")
    assert set(row["acl"]) == rights


@pytest.mark.parametrize(("version", "rights"), [("2022-12", COLUMNS), ("2023-09", COLUMNS), ("2023-10", set())])
def test_what_a_new_template_grants_where_nobody_says(mailcow: Start, version: str, rights: set[str]) -> None:
    server = mailcow(version)
    server.post("add/mailbox/template", {"template": "Plain"})
    attributes = server.get("get/mailbox/template/all")[-1]["attributes"]
    granted = {name.removeprefix("acl_") for name, value in attributes.items() if name.startswith("acl_") and value}
    assert granted == rights


def test_the_first_template_names_the_newest_protocols_only_where_it_was_made_last(mailcow: Start) -> None:
    def attributes(version: str) -> Any:
        return mailcow(version).get("get/mailbox/template/all")[0]["attributes"]

    assert {"eas_access", "dav_access"} <= attributes("2026-07a").keys()
    assert not {"eas_access", "dav_access"} & attributes("2026-07").keys()


@pytest.mark.parametrize(("version", "answers"), [("2025-02", 1), ("2025-03", 2), ("2025-10a", 2), ("2025-12", 1)])
def test_editing_cors_runs_on_into_the_identity_provider(mailcow: Start, version: str, answers: int) -> None:
    server = mailcow(version)
    body = server.send("POST", "edit/cors", {"items": ["cors"], "attr": {"allowed_methods": ["GET"]}}).body
    said = _several(body.decode())
    assert messages(said[0]) == ["cors_headers_edited"]
    assert [messages(each) for each in said[1:]] == [["cors_headers_edited", ["required_data_missing", ""]]][
        : answers - 1
    ]
    assert len(said) == answers


def _several(text: str) -> list[Any]:
    found = []
    while text:
        value, end = json.JSONDecoder().raw_decode(text)
        found.append(value)
        text = text[end:]
    return found


def _footer(server: Mailcow, **attributes: Any) -> Any:
    with_mailbox(server)
    server.post("edit/domain/footer", {"items": ["alpha.example"], "attr": {"html": "", "plain": "Bye", **attributes}})
    (row,) = server.simulator.state.table("domain_wide_footer")
    return row["mbox_exclude"], row["skip_replies"]


@pytest.mark.parametrize(
    ("version", "name", "skips"),
    [("2023-11a", "mbox_exclude", 0), ("2024-01", "mbox_exclude", 1), ("2024-02", "exclude", 1)],
)
def test_a_footer_has_exceptions_under_one_name_and_skips_replies_once_it_can(
    mailcow: Start, version: str, name: str, skips: int
) -> None:
    other = {"exclude": "mbox_exclude", "mbox_exclude": "exclude"}[name]
    assert _footer(mailcow(version), **{name: [ANNA], "skip_replies": 1}) == ([ANNA], skips)
    assert _footer(mailcow(version), **{other: [ANNA]}) == ([], 0)


def test_one_mailbox_cannot_be_asked_for_on_the_first_servers_with_tags(mailcow: Start) -> None:
    def asked(version: str) -> Any:
        server = with_mailbox(mailcow(version))
        with_mailbox(server, "ben@alpha.example")
        return server.get(f"get/mailbox/{ANNA}")

    assert [row["username"] for row in asked("2022-05a")] == [ANNA, "ben@alpha.example"]
    assert asked("2022-05b")["username"] == ANNA
    assert asked("2022-04")["username"] == ANNA
