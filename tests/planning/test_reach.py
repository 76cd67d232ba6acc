"""How far a narrowed run reaches."""

from reconciler.kinds import registry
from reconciler.model.focus import Focus
from reconciler.planning.reach import reach_of
from tests.planning.states import address, desired

MANIFEST = {
    "domains": [{"name": "acme.example"}, {"name": "other.example"}],
    "mailboxes": [{"address": "anna@acme.example"}, {"address": "ben@other.example"}],
}


def test_what_a_run_is_about_needs_its_home_and_nothing_else() -> None:
    reach = reach_of(registry(), desired(MANIFEST), Focus(targets=("mailbox/anna@*",)))

    assert {str(each.address) for each in reach.within} == {"mailbox/anna@acme.example", "domain/acme.example"}
    assert address("domain/acme.example") in reach.needed
    assert (reach.concerns("mailbox"), reach.concerns("domain")) == (True, False)


def test_where_to_look_is_told_by_names_and_not_by_wildcards() -> None:
    for target, domains in (("mailbox/carl@acme.example", ("acme.example",)), ("mailbox/*", None)):
        assert reach_of(registry(), desired({}), Focus(targets=(target,))).domains == domains


def test_a_pattern_means_the_same_in_capitals() -> None:
    reaches = [
        reach_of(registry(), desired(MANIFEST), Focus(targets=(target,)))
        for target in ("mailbox/anna@acme.example", "Mailbox/Anna@ACME.example")
    ]

    assert reaches[0].within == reaches[1].within
    assert [reach.concerns("mailbox") for reach in reaches] == [True, True]
