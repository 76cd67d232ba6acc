"""What is declared under another name moves there with all that belongs to it."""

import json

import pytest

from reconciler.simulator.faults import Faults
from tests.acceptance.conftest import Welcome
from tests.acceptance.person import KEY, Person

ALIAS = """
domains: [{{name: acme.example}}]
mailboxes:
  - {{address: anna@acme.example, quota: 1GiB, send_as: [{alias}], initial: {{password: {{env: PASSWORD}}}}}}
  - {{address: ben@acme.example, quota: 1GiB, initial: {{password: {{env: PASSWORD}}}}}}
aliases:
  - {{address: {alias}, to: [ben@acme.example], sender_allowed: false}}
"""
TWO_ALIASES = """
domains: [{{name: acme.example}}]
mailboxes:
  - {{address: anna@acme.example, quota: 1GiB, send_as: [{one}, {other}], initial: {{password: {{env: PASSWORD}}}}}}
  - {{address: ben@acme.example, quota: 1GiB, initial: {{password: {{env: PASSWORD}}}}}}
aliases:
  - {{address: {one}, to: [ben@acme.example]}}
  - {{address: {other}, to: [ben@acme.example]}}
"""
INTERTWINED = """
domains: [{{name: acme.example}}]
alias_domains: [{{name: other.example, target: acme.example}}]
mailboxes:
  - address: {mailbox}@acme.example
    quota: 1GiB
    send_as: [{other}@acme.example, {one}@other.example]
    initial: {{password: {{env: PASSWORD}}}}
aliases:
  - {{address: {one}@other.example, to: [crm@elsewhere.example]}}
  - {{address: {other}@acme.example, to: [crm@elsewhere.example]}}
"""
RECIPIENT = """
domains: [{{name: acme.example}}]
mailboxes:
  - address: {mailbox}@acme.example
    quota: 1GiB
    send_as: [{alias}@acme.example]
    initial: {{password: {{env: PASSWORD}}}}
aliases:
  - {{address: {alias}@acme.example, to: [{mailbox}@acme.example], sender_allowed: false}}
"""
MAILBOX = """
domains: [{{name: acme.example}}]
mailboxes:
  - address: {mailbox}
    quota: 1GiB
    name: Anna
    tags: [staff]
    rate_limit: 50/h
    allowed_senders: [partner.example]
    blocked_senders: ["*@spam.example"]
    spam_score: {{junk: 4, reject: 12}}
    custom_attributes: {{room: "7"}}
    tagged_mail: subject
    initial: {{password: {{env: PASSWORD}}}}
  - {{address: ben@acme.example, quota: 1GiB, send_as: [{mailbox}], initial: {{password: {{env: PASSWORD}}}}}}
aliases:
  - {{address: all@acme.example, to: [{mailbox}, ben@acme.example]}}
  - {{address: info@acme.example, to: [{mailbox}]}}
bcc_maps:
  - {{for: {mailbox}, direction: incoming, to: archive@vault.example}}
app_passwords:
  - {{mailbox: {mailbox}, name: Phone, protocols: [imap], initial: {{password: {{env: PASSWORD}}}}}}
sieve_filters:
  - {{mailbox: {mailbox}, type: prefilter, description: Keep, script: "keep;"}}
sync_jobs:
  - {{mailbox: {mailbox}, host: imap.old.example, username: anna, initial: {{password: {{env: PASSWORD}}}}}}
"""
ALIAS_DOMAIN = """
domains: [{{name: acme.example}}]
alias_domains: [{{name: other.example, target: acme.example}}]
mailboxes: [{{address: anna@acme.example, quota: 1GiB, initial: {{password: {{env: PASSWORD}}}}}}]
aliases: [{{address: {alias}, to: [anna@acme.example]}}]
"""
ALIAS_TO = """
domains: [{{name: acme.example}}]
mailboxes:
  - {{address: {mailboxes[0]}@acme.example, quota: 1GiB, initial: {{password: {{env: PASSWORD}}}}}}
  - {{address: {mailboxes[1]}@acme.example, quota: 1GiB, initial: {{password: {{env: PASSWORD}}}}}}
aliases: [{{address: {alias}@acme.example, to: [crm@elsewhere.example]}}]
moved: [{moved}]
"""
MAILBOX_MOVED = "{{mailbox: {{from: {0}@acme.example, to: {1}@acme.example}}}}"
ALIAS_MOVED = "{{alias: {{from: {0}@acme.example, to: {1}@acme.example}}}}"


