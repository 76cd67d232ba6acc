"""How far a narrowed run reaches."""

from collections.abc import Callable
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.kinds import registry
from reconciler.model.focus import Focus, Patterns, means
from reconciler.model.policy import Policy
from reconciler.planning.diff import diff
from reconciler.planning.guard import Limits, guard
from reconciler.planning.options import PlanOptions, PruneScope
from reconciler.planning.reach import about_nothing, reach_of
from reconciler.remote.wanted import Wanted
from tests.planning.states import NEW, address, desired, live
from tests.work import growth

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


def test_patterns_that_mean_nothing_are_told_each_by_its_flag() -> None:
    options = PlanOptions(
        focus=Focus(("acme.example", "*.nowhere.example", "lost.example"), ("mailbox/Anna@*", "mailbox/x@*")),
        resend=("mailbox/*#password", "mailbox/anna@acme.example#QUOTA", "mailbox/anna@acme.example", "alias/*"),
    )
    told = about_nothing(registry(), desired(MANIFEST), live({}), options)
    assert [each.summary.split("`")[1] for each in told] == [
        "--resend mailbox/*#password",
        "--resend mailbox/anna@acme.example#QUOTA",
        "--resend alias/*",
        "--target mailbox/x@*",
        "--domain *.nowhere.example",
        "--domain lost.example",
    ]


@given(st.lists(st.text("aB.*?[!]-", max_size=5), max_size=5), st.text("abB.[]*", max_size=5))
def test_several_patterns_mean_what_any_of_them_does(patterns: list[str], text: str) -> None:
    found = Patterns(patterns).meaning(text)
    assert Patterns(patterns).mean(text) == any(means(each, text) for each in patterns) == (found is not None)
    assert found is None or (found in patterns and means(found, text))


@pytest.mark.parametrize("what", ["targets", "domains", "resend", "prune", "policy", "protect"])
def test_four_times_as_many_patterns_for_as_many_resources_are_four_times_the_work(what: str) -> None:
    def planning(number: int) -> Callable[[], object]:
        return lambda: _plan(number, what)

    assert growth(planning, 30) < 1.1


def _plan(number: int, what: str) -> None:
    """Make a plan that is narrowed, or limited, by as many patterns as there is to be changed."""
    names = tuple(f"d{each}.example" for each in range(number))
    entries = {"domains": [{"name": name, "description": "x"} for name in names]}
    options = {
        "targets": PlanOptions(focus=Focus(targets=tuple(f"domain/{name}" for name in names))),
        "domains": PlanOptions(focus=Focus(domains=names)),
        "resend": PlanOptions(resend=tuple(f"domain/{name}#footer" for name in names)),
        "prune": PlanOptions(prune=(PruneScope("domain", names),)),
        "policy": PlanOptions(prune=(PruneScope("domain"),), policy=Policy("policy.yaml", names)),
        "protect": PlanOptions(prune=(PruneScope("domain"),)),
    }[what]
    pruned = what in ("prune", "policy", "protect")
    wanted, there = desired({} if pruned else entries), live(entries if pruned else {})
    list(about_nothing(registry(), wanted, there, options))
    found = diff(registry(), wanted, there, capabilities=NEW, options=options)
    limits = Limits(protect=tuple(f"domain/{name}" for name in names))
    refusals = guard(registry(), found.changes, wanted, there, options=options, limits=limits)
    assert len(found.changes) == number
    assert len(refusals) >= (number if pruned else 0)


def test_four_times_as_many_domains_to_look_into_are_four_times_the_work() -> None:
    fresh = count()

    def looking(number: int) -> Callable[[], object]:
        prefix = f"r{next(fresh)}"  # patterns are remembered, also those of other tests
        names = tuple(f"{prefix}d{each}.example" for each in range(number))
        wanted = Wanted(fields={}, domains=names)
        return lambda: [wanted.covers(name) for name in names]

    assert growth(looking, 30) < 1.1
