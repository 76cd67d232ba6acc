"""Columns for long texts have room for so many bytes, and what is longer ends the call with an empty answer."""

import pytest

from tests.simulator.mailcow import Start, with_mailbox


@pytest.mark.parametrize(("taken", "is_kept"), [(65_535, True), (65_536, False)])
def test_an_alias_has_so_many_bytes_of_targets(mailcow: Start, taken: int, is_kept: bool) -> None:
    server = with_mailbox(mailcow())
    many = "".join(f"{number:04}{'x' * 45}@y.example," for number in range(1_092))
    goto = many + "z" * (taken - len(many) - len("@y.example")) + "@y.example"
    assert len(goto) == taken
    answer = server.post("add/alias", {"address": "all@alpha.example", "goto": goto, "active": 1})
    assert bool(answer) is is_kept
    assert [row["goto"] == goto for row in server.get("get/alias/all") or ()] == [True] * is_kept


@pytest.mark.parametrize(("script", "is_kept"), [("#" + "ä" * 32_767, True), ("#" + "ä" * 32_768, False)])
def test_a_script_has_so_many_bytes_not_characters(mailcow: Start, script: str, is_kept: bool) -> None:
    server = with_mailbox(mailcow())
    written = {"username": "anna@alpha.example", "filter_type": "prefilter", "script_desc": "x", "active": 1}
    answer = server.post("add/filter", {**written, "script_data": script})
    assert bool(answer) is is_kept