def _moved(*moves: tuple[str, str, str]) -> str:
    """Moves, each as kind, old and new key."""
    entries = (f"  - {{{kind}: {{from: {source}, to: {target}}}}}\n" for kind, source, target in moves)
    return "".join(["moved:\n", *entries])


def _settles(person: Person, text: str, *words: str) -> None:
    """See that a manifest takes one apply."""
    person.writes("mail.yaml", text)
    applied = person.types("apply", "mail.yaml", "--auto-approve", *words)
    assert applied.code == 0, applied.out + applied.err
    planned = person.types("plan", "mail.yaml", "--detailed-exitcode")
    assert planned.code == 0, planned.out


def _rights(person: Person) -> list[str]:
    return sorted(row["send_as"] for row in person.simulator.state.table("sender_acl"))


@pytest.fixture
def person(welcome: Welcome) -> Person:
    return _with_password(welcome("2026-07a"))


def _with_password(person: Person) -> Person:
    person.environ["PASSWORD"] = "Correct.Horse.7"
    return person


def test_the_right_to_send_as_an_alias_moves_with_it(person: Person) -> None:
    _settles(person, ALIAS.format(alias="sales@acme.example"))
    moved = _moved(("alias", "sales@acme.example", "shop@acme.example"))
    _settles(person, ALIAS.format(alias="shop@acme.example") + moved)
    assert _rights(person) == ["shop@acme.example"]


def test_the_rights_to_send_as_several_aliases_move_with_them(person: Person) -> None:
    _settles(person, TWO_ALIASES.format(one="sales@acme.example", other="info@acme.example"))
    moved = _moved(
        ("alias", "sales@acme.example", "shop@acme.example"), ("alias", "info@acme.example", "about@acme.example")
    )
    _settles(person, TWO_ALIASES.format(one="shop@acme.example", other="about@acme.example") + moved)
    assert _rights(person) == ["about@acme.example", "shop@acme.example"]


@pytest.mark.parametrize("version", ["2024-11", "2026-07a"])
def test_a_mailbox_moves_with_all_that_belongs_to_it(welcome: Welcome, version: str) -> None:
    person = _with_password(welcome(version))
    _settles(person, MAILBOX.format(mailbox="anna.alt@acme.example"))
    moved = _moved(("mailbox", "anna.alt@acme.example", "anna@acme.example"))
    _settles(person, MAILBOX.format(mailbox="anna@acme.example") + moved, "--allow-delete-percent=100")
    left = [row["object"] for row in person.simulator.state.table("filterconf") if "alt" in row["object"]]
    assert left == []
    assert len(person.simulator.state.table("app_passwd")) == 1
    assert len(person.simulator.state.table("sieve_filters")) == 1


def test_a_plan_says_what_a_renamed_mailbox_loses(person: Person) -> None:
    mailbox = "domains: [{{name: a.example}}]\n"
    mailbox += "mailboxes: [{{address: {}@a.example, initial: {{password: {{env: PASSWORD}}}}}}]\n"
    _settles(person, mailbox.format("anna"))
    person.writes("mail.yaml", mailbox.format("ann") + _moved(("mailbox", "anna@a.example", "ann@a.example")))
    told = person.types("plan", "mail.yaml").out
    assert "leaves behind, at the old address: rate limit, spam score, allowed senders, blocked senders" in told


def test_a_new_name_that_an_alias_domain_gives_to_somebody_else_is_refused_beforehand(person: Person) -> None:
    _settles(person, ALIAS_DOMAIN.format(alias="info@other.example"))
    moved = _moved(("alias", "info@other.example", "anna@other.example"))
    person.writes("mail.yaml", ALIAS_DOMAIN.format(alias="anna@other.example") + moved)
    planned = person.types("plan", "mail.yaml")
    assert planned.code == 3
    assert "so this is the address of `mailbox/anna@acme.example`" in planned.err


def test_an_alias_takes_the_name_of_a_mailbox_that_moves_away_behind_an_alias_domain(person: Person) -> None:
    before = ALIAS_DOMAIN.format(alias="info@other.example")
    _settles(person, before)
    moved = _moved(
        ("mailbox", "anna@acme.example", "ann@acme.example"), ("alias", "info@other.example", "anna@other.example")
    )
    _settles(person, before.replace("anna@acme.example", "ann@acme.example").replace("info@", "anna@") + moved)


