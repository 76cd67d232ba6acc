from __future__ import annotations

import re
from types import MappingProxyType

import pytest

from reconciler.model.address import Address
from reconciler.model.change import Absent, Action, Change, FieldChange
from reconciler.model.plan import Plan
from reconciler.model.secret import Secret, SecretSource, SourceKind
from reconciler.records import replace
from reconciler.render.markdown import plan_markdown
from reconciler.render.phrases import price
from reconciler.render.plan_text import change_text, plan_text
from reconciler.render.style import coloured, plain
from tests.conftest import Golden
from tests.render import samples

_CODES = re.compile(r"\x1b\[[0-9;]*m")


def _update(before: object, after: object, *, sensitive: bool = False) -> str:
    field = FieldChange("field", before, after, sensitive)
    return change_text(Change(Action.UPDATE, Address("kind", "key"), fields=(field,)), plain())


def test_a_plan_of_every_action_reads_as_kept(golden: Golden) -> None:
    golden("render/plan.txt", plan_text(samples.PLAN, plain()))


def test_an_empty_plan_says_that_nothing_is_to_do(golden: Golden) -> None:
    golden("render/plan-empty.txt", plan_text(samples.EMPTY, plain()))


def test_a_brief_plan_keeps_what_was_refused_and_the_sum() -> None:
    told = plan_text(samples.PLAN, plain(), brief=True)
    assert "refused[delete-protected]" in told
    assert told.endswith("Plan: 1 to create, 2 to update, 1 to delete, 1 to move, 42 unchanged\n")
    assert "alias/sales" not in told


def test_the_fingerprint_of_a_kept_plan_is_told_to_people_but_to_those_in_a_hurry() -> None:
    kept = f"sha256:{'7' * 64}"
    assert plan_text(samples.PLAN, plain(), fingerprint=kept).splitlines()[-3] == f"Fingerprint: {kept}"
    assert kept not in plan_text(samples.PLAN, plain(), fingerprint=kept, brief=True)
    assert plan_markdown(samples.PLAN, fingerprint=kept).splitlines()[4] == f"Fingerprint `{kept}`"
    assert kept in plan_markdown(samples.PLAN, fingerprint=kept, budget=1000), "whatever is cut"


def test_nothing_to_do_is_not_said_of_what_is_left() -> None:
    told = plan_text(samples.EMPTY, plain(), left=2)
    assert "Nothing to do in this run: 2 changes are left, as told above.\n" in told
    assert "as declared" not in told


def test_the_last_line_names_moves_only_where_there_are_some() -> None:
    told = plan_text(Plan(samples.SERVER, changes=(samples.CREATE_ANNA,), unchanged=1200), plain())
    assert told.splitlines()[-1] == "Plan: 1 to create, 0 to update, 0 to delete, 1,200 unchanged"


def test_colour_adds_nothing_but_colour() -> None:
    told = plan_text(samples.PLAN, coloured())
    assert told != plan_text(samples.PLAN, plain())
    assert _CODES.sub("", told) == plan_text(samples.PLAN, plain())


def test_a_list_shows_what_comes_and_what_goes() -> None:
    told = _update(("a", "b", "c"), ("b", "d"))
    assert [line.split(": ")[-1].strip() for line in told.splitlines()[2:]] == ["+ d", "- a", "- c", "(1 unchanged)"]


def test_a_list_in_another_order_is_shown_whole() -> None:
    assert "[a, b] -> [b, a]" in _update(("a", "b"), ("b", "a"))


def test_a_mapping_shows_the_parts_that_differ_however_deep() -> None:
    before = {"html": "<p>\nAcme\n</p>", "plain": "Acme", "skip": True, "more": {"a": 1, "b": (1, 2)}, "old": 1}
    after = {"html": "<p>\nAcme Ltd\n</p>", "plain": "Acme", "skip": True, "more": {"a": 2, "b": (1, 3)}}
    told = _update(before, MappingProxyType(after))
    assert [line.removeprefix("      field: ").strip() for line in told.splitlines()[2:]] == [
        "- html: Acme",
        "+ html: Acme Ltd",
        "html: (2 lines unchanged)",
        "more.a: 1 -> 2",
        "+ more.b: 3",
        "- more.b: 2",
        "more.b: (1 unchanged)",
        "old: 1 -> (not set)",
        "(2 unchanged)",
    ]


