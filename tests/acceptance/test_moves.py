"""What is declared under another name moves there with all that belongs to it."""

from tests.acceptance.conftest import Welcome

ALIAS = """
domains: [{{name: acme.example}}]
mailboxes:
  - {{address: anna@acme.example, quota: 1GiB, send_as: [{alias}], initial: {{password: {{env: PASSWORD}}}}}}
  - {{address: ben@acme.example, quota: 1GiB, initial: {{password: {{env: PASSWORD}}}}}}
aliases:
  - {{address: {alias}, to: [ben@acme.example], sender_allowed: false}}
"""


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