def test_a_right_is_taken_from_a_mailbox_by_the_name_it_still_has(person: Person) -> None:
    _settles(person, INTERTWINED.format(mailbox="anna", one="info", other="sales"))
    moved = _moved(
        ("mailbox", "anna@acme.example", "ann@acme.example"),
        ("alias", "info@other.example", "anna@other.example"),
        ("alias", "sales@acme.example", "shop@acme.example"),
    )
    _settles(person, INTERTWINED.format(mailbox="ann", one="anna", other="shop") + moved)
    assert _rights(person) == ["anna@other.example", "shop@acme.example"]


def test_a_right_is_kept_for_a_mailbox_by_the_name_it_has_by_then(person: Person) -> None:
    _settles(person, RECIPIENT.format(mailbox="anna", alias="sales"))
    moved = _moved(
        ("mailbox", "anna@acme.example", "ann@acme.example"), ("alias", "sales@acme.example", "shop@acme.example")
    )
    _settles(person, RECIPIENT.format(mailbox="ann", alias="shop") + moved)
    assert _rights(person) == ["shop@acme.example"]


def test_an_alias_moves_behind_the_alias_domain_of_its_own_domain(person: Person) -> None:
    _settles(person, ALIAS_DOMAIN.format(alias="info@acme.example"))
    moved = _moved(("alias", "info@acme.example", "info@other.example"))
    _settles(person, ALIAS_DOMAIN.format(alias="info@other.example") + moved)


def test_what_kept_its_old_name_has_not_converged(welcome: Welcome) -> None:
    person = _with_password(welcome("2026-07a", faults=Faults.of("pretended:edit/alias")))
    _settles(person, ALIAS_DOMAIN.format(alias="info@other.example"))
    moved = _moved(("alias", "info@other.example", "sales@other.example"))
    person.writes("mail.yaml", ALIAS_DOMAIN.format(alias="sales@other.example") + moved)
    applied = person.types("apply", "mail.yaml", "--auto-approve")
    assert applied.code == 6
    assert "alias/sales@other.example: address not as declared" in applied.out


@pytest.mark.parametrize(("version", "told"), [("2024-11", 0), ("2026-07a", 3)])
def test_a_mailbox_that_is_off_is_not_renamed_where_the_server_refuses(
    welcome: Welcome, version: str, told: int
) -> None:
    person = _with_password(welcome(version))
    entry = "{address: %s, quota: 1GiB, state: 'off', initial: {password: {env: PASSWORD}}}"
    _settles(person, f"domains: [{{name: acme.example}}]\nmailboxes: [{entry % 'anna@acme.example'}]\n")
    moved = _moved(("mailbox", "anna@acme.example", "ann@acme.example"))
    person.writes("mail.yaml", f"domains: [{{name: acme.example}}]\nmailboxes: [{entry % 'ann@acme.example'}]\n{moved}")
    planned = person.types("plan", "mail.yaml")
    assert ("change-refused" in planned.err, planned.code) == (bool(told), told), planned.err


def test_a_right_whose_answer_was_lost_is_not_called_written(welcome: Welcome) -> None:
    faults = Faults()
    person = _with_password(welcome("2026-07a", faults=faults))
    declared = RECIPIENT.format(mailbox="anna", alias="sales")
    _settles(person, declared)
    person.writes("mail.yaml", declared.replace("sender_allowed", "comment: Sales, sender_allowed"))
    faults.faults = Faults.of("status=502:edit/mailbox").faults
    assert person.types("apply", "mail.yaml", "--auto-approve").code == 6
    faults.faults = ()
    assert person.asks("mailbox/anna@acme.example").get("sender_acl") != ["sales@acme.example"]
    assert person.types("apply", "mail.yaml", "--auto-approve").code == 0
    assert person.asks("mailbox/anna@acme.example")["sender_acl"] == ["sales@acme.example"]


def test_a_mailbox_is_not_moved_to_another_domain(person: Person) -> None:
    domains = "domains: [{name: a.example}, {name: b.example}]\n"
    mailbox = "mailboxes: [{{address: {}, quota: 1GiB, initial: {{password: {{env: PASSWORD}}}}}}]\n"
    _settles(person, domains + mailbox.format("anna@a.example"))
    moved = _moved(("mailbox", "anna@a.example", "ann@b.example"))
    person.writes("mail.yaml", domains + mailbox.format("ann@b.example") + moved)
    planned = person.types("plan", "mail.yaml")
    assert planned.code == 3
    assert "mailcow renames a mailbox within its domain only" in planned.err


