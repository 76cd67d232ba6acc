"""What is declared under another name moves there with all that belongs to it."""

import pytest

from reconciler.simulator.faults import Faults
from tests.acceptance.conftest import Welcome

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
{moved}
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


def test_the_right_to_send_as_an_alias_moves_with_it(welcome: Welcome) -> None:
    person = welcome("2026-07a")
    person.environ["PASSWORD"] = "Correct.Horse.7"
    person.writes("mail.yaml", ALIAS.format(alias="sales@acme.example"))
    assert person.types("apply", "mail.yaml", "--auto-approve").code == 0
    moved = "moved: [{alias: {from: sales@acme.example, to: shop@acme.example}}]"
    person.writes("mail.yaml", ALIAS.format(alias="shop@acme.example") + moved)
    assert person.types("apply", "mail.yaml", "--auto-approve").code == 0
    assert [row["send_as"] for row in person.simulator.state.table("sender_acl")] == ["shop@acme.example"]
    assert person.types("plan", "mail.yaml", "--detailed-exitcode").code == 0


def test_the_rights_to_send_as_several_aliases_move_with_them(welcome: Welcome) -> None:
    person = welcome("2026-07a")
    person.environ["PASSWORD"] = "Correct.Horse.7"
    person.writes("mail.yaml", TWO_ALIASES.format(one="sales@acme.example", other="info@acme.example"))
    assert person.types("apply", "mail.yaml", "--auto-approve").code == 0
    moved = "moved:\n"
    moved += "  - {alias: {from: sales@acme.example, to: shop@acme.example}}\n"
    moved += "  - {alias: {from: info@acme.example, to: about@acme.example}}\n"
    person.writes("mail.yaml", TWO_ALIASES.format(one="shop@acme.example", other="about@acme.example") + moved)
    applied = person.types("apply", "mail.yaml", "--auto-approve")
    assert applied.code == 0, applied.out
    rights = sorted(row["send_as"] for row in person.simulator.state.table("sender_acl"))
    assert rights == ["about@acme.example", "shop@acme.example"]
    assert person.types("plan", "mail.yaml", "--detailed-exitcode").code == 0


@pytest.mark.parametrize("version", ["2024-11", "2026-07a"])
def test_a_mailbox_moves_with_all_that_belongs_to_it(welcome: Welcome, version: str) -> None:
    person = welcome(version)
    person.environ["PASSWORD"] = "Correct.Horse.7"
    person.writes("mail.yaml", MAILBOX.format(mailbox="anna.alt@acme.example"))
    first = person.types("apply", "mail.yaml", "--auto-approve")
    assert first.code == 0, first.err
    moved = "moved: [{mailbox: {from: anna.alt@acme.example, to: anna@acme.example}}]"
    person.writes("mail.yaml", MAILBOX.format(mailbox="anna@acme.example") + moved)
    again = person.types("apply", "mail.yaml", "--auto-approve", "--allow-delete-percent=100")
    assert again.code == 0, again.out + again.err
    assert person.types("plan", "mail.yaml", "--detailed-exitcode").code == 0
    left = [row["object"] for row in person.simulator.state.table("filterconf") if "alt" in row["object"]]
    assert left == []
    assert len(person.simulator.state.table("app_passwd")) == 1
    assert len(person.simulator.state.table("sieve_filters")) == 1


def test_a_plan_says_what_a_renamed_mailbox_loses(welcome: Welcome) -> None:
    person = welcome("2026-07a")
    person.environ["PASSWORD"] = "Correct.Horse.7"
    mailbox = "domains: [{{name: a.example}}]\n"
    mailbox += "mailboxes: [{{address: {}@a.example, initial: {{password: {{env: PASSWORD}}}}}}]\n"
    person.writes("mail.yaml", mailbox.format("anna"))
    assert person.types("apply", "mail.yaml", "--auto-approve").code == 0
    person.writes("mail.yaml", mailbox.format("ann") + "moved: [{mailbox: {from: anna@a.example, to: ann@a.example}}]")
    told = person.types("plan", "mail.yaml").out
    assert "leaves behind, at the old address: rate limit, spam score, allowed senders, blocked senders" in told


def test_a_new_name_that_an_alias_domain_gives_to_somebody_else_is_refused_beforehand(welcome: Welcome) -> None:
    person = welcome("2026-07a")
    person.environ["PASSWORD"] = "Correct.Horse.7"
    person.writes("mail.yaml", ALIAS_DOMAIN.format(alias="info@other.example", moved=""))
    assert person.types("apply", "mail.yaml", "--auto-approve").code == 0
    moved = "moved: [{alias: {from: info@other.example, to: anna@other.example}}]"
    person.writes("mail.yaml", ALIAS_DOMAIN.format(alias="anna@other.example", moved=moved))
    planned = person.types("plan", "mail.yaml")
    assert planned.code == 3
    assert "so this is the address of `mailbox/anna@acme.example`" in planned.err


