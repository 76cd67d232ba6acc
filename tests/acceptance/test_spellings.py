"""A domain or an address that is written otherwise than a plan shows it: it means the same, wherever it stands."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.acceptance.person import Person
from tests.repository import made

Welcome = Callable[..., Person]

REFUSED = 5
LIVE = """
domains: [{name: acme.example}, {name: bücher.example}]
relayhosts: [{host: "[2001:db8::25]:587", username: acme, password: {env: SMTP_ACME}}]
aliases:
  - {address: Info@acme.example, to: [x@elsewhere.example]}
  - {address: info@bücher.example, to: [x@elsewhere.example]}
"""
LEFT = "domains: [{name: acme.example}, {name: bücher.example}]\n"
SPELLINGS = [
    ("ACME.example", "alias/info@acme.example"),
    ("xn--bcher-kva.example", "alias/info@bücher.example"),
    ("*.XN--BCHER-kva.example", None),
    ("BÜCHER.*", "alias/info@bücher.example"),
    ("bu\u0308cher.*", "alias/info@bücher.example"),
]


@pytest.fixture
def person(welcome: Welcome) -> Person:
    """Somebody who has two domains and an address in each, and declares the domains only."""
    somebody = welcome()
    somebody.writes("mail.yaml", LIVE)
    assert somebody.types("apply", "mail.yaml", "--auto-approve").code == 0
    somebody.writes("mail.yaml", LEFT)
    return somebody


def _changes(person: Person, *words: str) -> list[str]:
    return [change["address"] for change in person.types("plan", "--format", "json", *words).document["changes"]]


@pytest.mark.parametrize(("domain", "meant"), SPELLINGS)
def test_a_prune_scope_is_about_a_domain_however_it_is_written(person: Person, domain: str, meant: str | None) -> None:
    assert _changes(person, "mail.yaml", "--prune", f"aliases:{domain}") == ([meant] if meant else [])
    person.writes("reconciler.yaml", f"manifests: [mail.yaml]\nprune: [{{kinds: [aliases], domains: ['{domain}']}}]\n")
    assert _changes(person) == ([meant] if meant else [])


@pytest.mark.parametrize(
    ("pattern", "kept"),
    [
        ("alias/INFO@acme.example", "alias/info@acme.example"),
        ("alias/*@Acme.Example", "alias/info@acme.example"),
        ("alias/*@xn--bcher-kva.example", "alias/info@bücher.example"),
        ("relayhost/acme@[2001:db8::25]:587", "relayhost/acme@[2001:db8::25]:587"),
    ],
)
def test_what_is_protected_is_kept_however_it_is_written(person: Person, pattern: str, kept: str) -> None:
    person.writes("reconciler.yaml", f"manifests: [mail.yaml]\nguards: {{protect: ['{pattern}']}}\n")
    refused = person.types("plan", "--prune", "aliases", "--prune", "relayhosts", "--format", "json")
    assert refused.code == REFUSED
    assert [each["addresses"] for each in refused.document["refusals"]] == [[kept]]


@pytest.mark.parametrize(("domain", "meant"), SPELLINGS)
def test_a_policy_permits_a_domain_however_it_is_written(person: Person, domain: str, meant: str | None) -> None:
    repository = made(person.folder)
    repository.commit({"reconciler-policy.yaml": f"domains: ['{domain}']\n", "mail.yaml": LEFT})
    planned = _changes(person, "mail.yaml", "--prune", "aliases", "--policy-from", "main")
    assert planned == ([meant] if meant else [])


def test_a_run_is_narrowed_to_what_is_written_in_punycode_or_in_capitals(person: Person) -> None:
    person.writes("mail.yaml", LIVE.replace("x@elsewhere", "y@elsewhere"))
    assert _changes(person, "mail.yaml", "--domain", "xn--bcher-kva.example") == ["alias/info@bücher.example"]
    assert _changes(person, "mail.yaml", "--domain", "ACME.EXAMPLE") == ["alias/info@acme.example"]
    assert _changes(person, "mail.yaml", "--target", "alias/info@Acme.example") == ["alias/info@acme.example"]
    assert _changes(person, "mail.yaml", "--target", "alias/*@XN--bcher-kva.example") == ["alias/info@bücher.example"]


def test_a_canary_is_known_by_its_punycode(person: Person) -> None:
    person.writes("mail.yaml", LIVE.replace("x@elsewhere", "y@elsewhere"))
    applied = person.types("apply", "mail.yaml", "--auto-approve", "--canary", "xn--bcher-kva.example")
    assert applied.code == 0, applied.out + applied.err
