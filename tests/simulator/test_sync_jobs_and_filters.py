import re
from typing import Any

import pytest

from reconciler.simulator import sieve
from tests.simulator.mailcow import Mailcow, Start, messages, with_mailbox

JOB = {
    "username": "anna@alpha.example",
    "host1": "IMAP.Old.test",
    "port1": 993,
    "user1": "anna",
    "password1": "secret",
    "enc1": "SSL",
    "mins_interval": "20",
    "exclude": "",
}


def listed(server: Mailcow, rest: str = "/no_log") -> Any:
    return server.get(f"get/syncjobs/all{rest}")


def test_the_host_of_a_sync_job_is_lowered_by_an_add_and_not_by_an_edit(mailcow: Start) -> None:
    server = with_mailbox(mailcow())
    server.post("add/syncjob", JOB)
    assert listed(server)[0]["host1"] == "imap.old.test"
    server.post("edit/syncjob", {"items": [1], "attr": {"host1": "IMAP.New.test"}})
    assert listed(server)[0]["host1"] == "IMAP.New.test"
    assert messages(server.post("edit/syncjob", {"items": [1], "attr": {"host1": "no host"}})) == ["access_denied"]


def test_a_password_of_a_sync_job_is_shown_to_those_who_ask_and_not_with_no_log(mailcow: Start) -> None:
    server = with_mailbox(mailcow())
    server.post("add/syncjob", JOB)
    assert listed(server, "/with_password")[0]["password1"] == "secret"
    assert "password1" not in listed(server, "/with_password,no_log")[0]
    assert "password1" not in listed(server, "")[0]


@pytest.mark.parametrize("missing", ["exclude", "user1", "password1"])
def test_what_the_database_needs_of_a_sync_job_and_is_missing_ends_in_an_empty_answer(
    mailcow: Start, missing: str
) -> None:
    server = with_mailbox(mailcow())
    assert server.post("add/syncjob", {name: value for name, value in JOB.items() if name != missing}) == ""
    assert listed(server) == {}


def test_limits_of_a_sync_job_that_do_not_hold_become_defaults(mailcow: Start) -> None:
    server = with_mailbox(mailcow())
    server.post("add/syncjob", {**JOB, "maxage": 99999, "timeout1": 0, "maxbytespersecond": "many"})
    job = listed(server)[0]
    assert (job["maxage"], job["timeout1"], job["maxbytespersecond"]) == (0, 600, "0")


def test_an_edit_can_make_two_equal_sync_jobs_where_an_add_cannot(mailcow: Start) -> None:
    server = with_mailbox(mailcow())
    server.post("add/syncjob", JOB)
    server.post("add/syncjob", {**JOB, "user1": "other"})
    assert messages(server.post("add/syncjob", JOB)) == [["object_exists", "imap.old.test / anna"]]
    assert messages(server.post("edit/syncjob", {"items": [2], "attr": {"user1": "anna"}})) == [
        ["mailbox_modified", "anna@alpha.example"]
    ]


@pytest.mark.parametrize(
    ("version", "options", "expected"),
    [
        ("2022-01a", "--nothing-known", [["mailbox_modified", "anna@alpha.example"]]),
        ("2022-06a", "", ["bad option "]),
        ("2022-06b", "", [["mailbox_modified", "anna@alpha.example"]]),
        ("2022-06b", "--include=a-b", [["mailbox_modified", "anna@alpha.example"]]),
        ("2022-07", "--include=a-b", ["bad option b"]),
        ("2022-07", "--dry", ["bad option dry"]),
        ("2026-07a", "--dry --nolog", [["mailbox_modified", "anna@alpha.example"]]),
        ("2026-07a", "--pipemess x", ["bad character SPACE"]),
        ("2026-07a", "--pipemess", ["bad option pipemess"]),
    ],
)
def test_each_version_looks_at_the_options_of_imapsync_in_its_own_way(
    mailcow: Start, version: str, options: str, expected: list[Any]
) -> None:
    server = with_mailbox(mailcow(version))
    assert messages(server.post("add/syncjob", {**JOB, "custom_params": options})) == expected


def test_a_pipe_among_the_options_drops_them_all_on_old_versions(mailcow: Start) -> None:
    for version, options, kept in (
        ("2022-01a", "--pipemess x", ""),
        ("2022-01a", "--PipeMess x", "--PipeMess x"),
        ("2022-05d", "--PipeMess x", ""),
        ("2022-05d", "--pipemes x", "--pipemes x"),
        ("2022-06", "--pipemes x", ""),
    ):
        server = with_mailbox(mailcow(version))
        server.post("add/syncjob", {**JOB, "custom_params": options})
        assert listed(server)[0]["custom_params"] == kept, (version, options)


