from __future__ import annotations

from typing import Any

import pytest

from reconciler.kinds import registry
from reconciler.model.plan import Refusal
from reconciler.model.resource import EntryOptions, Place
from reconciler.model.state import DesiredState, LiveState, Removal
from reconciler.planning.guard import Limits, guard
from reconciler.planning.options import PlanOptions, PruneScope
from tests.planning.states import address, compared, desired, live

TODAY = "2026-11-22"
NOON = 1_795_348_800  # of that day
DAY = 86_400
DOMAIN = {"name": "acme.example"}


def _mailbox(name: str, **more: Any) -> dict[str, Any]:
    return {"address": f"{name}@acme.example", **more}


def _alias(name: str) -> dict[str, Any]:
    return {"address": f"{name}@acme.example", "to": ["anna@acme.example"]}


def _removed(*addresses: str) -> DesiredState:
    removals = tuple(
        Removal(address(text), Place("mail.yaml", ("removed", index))) for index, text in enumerate(addresses)
    )
    return desired({"domains": [DOMAIN]}, removals=removals)


def _refusals(want: DesiredState, have: LiveState, limits: Limits | None = None, **options: Any) -> list[Refusal]:
    chosen = PlanOptions(today=TODAY, **options)
    changes = compared(want, have, options=chosen).changes
    return list(guard(registry(), changes, want, have, options=chosen, limits=limits or Limits()))


def _told(found: list[Refusal]) -> list[tuple[str, str]]:
    return [(each.id, each.permit) for each in found]


def test_a_few_deletions_are_allowed_and_many_name_the_flag_that_allows_exactly_so_many() -> None:
    names = [f"a{number}" for number in range(25)]
    have = live({"domains": [DOMAIN], "aliases": [*map(_alias, names), *(_alias(f"b{n}") for n in range(200))]})
    few = _removed(*(f"alias/{name}@acme.example" for name in names[:20]))
    assert _refusals(few, have) == []
    many = _removed(*(f"alias/{name}@acme.example" for name in names))
    assert _told(_refusals(many, have)) == [("too-many-deletes", "--allow-deletes 25")]
    assert _refusals(many, have, Limits(deletes=25)) == []


def test_a_large_share_of_a_kind_is_refused_where_there_are_enough_to_tell() -> None:
    have = live({"domains": [DOMAIN], "aliases": [_alias(f"a{number}") for number in range(12)]})
    gone = _removed(*(f"alias/a{number}@acme.example" for number in range(6)))
    assert _told(_refusals(gone, have)) == [("too-large-a-share", "--allow-delete-percent 50")]
    assert _refusals(gone, have, Limits(delete_percent=50)) == []
    few = live({"domains": [DOMAIN], "aliases": [_alias(f"a{number}") for number in range(9)]})
    assert _refusals(gone, few) == []


def test_mail_is_not_destroyed_unless_so_many_bytes_are_allowed_or_each_address() -> None:
    have = live({"domains": [DOMAIN], "mailboxes": [_mailbox("anna", bytes=2000), _mailbox("ben", bytes=0)]})
    gone = _removed("mailbox/anna@acme.example", "mailbox/ben@acme.example")
    assert _told(_refusals(gone, have)) == [("mail-destroyed", "--allow-delete-bytes 2000")]
    assert _refusals(gone, have, Limits(delete_bytes=2000)) == []
    assert _refusals(gone, have, Limits(allowed=frozenset({"mailbox/anna@acme.example"}))) == []
    assert _refusals(gone, have, Limits(allowed=frozenset({"mailbox/ben@acme.example"}))) != []


def test_the_mail_of_a_domain_is_not_counted_again_with_its_mailboxes() -> None:
    have = live({"domains": [{**DOMAIN, "bytes": 2000}], "mailboxes": [_mailbox("anna", bytes=2000)]})
    gone = _removed("domain/acme.example", "mailbox/anna@acme.example")
    assert [each.permit for each in _refusals(gone, have)] == ["--allow-delete-bytes 2000"]


@pytest.mark.parametrize(("days_ago", "refused"), [(0, True), (30, True), (31, False), (4000, False)])
def test_what_was_logged_in_to_lately_is_not_deleted(days_ago: int, *, refused: bool) -> None:
    have = live({"domains": [DOMAIN], "mailboxes": [_mailbox("anna", last_login=NOON - days_ago * DAY)]})
    gone = _removed("mailbox/anna@acme.example")
    expected = [("recently-used", "--allow-delete mailbox/anna@acme.example")] if refused else []
    assert _told(_refusals(gone, have)) == expected
    assert _refusals(gone, have, Limits(recent_days=0)) == []
    assert _refusals(gone, have, Limits(allowed=frozenset({"mailbox/anna@acme.example"}))) == []