NEW_DOMAIN = """
domains: [{domains}]
mailboxes: [{{address: {mailbox}@a.example, quota: 1GiB, initial: {{password: {{env: PASSWORD}}}}}}]
aliases: [{{address: {alias}, to: [crm@elsewhere.example]}}]
"""
ALIAS_OF_A = "domains: [{name: a.example}]\naliases: [{address: info@a.example, to: [crm@elsewhere.example]}]\n"
ALIAS_OF_B = ALIAS_OF_A.replace("a.example", "b.example")


def test_an_alias_and_what_takes_its_name_wait_for_a_new_domain(person: Person) -> None:
    before = NEW_DOMAIN.format(domains="{name: a.example}", mailbox="anna", alias="info@a.example")
    after = NEW_DOMAIN.format(domains="{name: a.example}, {name: b.example}", mailbox="info", alias="info@b.example")
    _settles(person, before)
    _settles(
        person,
        after + _moved(("alias", "info@a.example", "info@b.example"), ("mailbox", "anna@a.example", "info@a.example")),
    )


def test_an_alias_outlives_the_domain_it_leaves(person: Person) -> None:
    _settles(person, ALIAS_OF_A)
    there = person.simulator.handle("GET", "/api/v1/get/alias/all", {"X-API-Key": KEY}, b"").body
    moved = _moved(("alias", "info@a.example", "info@b.example")) + "removed: [{domain: a.example}]\n"
    _settles(person, ALIAS_OF_B + moved)
    now = person.simulator.handle("GET", "/api/v1/get/alias/all", {"X-API-Key": KEY}, b"").body
    assert [(row["id"], row["address"]) for row in json.loads(now)] == [
        (row["id"], "info@b.example") for row in json.loads(there)
    ]


def test_an_alias_is_made_anew_where_its_domain_makes_room_for_another_one(person: Person) -> None:
    _settles(person, ALIAS_OF_A)
    moved = _moved(("alias", "info@a.example", "info@b.example")) + "removed: [{domain: a.example}]\n"
    _settles(person, ALIAS_OF_B + moved + "alias_domains: [{name: a.example, target: b.example}]\n")


def test_an_alias_that_would_go_with_its_domain_is_not_renamed_unless_it_is_declared(person: Person) -> None:
    _settles(person, ALIAS_OF_A)
    moved = _moved(("alias", "info@a.example", "info@b.example")) + "removed: [{domain: a.example}]\n"
    taken = "domains: [{name: b.example}]\nalias_domains: [{name: a.example, target: b.example}]\n"
    person.writes("mail.yaml", taken + moved)
    planned = person.types("plan", "mail.yaml")
    assert planned.code == 3
    assert "`alias/info@a.example` is to stay, renamed, and would go with `domain/a.example`" in planned.err


def test_an_alias_stays_where_its_new_domain_could_not_be_made(welcome: Welcome) -> None:
    person = _with_password(welcome("2026-07a", faults=Faults.of("pretended:add/domain:2+")))
    _settles(person, ALIAS_OF_A)
    moved = _moved(("alias", "info@a.example", "info@b.example"))
    person.writes("mail.yaml", ALIAS_OF_B.replace("[{name:", "[{name: a.example}, {name:") + moved)
    applied = person.types("apply", "mail.yaml", "--auto-approve")
    assert applied.code == 6
    assert "alias/info@b.example" in applied.out


@pytest.mark.parametrize("declared", [True, False], ids=["declared", "undeclared"])
def test_a_plan_says_that_there_is_nothing_to_rename(person: Person, *, declared: bool) -> None:
    _settles(person, ALIAS_OF_A)
    new = ALIAS_OF_A.replace("info@", "jobs@") if declared else "domains: [{name: a.example}]\n"
    person.writes("mail.yaml", new + _moved(("alias", "imfo@a.example", "jobs@a.example")))
    planned = person.types("plan", "mail.yaml", "--format=json")
    told = [each for each in planned.document["diagnostics"] if each["id"] == "nothing-to-move"]
    assert planned.code == 0
    assert ["is made new" in each["summary"] for each in told] == [declared]


def test_a_plan_says_nothing_of_what_has_been_renamed(person: Person) -> None:
    _settles(person, ALIAS_OF_A)
    moved = ALIAS_OF_A.replace("info@", "jobs@") + _moved(("alias", "info@a.example", "jobs@a.example"))
    _settles(person, moved)
    assert "nothing-to-move" not in person.types("plan", "mail.yaml").err
