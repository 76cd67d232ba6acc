import zlib
from typing import Any

import pytest

from reconciler.model.change import Action, Reason
from reconciler.model.resource import Place
from reconciler.model.state import DesiredState, LiveState, Relocation, Removal
from reconciler.planning.options import PlanOptions, PruneScope
from tests.planning.states import address, compared, desired, live

PLACE = Place("mail.yaml", ("removed", 0))
DOMAIN = {"name": "acme.example"}
ANNA = {"address": "anna@acme.example", "name": "Anna"}
SALES = {"address": "sales@acme.example", "to": ["anna@acme.example"]}
INFO = {"address": "info@acme.example", "to": ["anna@acme.example"]}
EVERYTHING: dict[str, list[dict[str, Any]]] = {"domains": [DOMAIN], "mailboxes": [ANNA], "aliases": [SALES, INFO]}


def _deleted(want: DesiredState, have: LiveState, **options: Any) -> list[str]:
    found = compared(want, have, options=PlanOptions(today="2026-11-22", **options))
    return [str(change.address) for change in found.changes if change.action is Action.DELETE]


def _forget(text: str) -> Removal:
    return Removal(address(text), PLACE, "forget")


def test_nothing_undeclared_is_deleted_only_counted() -> None:
    found = compared(desired({"domains": [DOMAIN]}), live(EVERYTHING))
    assert found.changes == ()
    assert found.unmanaged["alias"] == (address("alias/info@acme.example"), address("alias/sales@acme.example"))
    assert found.unmanaged["mailbox"] == (address("mailbox/anna@acme.example"),)


def test_what_any_earlier_revision_declared_and_today_s_does_not_is_deleted() -> None:
    want = desired({"domains": [DOMAIN], "mailboxes": [ANNA]})
    converged = desired({**EVERYTHING, "aliases": [SALES]})
    attempted = desired({**EVERYTHING, "aliases": [INFO]})
    have = live(EVERYTHING)
    assert _deleted(want, have, base=converged) == ["alias/sales@acme.example"]
    assert _deleted(want, have, attempted=(attempted,)) == ["alias/info@acme.example"]
    both = _deleted(want, have, base=converged, attempted=(attempted,))
    assert both == ["alias/info@acme.example", "alias/sales@acme.example"]


def test_a_mailbox_or_domain_that_is_not_declared_any_more_stays_and_that_is_said() -> None:
    found = compared(desired({"domains": [DOMAIN]}), live(EVERYTHING), options=PlanOptions(base=desired(EVERYTHING)))
    assert [str(each.address) for each in found.changes] == ["alias/info@acme.example", "alias/sales@acme.example"]
    (note,) = found.diagnostics
    assert (note.id, note.address) == ("no-longer-declared", address("mailbox/anna@acme.example"))
    assert "removed: [{mailbox: anna@acme.example}]" in str(note.hint)


@pytest.mark.parametrize(
    ("new", "said"),
    [
        (["ann@acme.example"], "moved: [{mailbox: {from: anna@acme.example, to: ann@acme.example}}]"),
        (["ann@acme.example", "a@acme.example"], "moved: [{mailbox: {from: anna@acme.example, to: ...}}]"),
        (["ann@other.example"], None),
        ([], None),
    ],
)
def test_one_that_is_gone_beside_one_that_is_new_may_have_been_renamed(new: list[str], said: str | None) -> None:
    boxes = [{**ANNA, "address": each} for each in new]
    want = desired({"domains": [DOMAIN, {**DOMAIN, "name": "other.example"}], "mailboxes": boxes})
    found = compared(want, live(EVERYTHING), options=PlanOptions(base=desired(EVERYTHING)))
    (note,) = [each for each in found.diagnostics if each.id == "no-longer-declared"]
    assert ("`moved:" in str(note.hint)) == (said is not None)
    assert said is None or said in str(note.hint)


def test_a_flag_naming_the_kind_deletes_what_is_protected() -> None:
    want = desired({"domains": [DOMAIN]})
    options: dict[str, Any] = {"base": desired(EVERYTHING), "delete_protected": frozenset({"mailbox"})}
    assert "mailbox/anna@acme.example" in _deleted(want, live(EVERYTHING), **options)


def test_what_is_in_a_domain_that_was_let_go_of_is_left_alone() -> None:
    other = {"address": "x@other.example", "to": ["anna@acme.example"]}
    before = desired({**EVERYTHING, "aliases": [SALES, other]})
    have = live({**EVERYTHING, "aliases": [SALES, other]})
    assert _deleted(desired({}), have, base=before) == ["alias/x@other.example"]
    told = compared(desired({}), live(EVERYTHING), options=PlanOptions(base=desired(EVERYTHING))).diagnostics
    assert [str(each.address) for each in told] == ["domain/acme.example"], "it speaks for its mailboxes"


def test_a_domain_that_is_forgotten_takes_what_is_in_it_along_also_from_prune_scopes() -> None:
    want = desired({}, removals=(_forget("domain/acme.example"),))
    aliases = (PruneScope("alias"),)
    assert _deleted(want, live(EVERYTHING), prune=aliases) == []
    assert _deleted(desired({}), live(EVERYTHING), prune=aliases) != []


def test_a_domain_that_was_let_go_of_without_a_word_is_pruned_at_once_and_not_by_the_next_run() -> None:
    prune = (PruneScope("alias", ("acme.*",)),)
    gone = _deleted(desired({}), live(EVERYTHING), base=desired(EVERYTHING), prune=prune)
    assert gone == _deleted(desired({}), live(EVERYTHING), base=desired({}), prune=prune)
    assert "alias/sales@acme.example" in gone
    options = PlanOptions(base=desired(EVERYTHING), prune=prune)
    (note,) = compared(desired({}), live(EVERYTHING), options=options).diagnostics
    assert "but for what a prune scope covers" in note.summary


