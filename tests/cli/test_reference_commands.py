from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Runner


def test_kinds_lists_them_all(run: Runner) -> None:
    listed = run("kinds")
    assert listed.code == 0
    assert [line.partition(" ")[0] for line in listed.out.splitlines()[:3]] == ["section", "mailboxes", "ui_texts"]
    assert len(json.loads(run("kinds", "--format", "json").out)["kinds"]) == 2


@pytest.mark.parametrize("word", ["mailbox", "mailboxes"])
def test_a_kind_is_explained_by_either_of_its_names(run: Runner, word: str) -> None:
    told = run("explain", word)
    assert told.code == 0
    assert told.out.startswith("mailboxes (one is a `mailbox`)")
    assert json.loads(run("explain", word, "--format", "json").out)["name"] == "mailbox"


@pytest.mark.parametrize("word", ["ui_texts.title", "ui-texts.title"])
def test_a_field_is_explained_with_dashes_or_without(run: Runner, word: str) -> None:
    assert run("explain", word).out.startswith("ui_texts: title\n")
    assert json.loads(run("explain", word, "--format", "json").out)["kind"] == "ui_texts"


def test_a_word_that_stands_for_a_field_explains_the_field(run: Runner) -> None:
    assert run("explain", "mailbox.login").out == run("explain", "mailbox.address").out


@pytest.mark.parametrize(
    ("word", "identifier", "hint"),
    [
        ("mailboxs", "kind-unknown", "did you mean `mailboxes`?"),
        ("zebra", "kind-unknown", "see `reconciler kinds`"),
        ("mailbox.qouta", "field-unknown", "did you mean `quota`?"),
        ("mailbox.sender_acl", "field-unknown", "mailcow calls it `sender_acl`; here it is `send_as`"),
        ("mailbox.zebra", "field-unknown", "it has: address, quota, password, send_as, replace"),
        ("mailbox.", "field-unknown", "it has: address, quota, password, send_as, replace"),
    ],
)
def test_what_is_not_there_is_told_with_what_is_meant(run: Runner, word: str, identifier: str, hint: str) -> None:
    told = run("explain", word)
    assert told.code == 64
    assert f"error[{identifier}]" in told.err
    assert f"hint: {hint}" in told.err
    assert told.out == ""