def test_an_alias_takes_the_name_of_a_mailbox_that_moves_away_behind_an_alias_domain(welcome: Welcome) -> None:
    person = welcome("2026-07a")
    person.environ["PASSWORD"] = "Correct.Horse.7"
    before = ALIAS_DOMAIN.format(alias="info@other.example", moved="")
    person.writes("mail.yaml", before)
    assert person.types("apply", "mail.yaml", "--auto-approve").code == 0
    moved = "moved:\n"
    moved += "  - {mailbox: {from: anna@acme.example, to: ann@acme.example}}\n"
    moved += "  - {alias: {from: info@other.example, to: anna@other.example}}\n"
    after = before.replace("anna@acme.example", "ann@acme.example").replace("info@", "anna@")
    person.writes("mail.yaml", after + moved)
    applied = person.types("apply", "mail.yaml", "--auto-approve")
    assert applied.code == 0, applied.out
    assert person.types("plan", "mail.yaml", "--detailed-exitcode").code == 0


@pytest.mark.parametrize(
    ("mailbox", "alias", "moved"),
    [
        ("ann", "anna", MAILBOX_MOVED.format("anna", "ann") + ", " + ALIAS_MOVED.format("info", "anna")),
        ("info", "sales", MAILBOX_MOVED.format("anna", "info") + ", " + ALIAS_MOVED.format("info", "sales")),
    ],
)
def test_what_moves_away_leaves_its_name_to_what_moves_there(
    welcome: Welcome, mailbox: str, alias: str, moved: str
) -> None:
    person = welcome("2026-07a")
    person.environ["PASSWORD"] = "Correct.Horse.7"
    person.writes("mail.yaml", ALIAS_TO.format(mailboxes=("anna", "ben"), alias="info", moved=""))
    assert person.types("apply", "mail.yaml", "--auto-approve").code == 0
    person.writes("mail.yaml", ALIAS_TO.format(mailboxes=(mailbox, "ben"), alias=alias, moved=moved))
    applied = person.types("apply", "mail.yaml", "--auto-approve")
    assert applied.code == 0, applied.out + applied.err
    assert person.types("plan", "mail.yaml", "--detailed-exitcode").code == 0


def test_names_are_not_swapped(welcome: Welcome) -> None:
    person = welcome("2026-07a")
    person.environ["PASSWORD"] = "Correct.Horse.7"
    person.writes("mail.yaml", ALIAS_TO.format(mailboxes=("anna", "ben"), alias="info", moved=""))
    assert person.types("apply", "mail.yaml", "--auto-approve").code == 0
    moved = MAILBOX_MOVED.format("anna", "info") + ", " + ALIAS_MOVED.format("info", "anna")
    person.writes("mail.yaml", ALIAS_TO.format(mailboxes=("info", "ben"), alias="anna", moved=moved))
    planned = person.types("plan", "mail.yaml")
    assert planned.code == 3
    assert planned.err.count("address-occupied") == 2


@pytest.mark.parametrize(
    ("before", "after", "moved"),
    [
        (("anna", "ben", "info"), ("ann", "ben", "anna"), MAILBOX_MOVED.format("anna", "ann")),
        (("anna", "ben", "info"), ("anna", "info", "sales"), ALIAS_MOVED.format("info", "sales")),
    ],
)
def test_what_moves_away_leaves_its_name_to_what_is_new(
    welcome: Welcome, before: tuple[str, str, str], after: tuple[str, str, str], moved: str
) -> None:
    person = welcome("2026-07a")
    person.environ["PASSWORD"] = "Correct.Horse.7"
    for (one, other, alias), how in ((before, ""), (after, moved)):
        person.writes("mail.yaml", ALIAS_TO.format(mailboxes=(one, other), alias=alias, moved=how))
        applied = person.types("apply", "mail.yaml", "--auto-approve")
        assert applied.code == 0, applied.out + applied.err
    assert person.types("plan", "mail.yaml", "--detailed-exitcode").code == 0


def test_a_right_is_taken_from_a_mailbox_by_the_name_it_still_has(welcome: Welcome) -> None:
    person = welcome("2026-07a")
    person.environ["PASSWORD"] = "Correct.Horse.7"
    person.writes("mail.yaml", INTERTWINED.format(mailbox="anna", one="info", other="sales"))
    assert person.types("apply", "mail.yaml", "--auto-approve").code == 0
    moved = "moved:\n"
    moved += "  - {mailbox: {from: anna@acme.example, to: ann@acme.example}}\n"
    moved += "  - {alias: {from: info@other.example, to: anna@other.example}}\n"
    moved += "  - {alias: {from: sales@acme.example, to: shop@acme.example}}\n"
    person.writes("mail.yaml", INTERTWINED.format(mailbox="ann", one="anna", other="shop") + moved)
    applied = person.types("apply", "mail.yaml", "--auto-approve")
    assert applied.code == 0, applied.out
    rights = sorted(row["send_as"] for row in person.simulator.state.table("sender_acl"))
    assert rights == ["anna@other.example", "shop@acme.example"]
    assert person.types("plan", "mail.yaml", "--detailed-exitcode").code == 0