@pytest.mark.parametrize("before", [{}, {"alias_domains": [{"name": "other.example", "target": "acme.example"}]}])
def test_no_run_prunes_what_is_in_another_name_of_a_domain_that_is_forgotten(before: dict[str, Any]) -> None:
    want = desired({}, removals=(_forget("domain/acme.example"),))
    box = {"address": "x@other.example", "to": ["x@elsewhere.example"]}
    other = {"name": "other.example", "target": "acme.example"}
    have = live({"domains": [DOMAIN], "alias_domains": [other], "aliases": [SALES, box]})
    prune = (PruneScope("alias"), PruneScope("alias_domain"))
    assert _deleted(want, have, base=desired({"domains": [DOMAIN], **before}), prune=prune) == []
    assert _deleted(want, have, prune=prune) == []
    third = desired({"domains": [{**DOMAIN, "name": "third.example"}]})
    assert _deleted(third, have, prune=prune) != []


@pytest.mark.parametrize("keep_alias", [True, False])
def test_the_old_name_that_a_renamed_mailbox_keeps_is_not_pruned(keep_alias: bool) -> None:
    moved = Relocation(address("mailbox/ann@acme.example"), address("mailbox/anna@acme.example"), PLACE, keep_alias)
    want = desired({"domains": [DOMAIN], "mailboxes": [ANNA]}, relocations=(moved,))
    kept = {"address": "ann@acme.example", "to": ["anna@acme.example"]}
    gone = _deleted(want, live({**EVERYTHING, "aliases": [SALES, kept]}), prune=(PruneScope("alias"),))
    assert gone == [*([] if keep_alias else ["alias/ann@acme.example"]), "alias/sales@acme.example"]


def test_other_names_of_a_domain_that_was_let_go_of_and_what_is_about_it_are_left_alone() -> None:
    other = {"name": "other.example", "target": "acme.example"}
    rewriting = {"for": "old@acme.example", "to": "info@acme.example"}
    both = {"domains": [DOMAIN], "alias_domains": [other], "recipient_maps": [rewriting]}
    before, have = desired(both), live(both)
    assert _deleted(desired({}), have, base=before) == []
    assert _deleted(desired({"domains": [DOMAIN]}), have, base=before) == [
        "recipient_map/old@acme.example",
        "alias_domain/other.example",
    ]
    removed = desired({}, removals=(Removal(address("domain/acme.example"), PLACE),))
    assert "alias_domain/other.example" in _deleted(removed, have, base=before)


def test_what_is_in_a_domain_that_is_removed_goes_with_it() -> None:
    want = desired({}, removals=(Removal(address("domain/acme.example"), PLACE),))
    deleted = _deleted(want, live(EVERYTHING), base=desired(EVERYTHING))
    assert deleted == ["domain/acme.example", "alias/info@acme.example", "alias/sales@acme.example"]


def test_a_write_only_field_is_sent_when_any_earlier_revision_declared_it_otherwise() -> None:
    now = desired({"mailboxes": [{**ANNA, "password": {"env": "OLD"}}]})
    between = desired({"mailboxes": [{**ANNA, "password": {"env": "NEW"}}]})
    have = live({"domains": [DOMAIN], "mailboxes": [ANNA]})
    assert compared(now, have, options=PlanOptions(base=now)).changes == ()
    (change,) = compared(now, have, options=PlanOptions(base=now, attempted=(between,))).changes
    assert change.reason is Reason.REDECLARED


def test_what_follows_a_creation_unseen_is_sent_again_until_an_apply_converges() -> None:
    told = {"quota_notification_bcc": {"to": ["x@elsewhere.example"]}}
    now, have = desired({"domains": [{**DOMAIN, **told}]}), live({"domains": [DOMAIN]})
    (change,) = compared(now, have, options=PlanOptions(base=desired({}), attempted=(now,))).changes
    assert [each.name for each in change.fields] == ["quota_notification_bcc"]
    assert change.reason is Reason.REDECLARED
    assert compared(now, have, options=PlanOptions(attempted=(now,))).changes == (change,)
    assert compared(now, have, options=PlanOptions(base=now, attempted=(now,))).changes == ()
    assert compared(now, have, options=PlanOptions(base=desired({}))).changes == ()


def test_a_password_that_was_sent_with_a_creation_is_not_sent_again() -> None:
    now = desired({"domains": [DOMAIN], "mailboxes": [{**ANNA, "password": {"env": "NEW"}}]})
    have = live({"domains": [DOMAIN], "mailboxes": [ANNA]})
    assert compared(now, have, options=PlanOptions(base=desired({}), attempted=(now,))).changes == ()


def test_what_is_left_of_a_creation_that_nobody_wants_any_more_goes() -> None:
    left = {"destination": f"placeholder-{zlib.crc32(b'.partner.example'):x}.invalid", "policy": "may", "state": "off"}
    had = desired({"tls_policies": [{"destination": ".partner.example", "policy": "may"}]})
    have = live({"tls_policies": [left]})
    name = f"tls_policy/{left['destination']}"
    assert _deleted(desired({}), have, base=desired({}), attempted=(had,)) == [name]
    asked = desired({}, removals=(Removal(address("tls_policy/.partner.example"), PLACE),))
    assert _deleted(asked, have) == [name]
    assert _deleted(had, have, base=desired({}), attempted=(had,)) == []
    in_force = live({"tls_policies": [{**left, "state": "active"}]})
    assert _deleted(desired({}), in_force, base=desired({}), attempted=(had,)) == []