@pytest.mark.parametrize("told", [[5], {"a": 1}, "plenty", "9" * 5000])
def test_mail_of_which_nobody_can_tell_how_much_it_is_is_not_destroyed_without_a_word(told: Any) -> None:
    have = live({"domains": [DOMAIN], "mailboxes": [_mailbox("anna", bytes=told)]})
    (refusal,) = _refusals(_removed("mailbox/anna@acme.example"), have)
    assert (refusal.id, refusal.permit) == ("mail-destroyed", "--allow-delete mailbox/anna@acme.example")
    assert refusal.summary == "how much mail `mailbox/anna@acme.example` holds cannot be read"


def test_a_login_in_no_year_that_can_be_told_is_a_late_one() -> None:
    have = live({"domains": [DOMAIN], "mailboxes": [_mailbox("anna", last_login=10**19)]})
    assert [each.id for each in _refusals(_removed("mailbox/anna@acme.example"), have)] == ["recently-used"]


def test_what_was_never_logged_in_to_may_go() -> None:
    have = live({"domains": [DOMAIN], "mailboxes": [_mailbox("anna", last_login=0)]})
    assert _refusals(_removed("mailbox/anna@acme.example"), have) == []


def test_what_is_declared_or_was_declared_as_not_to_be_deleted_is_kept() -> None:
    kept = EntryOptions(prevent_delete=True)
    have = live({"domains": [DOMAIN], "aliases": [_alias("sales")]})
    before = desired({"domains": [DOMAIN], "aliases": [_alias("sales")]}, options=kept)
    found = _refusals(desired({"domains": [DOMAIN]}), have, base=before)
    assert _told(found) == [("delete-prevented", "--allow-delete alias/sales@acme.example")]
    attempted = _refusals(desired({"domains": [DOMAIN]}), have, attempted=(before,))
    assert [each.id for each in attempted] == ["delete-prevented"]


def test_what_the_project_protects_is_kept() -> None:
    have = live({"domains": [DOMAIN], "aliases": [_alias("postmaster"), _alias("sales")]})
    gone = _removed("alias/postmaster@acme.example", "alias/sales@acme.example")
    (refusal,) = _refusals(gone, have, Limits(protect=("alias/postmaster@*",)))
    assert (refusal.id, refusal.permit) == ("delete-protected", "--allow-delete alias/postmaster@acme.example")
    assert "`alias/postmaster@*`" in refusal.summary


def test_a_prune_scope_over_a_protected_kind_is_shown_and_needs_the_kind_named() -> None:
    have = live({"domains": [DOMAIN], "mailboxes": [_mailbox("anna")]})
    want, scopes = desired({"domains": [DOMAIN]}), (PruneScope("mailbox"),)
    assert _told(_refusals(want, have, prune=scopes)) == [("kind-protected", "--allow-delete-kind mailbox")]
    assert _refusals(want, have, prune=scopes, delete_protected=frozenset({"mailbox"})) == []


def test_a_kind_that_reads_back_empty_although_it_was_applied_stops_the_run() -> None:
    want = desired({"domains": [DOMAIN], "aliases": [_alias("sales")]})
    empty = live({"domains": [DOMAIN]})
    found = _refusals(want, empty, base=want)
    assert _told(found) == [("kind-vanished", "--allow-vanished alias")]
    assert _refusals(want, empty, Limits(allowed_vanished=frozenset({"alias"})), base=want) == []
    assert _refusals(want, empty) == []


def test_a_server_that_was_made_anew_is_refused_once_with_flags_that_can_be_typed() -> None:
    want = desired({"domains": [DOMAIN], "aliases": [_alias("sales"), _alias("jobs")]})
    empty = live({"domains": [], "aliases": []})
    (refusal,) = _refusals(want, empty, base=want)
    assert "of what was applied before: 1 domain, 2 aliases; is it another server" in refusal.summary
    assert refusal.permit == "--allow-vanished domain --allow-vanished alias"
    assert _refusals(want, empty, Limits(allowed_vanished=frozenset({"alias", "domain"})), base=want) == []


def test_several_that_are_all_gone_stop_the_run_also_where_others_are_left() -> None:
    names = ("a", "b", "c")
    others = live({"domains": [DOMAIN], "aliases": [_alias("by-hand")]})
    want = desired({"domains": [DOMAIN], "aliases": [*map(_alias, names)]})
    assert [each.id for each in _refusals(want, others, base=want)] == ["kind-vanished"]
    two = desired({"domains": [DOMAIN], "aliases": [*map(_alias, names[:2])]})
    assert _refusals(two, others, base=two) == []


def test_what_was_never_applied_has_not_vanished() -> None:
    before = desired({"domains": [DOMAIN]})
    want = desired({"domains": [DOMAIN], "aliases": [*map(_alias, ("a", "b", "c"))]})
    assert _refusals(want, live({"domains": [DOMAIN]}), base=before) == []


def test_too_many_changes_are_refused_where_a_number_is_given() -> None:
    want = desired({"domains": [DOMAIN], "aliases": [_alias("a"), _alias("b")]})
    have = live({"domains": [DOMAIN]})
    assert _refusals(want, have) == []
    assert _told(_refusals(want, have, Limits(changes=1))) == [("too-many-changes", "--allow-changes 2")]
