"""What counts as a difference, and what may be deleted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.model.address import Address
from reconciler.model.change import Absent, Action, FieldChange, Reason
from reconciler.model.focus import Focus
from reconciler.model.plan import NotCompared
from reconciler.model.resource import EntryOptions, Place
from reconciler.model.secret import Secret, SecretSource, SourceKind
from reconciler.model.state import LiveState, Removal
from reconciler.planning.options import PlanOptions, PruneScope
from tests.planning.states import OLD, address, compared, desired, live

ACME: dict[str, Any] = {"name": "acme.example"}
ANNA: dict[str, Any] = {"address": "anna@acme.example"}


def test_a_state_as_declared_needs_nothing() -> None:
    manifest = {"domains": [{**ACME, "max_mailboxes": 5, "tags": ["b", "a"]}]}

    found = compared(desired(manifest), live(manifest))

    assert (found.changes, found.unchanged) == ((), 1)


def test_a_field_that_is_not_written_is_not_managed() -> None:
    assert compared(desired({"domains": [ACME]}), live({"domains": [{**ACME, "max_mailboxes": 99}]})).changes == ()


def test_sizes_and_lists_are_compared_by_meaning() -> None:
    want = {
        "mailboxes": [{**ANNA, "quota": "1024MiB"}],
        "aliases": [{"address": "a@acme.example", "to": ["X@else.example", "b@acme.example"]}],
    }
    have = {
        "mailboxes": [{**ANNA, "quota": "1GiB"}],
        "aliases": [{"address": "A@acme.example", "to": ["b@acme.example", "x@else.example"]}],
    }

    assert compared(desired(want), live(have)).changes == ()


def test_an_additive_list_keeps_what_is_there_besides() -> None:
    want = desired({"domains": [{**ACME, "tags": ["new"]}]}, options=EntryOptions(additive=frozenset({"tags"})))

    (change,) = compared(want, live({"domains": [{**ACME, "tags": ["old"]}]})).changes

    assert change.fields == (FieldChange("tags", ("old",), ("new", "old")),)


def test_an_ignored_field_is_said_to_be_ignored() -> None:
    want = desired(
        {"domains": [{**ACME, "max_mailboxes": 1}]}, options=EntryOptions(ignore=frozenset({"max_mailboxes"}))
    )

    found = compared(want, live({"domains": [{**ACME, "max_mailboxes": 2}]}))

    assert found.changes == ()
    assert found.not_compared == (NotCompared("domain", "max_mailboxes", "ignored", 1),)


def test_a_password_is_sent_on_creation_and_never_again_unless_asked() -> None:
    manifest = {"domains": [ACME], "mailboxes": [{**ANNA, "password": {"env": "P"}}]}
    have = live({"domains": [ACME], "mailboxes": [ANNA]})

    quiet = compared(desired(manifest), have)
    asked = compared(desired(manifest), have, options=PlanOptions(resend=("mailbox/anna@*#password",)))

    assert quiet.changes == ()
    assert quiet.not_compared == (NotCompared("mailbox", "password", "not readable", 1),)
    assert [(change.reason, change.fields[0].sensitive) for change in asked.changes] == [(Reason.RESEND, True)]


@pytest.mark.parametrize(
    ("selector", "sent"),
    [
        ("mailbox/anna@acme.example#password", True),
        ("mailbox/*#password", True),
        ("*#*password", True),
        ("*#*", True),
        ("mailbox/*", False),
        ("*", False),
        ("mailbox/ben@*#password", False),
        ("mailbox/*#name", False),
    ],
)
def test_a_secret_of_the_creation_is_sent_again_only_where_its_field_is_named(selector: str, sent: bool) -> None:
    initial = EntryOptions(initial={"password": SecretSource(SourceKind.GENERATE, ()), "name": "Anna"})
    want = desired({"mailboxes": [ANNA]}, options=initial)
    found = compared(want, live({"mailboxes": [ANNA]}), options=PlanOptions(resend=(selector,)))
    fields = [(change.reason, [each.name for each in change.fields]) for change in found.changes]
    assert fields == ([(Reason.RESEND, ["password"])] if sent else [])


def test_a_selector_names_a_field_of_a_resource_whose_key_has_the_mark_too() -> None:
    odd: dict[str, Any] = {"address": "a#b@acme.example"}
    want = desired({"mailboxes": [odd]}, options=EntryOptions(initial={"spam_score": {"junk": 6, "reject": 12}}))
    for selector, sent in (("mailbox/a#b@acme.example#spam_score", 1), ("mailbox/a#b@acme.example", 0)):
        found = compared(want, live({"mailboxes": [odd]}), options=PlanOptions(resend=(selector,)))
        assert [each.name for change in found.changes for each in change.fields] == ["spam_score"] * sent


@pytest.mark.parametrize(
    ("selector", "limit", "sent"),
    [
        ("mailbox/anna@acme.example#rate_limit", "unlimited", True),
        ("mailbox/*#rate_limit", "unlimited", True),
        ("mailbox/*#rate_limit", "7/h", False),
        ("mailbox/*#rate_*", "unlimited", False),
        ("*#*", "unlimited", False),
        ("mailbox/anna@acme.example", "unlimited", False),
        ("mailbox/ben@*#rate_limit", "unlimited", False),
    ],
)
def test_what_follows_a_creation_is_sent_again_only_by_its_full_name(selector: str, limit: str, sent: bool) -> None:
    want = desired({"mailboxes": [ANNA]}, options=EntryOptions(initial={"rate_limit": "7/h"}))
    have = live({"mailboxes": [{**ANNA, "rate_limit": limit}]})
    found = compared(want, have, options=PlanOptions(resend=(selector,)), capabilities=OLD)
    fields = [each for change in found.changes for each in change.fields]
    assert fields == ([FieldChange("rate_limit", "unlimited", "7/h")] if sent else [])


def test_a_mailbox_without_a_password_cannot_be_created() -> None:
    found = compared(desired({"domains": [ACME], "mailboxes": [ANNA]}), live({"domains": [ACME]}))

    assert [(each.id, each.address) for each in found.diagnostics] == [
        ("field-needed", address("mailbox/anna@acme.example"))
    ]


def test_a_readable_secret_is_compared_only_when_its_source_may_be_looked_at() -> None:
    manifest = {"relayhosts": [{"host": "smtp.example:587", "password": {"env": "P"}}]}
    have = live({"relayhosts": [{"host": "smtp.example:587"}]})
    observed = have.resources["relayhost"]["smtp.example:587"]
    have = LiveState(
        {
            **have.resources,
            "relayhost": {
                observed.address.key: replace(observed, values={**observed.values, "password": Secret("right")})
            },
        }
    )

    def knowing(text: str) -> PlanOptions:
        return PlanOptions(secret=lambda _source, _address: Secret(text))

    assert compared(desired(manifest), have).not_compared[0].reason == "secret not resolved"
    assert compared(desired(manifest), have, options=knowing("right")).changes == ()
    (change,) = compared(desired(manifest), have, options=knowing("wrong")).changes
    assert change.fields[0].before is Absent.HIDDEN
    assert isinstance(change.fields[0].after, SecretSource)


def test_pruning_deletes_in_scope_only() -> None:
    have = live(
        {
            "domains": [ACME, {"name": "other.example"}],
            "mailboxes": [ANNA],
            "aliases": [
                {"address": "a@acme.example", "to": ["b@x.example"]},
                {"address": "a@other.example", "to": ["b@x.example"]},
            ],
        }
    )
    scopes = (PruneScope("alias", ("acme.*",)),)

    found = compared(desired({}), have, options=PlanOptions(prune=scopes))

    assert [(change.action, change.address) for change in found.changes] == [
        (Action.DELETE, address("alias/a@acme.example"))
    ]


def test_what_the_base_declared_and_today_does_not_is_deleted() -> None:
    policies = {"tls_policies": [{"destination": "x.example", "policy": "may"}]}

    found = compared(desired({}), live(policies), options=PlanOptions(base=desired(policies)))

    assert [(change.action, change.reason) for change in found.changes] == [(Action.DELETE, Reason.NO_LONGER_DECLARED)]


def test_a_write_only_field_is_sent_when_its_declaration_changed_since_the_base() -> None:
    have = live({"domains": [ACME], "mailboxes": [ANNA]})
    before = desired({"mailboxes": [{**ANNA, "password": {"env": "OLD"}}]})

    (change,) = compared(
        desired({"mailboxes": [{**ANNA, "password": {"env": "NEW"}}]}), have, options=PlanOptions(base=before)
    ).changes

    assert change.reason is Reason.REDECLARED


def test_removal_waits_for_its_date_and_steps_down_before() -> None:
    have = live({"domains": [ACME], "mailboxes": [{**ANNA, "state": "active"}]})
    removal = Removal(
        address("mailbox/anna@acme.example"),
        Place("m.yaml", ("removed", 0)),
        step="no-login",
        delete_after="2026-12-31",
    )
    want = desired({}, removals=(removal,))

    before = compared(want, have, options=PlanOptions(today="2026-12-30"))
    on_the_day = compared(want, have, options=PlanOptions(today="2026-12-31"))

    assert [change.fields for change in before.changes] == [(FieldChange("state", "active", "no-login"),)]
    assert [change.action for change in on_the_day.changes] == [Action.DELETE]


def test_a_field_the_server_does_not_know_is_an_error_or_left_out() -> None:
    manifest = {"domains": [{**ACME, "tags": ["x"]}]}
    have = live({"domains": [ACME]})

    refused = compared(desired(manifest), have, capabilities=OLD)
    skipped = compared(desired(manifest), have, capabilities=OLD, options=PlanOptions(skip_unsupported=True))

    assert [each.id for each in refused.diagnostics] == ["unsupported"]
    assert skipped.diagnostics == ()
    assert skipped.not_compared == (NotCompared("domain", "tags", "not known to this server", 1),)


def test_what_the_server_would_answer_with_success_and_not_do_is_refused() -> None:
    found = compared(
        desired({"domains": [{**ACME, "max_aliases": 0}]}), live({"domains": [{**ACME, "max_aliases": 5}]})
    )

    assert ([each.id for each in found.diagnostics], found.changes) == (["change-impossible"], ())


def test_narrowing_leaves_other_domains_alone() -> None:
    want = desired({"domains": [{**ACME, "max_mailboxes": 1}, {"name": "other.example", "max_mailboxes": 1}]})
    have = live({"domains": [{**ACME, "max_mailboxes": 2}, {"name": "other.example", "max_mailboxes": 2}]})

    found = compared(want, have, options=PlanOptions(focus=Focus(("acme.*",))))

    assert [change.address for change in found.changes] == [Address("domain", "acme.example")]


def test_resending_everything_leaves_out_what_cannot_be_changed() -> None:
    manifest = {"dkim_keys": [{"domain": "acme.example", "private_key": {"env": "KEY"}}]}
    have = live({"domains": [ACME], "dkim_keys": [{"domain": "acme.example"}]})

    found = compared(desired(manifest), have, options=PlanOptions(resend=("*",)))

    assert (found.changes, found.diagnostics) == ((), ())
