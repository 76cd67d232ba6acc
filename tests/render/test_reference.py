from __future__ import annotations

import json

from reconciler.render.plan_json import json_text
from reconciler.render.reference_json import field_document, kind_document, kinds_document
from reconciler.render.reference_markdown import kinds_markdown
from reconciler.render.reference_text import field_text, kind_text, kinds_text
from reconciler.render.style import coloured, plain
from tests.conftest import Golden
from tests.render import samples


def test_the_table_of_kinds_reads_well(golden: Golden) -> None:
    golden("render/kinds.txt", kinds_text(samples.KINDS, plain()))


def test_a_kind_reads_well(golden: Golden) -> None:
    golden("render/kind.txt", kind_text(samples.MAILBOXES, plain()))


def test_a_kind_of_which_there_is_one_reads_well(golden: Golden) -> None:
    golden("render/kind-of-one.txt", kind_text(samples.UI_TEXTS, plain()))


def test_every_sort_of_field_reads_well(golden: Golden) -> None:
    told = [field_text(samples.MAILBOXES, field, plain()) for field in samples.MAILBOXES.fields]
    golden("render/fields.txt", "\n".join(told))


def test_the_markdown_table_has_a_row_for_each_kind_and_no_stray_emphasis(golden: Golden) -> None:
    golden("render/kinds.md", kinds_markdown(samples.KINDS))


def test_colour_adds_nothing_but_colour() -> None:
    for text in (kinds_text, lambda _kinds, style: kind_text(samples.MAILBOXES, style)):
        painted = text(samples.KINDS, coloured())
        assert "\x1b[" in painted
        for code in ("1", "2", "0"):
            painted = painted.replace(f"\x1b[{code}m", "")
        assert painted == text(samples.KINDS, plain())


def test_documents_hold_everything_and_are_json() -> None:
    kinds = json.loads(json_text(kinds_document(samples.KINDS)))
    kind = json.loads(json_text(kind_document(samples.MAILBOXES)))
    field = json.loads(json_text(field_document(samples.MAILBOXES, samples.SEND_AS)))

    assert [each["section"] for each in kinds["kinds"]] == ["mailboxes", "ui_texts"]
    assert kinds["kinds"][1]["about"] == "What mailcow's own pages say. All of it is written at once."
    assert {**kind, "fields": None, "example": None} == {
        **kinds["kinds"][0],
        "format_version": kinds["format_version"],
        "fields": None,
        "example": None,
    }
    assert kind["deletion"] == "protected"
    assert kind["fields"][3] == {name: value for name, value in field.items() if name in kind["fields"][3]}
    assert (field["since"], field["until"], field["readable_since"]) == ("2022-05", "2027-01", "2026-07a")
    assert field["api"][0] == {"verb": "get", "path": "mailbox/{handle}", "names": ["sender_acl"]}
