from reconciler.kinds import registry
from reconciler.manifest.unshown import unshown
from reconciler.model.diagnostic import Severity
from reconciler.model.resource import Observed, Values
from reconciler.model.state import LiveState
from reconciler.model.version import Version
from reconciler.spec.capabilities import Capabilities

SOMEBODY: dict[str, Values] = {
    "mailbox": {"address": "a@a.example"},
    "dkim_key": {"domain": "a.example"},
    "password_policy": {},
}


def told(version: str, rows: dict[str, Values], *, every_field: bool = True) -> str:
    """What is told of a server of this version that has these."""
    kinds = registry()
    there = {name: [Observed(kinds[name].address_of(row), row)] for name, row in rows.items()}
    live = LiveState({name: {each.address.key: each for each in found} for name, found in there.items()})
    found = unshown(live, kinds, Capabilities(Version.parse(version)), every_field=every_field)
    assert found is not None
    assert (found.id, found.severity) == ("export-lacks", Severity.NOTE)
    return f"{found.detail}\n{found.hint}"


def sections(text: str) -> set[str]:
    """What is told to be lacking as a whole."""
    return set(text.partition("whole sections: ")[2].partition("\n")[0].split(", "))


def test_what_no_answer_shows_is_named_of_what_is_there() -> None:
    text = told("2026-07a", SOMEBODY)

    assert "dkim_keys: private_key;" in text
    assert "mailboxes: password, external_send_as, permissions, tagged_mail, pushover;" in text
    assert "domains:" not in text
    assert "cors" in sections(text)
    assert sections(text).isdisjoint(("mailboxes", "domains", "fail2ban"))


def test_an_old_server_shows_less_and_knows_less() -> None:
    text = told("2022-01a", SOMEBODY)

    assert "send_as, external_send_as, permissions, spam_score" in text
    assert "password_policy" in sections(text)
    assert "cors" not in text
    shown = told("2022-01a", {**SOMEBODY, "password_policy": {"length": 8}})
    assert "password_policy" not in sections(shown)


def test_who_writes_the_operator_s_own_only_is_told_of_the_rest() -> None:
    assert "--all-fields" in told("2026-07a", {}, every_field=False)
    assert "--all-fields" not in told("2026-07a", {})