def test_mappings_that_differ_in_their_sort_only_are_shown_whole() -> None:
    assert "{a: 1} -> {a: 1}" in _update({"a": 1}, MappingProxyType({"a": 1}))


def test_a_text_of_several_lines_shows_the_lines_that_differ() -> None:
    told = _update("keep;\nstop;\n", "keep;\ndiscard;\n")
    assert [line.split(": ")[-1].strip() for line in told.splitlines()[2:]] == [
        "- stop;",
        "+ discard;",
        "(1 line unchanged)",
    ]


def test_a_line_break_at_the_end_alone_is_not_lost() -> None:
    assert r"keep;\n -> keep;" in _update("keep;\n", "keep;")


def test_a_long_text_that_appears_is_written_line_by_line() -> None:
    told = _update(Absent.NOT_SET, "one\ntwo")
    assert "+ one\n" in told
    assert "+ two\n" in told


@pytest.mark.parametrize("before", ["hunter2", Secret("hunter2"), Absent.HIDDEN])
def test_a_secret_is_told_by_its_source_alone(before: object) -> None:
    told = _update(before, SecretSource(SourceKind.ENV, ("SMTP_ACME",)), sensitive=True)
    assert "field: (another secret) -> (env SMTP_ACME)" in told


def test_a_hash_is_not_shown() -> None:
    told = _update(Absent.NOT_READABLE, SecretSource(SourceKind.HASH, ("{BLF-CRYPT}$2y$10$abc",)), sensitive=True)
    assert "(not readable) -> (hash)" in told


def test_a_secret_in_a_field_that_is_not_marked_stays_masked() -> None:
    assert "{key: ********}" in _update("x", {"key": Secret("hunter2")})


@pytest.mark.parametrize(
    ("hostile", "seen"),
    [
        ("\x1b[2Jgone", r"\x1b[2Jgone"),
        ("a\rb", r"a\x0db"),
        ("a\u202eb", r"a\u202eb"),
        ("two\x9bm", r"two\x9bm"),
        ("a\u2028b", r"a\u2028b"),
    ],
)
def test_no_value_moves_the_cursor_or_hides_itself(hostile: str, seen: str) -> None:
    change = Change(
        Action.UPDATE,
        Address("alias", hostile),
        fields=(FieldChange(hostile, hostile, (hostile,)), FieldChange("list", ("x", hostile), ("x",))),
        effects=(hostile,),
    )
    told = change_text(change, plain())
    assert hostile not in told
    assert told.count(seen) == 6


def test_blank_and_empty_texts_are_seen() -> None:
    assert '"" -> " x "' in _update("", " x ")


@pytest.mark.parametrize(
    ("cost", "told"),
    [
        ((("aliases", 1), ("mailboxes", 1), ("messages", 1)), "1 alias, 1 mailbox, 1 message"),
        ((("aliases", 2), ("mailboxes", 3), ("messages", 4)), "2 aliases, 3 mailboxes, 4 messages"),
        ((("bytes", 1024**3), ("quota", 2 * 1024**3)), "1.0 GiB of mail, 2.0 GiB of quota"),
        ((("bytes", 10**400), ("last_login", 10**30)), f"8388608.0 TiB of mail, last login {10**30}"),
        ((("last_login", 0), ("messages", "many")), "last login never, messages many"),
    ],
)
def test_what_a_deletion_destroys_is_counted_in_words(cost: tuple[tuple[str, int | str], ...], told: str) -> None:
    assert price(replace(samples.DELETE_DORA, cost=cost)) == told