def test_a_right_is_kept_for_a_mailbox_by_the_name_it_has_by_then(welcome: Welcome) -> None:
    person = welcome("2026-07a")
    person.environ["PASSWORD"] = "Correct.Horse.7"
    person.writes("mail.yaml", RECIPIENT.format(mailbox="anna", alias="sales"))
    assert person.types("apply", "mail.yaml", "--auto-approve").code == 0
    moved = "moved:\n"
    moved += "  - {mailbox: {from: anna@acme.example, to: ann@acme.example}}\n"
    moved += "  - {alias: {from: sales@acme.example, to: shop@acme.example}}\n"
    person.writes("mail.yaml", RECIPIENT.format(mailbox="ann", alias="shop") + moved)
    applied = person.types("apply", "mail.yaml", "--auto-approve")
    assert applied.code == 0, applied.out
    assert [row["send_as"] for row in person.simulator.state.table("sender_acl")] == ["shop@acme.example"]
    assert person.types("plan", "mail.yaml", "--detailed-exitcode").code == 0


def test_an_alias_moves_behind_the_alias_domain_of_its_own_domain(welcome: Welcome) -> None:
    person = welcome("2026-07a")
    person.environ["PASSWORD"] = "Correct.Horse.7"
    person.writes("mail.yaml", ALIAS_DOMAIN.format(alias="info@acme.example", moved=""))
    assert person.types("apply", "mail.yaml", "--auto-approve").code == 0
    moved = "moved: [{alias: {from: info@acme.example, to: info@other.example}}]"
    person.writes("mail.yaml", ALIAS_DOMAIN.format(alias="info@other.example", moved=moved))
    applied = person.types("apply", "mail.yaml", "--auto-approve")
    assert applied.code == 0, applied.out
    assert person.types("plan", "mail.yaml", "--detailed-exitcode").code == 0


def test_what_kept_its_old_name_has_not_converged(welcome: Welcome) -> None:
    person = welcome("2026-07a", faults=Faults.of("pretended:edit/alias"))
    person.environ["PASSWORD"] = "Correct.Horse.7"
    person.writes("mail.yaml", ALIAS_DOMAIN.format(alias="info@other.example", moved=""))
    assert person.types("apply", "mail.yaml", "--auto-approve").code == 0
    moved = "moved: [{alias: {from: info@other.example, to: sales@other.example}}]"
    person.writes("mail.yaml", ALIAS_DOMAIN.format(alias="sales@other.example", moved=moved))
    applied = person.types("apply", "mail.yaml", "--auto-approve")
    assert applied.code == 6
    assert "alias/sales@other.example: address not as declared" in applied.out


@pytest.mark.parametrize(("version", "told"), [("2024-11", 0), ("2026-07a", 3)])
def test_a_mailbox_that_is_off_is_not_renamed_where_the_server_refuses(
    welcome: Welcome, version: str, told: int
) -> None:
    person = welcome(version)
    person.environ["PASSWORD"] = "Correct.Horse.7"
    entry = "{address: %s, quota: 1GiB, state: 'off', initial: {password: {env: PASSWORD}}}"
    person.writes("mail.yaml", f"domains: [{{name: acme.example}}]\nmailboxes: [{entry % 'anna@acme.example'}]\n")
    assert person.types("apply", "mail.yaml", "--auto-approve").code == 0
    moved = "moved: [{mailbox: {from: anna@acme.example, to: ann@acme.example}}]\n"
    person.writes("mail.yaml", f"domains: [{{name: acme.example}}]\nmailboxes: [{entry % 'ann@acme.example'}]\n{moved}")
    planned = person.types("plan", "mail.yaml")
    assert ("change-refused" in planned.err, planned.code) == (bool(told), told), planned.err


def test_a_right_whose_answer_was_lost_is_not_called_written(welcome: Welcome) -> None:
    faults = Faults()
    person = welcome("2026-07a", faults=faults)
    person.environ["PASSWORD"] = "Correct.Horse.7"
    declared = RECIPIENT.format(mailbox="anna", alias="sales")
    person.writes("mail.yaml", declared)
    assert person.types("apply", "mail.yaml", "--auto-approve").code == 0
    person.writes("mail.yaml", declared.replace("sender_allowed", "comment: Sales, sender_allowed"))
    faults.faults = Faults.of("status=502:edit/mailbox").faults
    assert person.types("apply", "mail.yaml", "--auto-approve").code == 6
    faults.faults = ()
    assert person.asks("mailbox/anna@acme.example").get("sender_acl") != ["sales@acme.example"]
    assert person.types("apply", "mail.yaml", "--auto-approve").code == 0
    assert person.asks("mailbox/anna@acme.example")["sender_acl"] == ["sales@acme.example"]