def test_a_sync_job_goes_with_its_mailbox(mailcow: Start) -> None:
    server = with_mailbox(mailcow())
    server.post("add/syncjob", JOB)
    server.post("delete/mailbox", ["anna@alpha.example"])
    with_mailbox(server)
    assert listed(server) == {}


def a_filter(server: Mailcow, description: str, **more: Any) -> Any:
    body = {"username": "anna@alpha.example", "filter_type": "prefilter", "script_data": "keep;", "active": 1}
    return server.post("add/filter", {**body, "script_desc": description, **more})


def active(server: Mailcow) -> list[int]:
    return [row["active"] for row in server.get("get/filters/all")]


def test_of_each_kind_one_filter_of_a_mailbox_is_in_force(mailcow: Start) -> None:
    server = with_mailbox(mailcow())
    for description in ("one", "two"):
        a_filter(server, description)
    a_filter(server, "three", filter_type="postfilter")
    assert active(server) == [0, 1, 1]
    server.post("edit/filter", {"items": [1, 2], "attr": {"active": "1"}})
    assert active(server) == [0, 1, 1]


def test_a_two_puts_a_filter_in_force_when_added_and_out_of_force_when_edited(mailcow: Start) -> None:
    server = with_mailbox(mailcow())
    a_filter(server, "one", active=2)
    assert active(server) == [1]
    server.post("edit/filter", {"items": [1], "attr": {"active": 2}})
    assert active(server) == [0]


def test_a_filter_keeps_its_line_ends_and_a_global_one_does_not(mailcow: Start) -> None:
    server = with_mailbox(mailcow())
    a_filter(server, "one", script_data="keep;\r\nstop;")
    assert server.get("get/filters/all")[0]["script_data"] == "keep;\r\nstop;"
    answer = server.post("add/global-filter", {"filter_type": "prefilter", "script_data": "keep;\r\nstop;\r"})
    assert messages(answer) == ["dovecot_restart_success", "global_filter_written"]
    assert server.get("get/global_filters/prefilter") == "keep;\nstop;\n"


def test_ids_that_are_no_numbers_are_passed_over_for_filters_and_end_the_call_for_sync_jobs(mailcow: Start) -> None:
    server = with_mailbox(mailcow())
    a_filter(server, "one")
    server.post("add/syncjob", JOB)
    assert messages(server.post("delete/filter", ["x", 1])) == [["delete_filter", 1]]
    assert server.post("delete/filter", ["x"]) == {"type": "success", "msg": "Task completed"}
    assert server.post("delete/syncjob", ["x", 1]) == {"type": "error", "msg": "Cannot delete item"}
    assert len(listed(server)) == 1


@pytest.mark.parametrize(
    "script",
    [
        "",
        "# a comment only\n",
        'require ["fileinto", "imap4flags"];\nif header :is "subject" ["a", "b"] { fileinto :flags "x" "A"; stop; }',
        'require "vacation"; vacation :days 7 :addresses ["a@b.test"] "gone";',
        'if anyof (size :over 100K, not exists "x") { discard; } elsif true { keep; } else { stop; }',
        'require "variables"; set :lower :upperfirst "tag" "${1}";',
        "redirect text:\nmulti\n..line\n.\n;",
    ],
)
def test_a_sieve_script_in_order_is_taken(script: str) -> None:
    sieve.check(script)


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("keep;\nbroken {", "line 2: unknown command broken"),
        ("require [", "line 1: script end where string expected near "),
        ("keep", "line 1: script end where semicolon expected near "),
        ('fileinto "A";', "line 1: unknown command fileinto"),
        ('require "telepathy";', 'line 1: quoted string "telepathy" where require string expected'),
        ('require ["telepathy"];', 'line 1: unexpected quoted string "telepathy"'),
        ('keep; require "fileinto";', "line 1: require may not appear after keep"),
        ("keep; else { stop; }", "line 1: else may not appear after keep"),
        ("true;", "line 1: true may not appear as first command"),
        ("if true { keep;", "line 1: script end where block end expected near "),
        ("if maybe { keep; }", "line 1: identifier maybe where test command expected"),
        ("redirect;", "line 1: semicolon where string expected near ;"),
        ('keep "x";', 'line 1: quoted string where semicolon expected near "x"'),
        ('if header :near "a" "b" { keep; }', "line 1: unexpected tag :near"),
        ('if header "a" { keep; }', "line 1: block start where string list expected near {"),
        ("keep; }", "line 1: block end where script end expected near }"),
    ],
)
def test_what_is_wrong_with_a_sieve_script_is_said_in_the_parsers_words(script: str, said: str) -> None:
    with pytest.raises(sieve.SieveError, match=f"^{re.escape(said)}$"):
        sieve.check(script)
