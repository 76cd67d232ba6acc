"""What recordings do not hold: half-broken, hostile and contradictory answers."""

import json

import pytest

from reconciler.api.denial import Denial, DenialReason, denial_of
from reconciler.api.envelope import Answer
from reconciler.api.reading import Reading, ReadingState, reading_of
from reconciler.api.verdict import Entry, Judgement, verdict_of
from reconciler.errors import ProtocolError

HTML = b"<center style='font-family:sans-serif;'>Connection to Redis failed.</center>"


def said(*entries: object) -> Answer:
    return Answer(200, json.dumps(list(entries)).encode())


@pytest.mark.parametrize("status", [200, 404, 500])
def test_a_page_of_html_is_a_broken_server_whatever_its_status(status: int) -> None:
    assert reading_of(Answer(status, HTML)).state is ReadingState.FAILED
    assert verdict_of(Answer(status, HTML)).judgement is Judgement.UNKNOWN


def test_json_under_the_wrong_content_type_is_read() -> None:
    answer = Answer(401, b'{"type":"error","msg":"authentication failed"}', "text/html; charset=utf-8")

    assert denial_of(answer) == Denial(DenialReason.WRONG_KEY)


def test_the_address_the_server_refuses_is_told() -> None:
    answer = Answer(401, b'{"type":"error","msg":"api access denied for ip 2001:db8::7"}')

    assert denial_of(answer) == Denial(DenialReason.ADDRESS, "2001:db8::7")


@pytest.mark.parametrize(("status", "body"), [(403, b""), (403, HTML), (401, HTML), (401, b"[]")])
def test_a_denial_without_the_servers_words_is_a_denial(status: int, body: bytes) -> None:
    assert denial_of(Answer(status, body)) == Denial(DenialReason.OTHER)


@pytest.mark.parametrize("body", [b"", b" \n"])
def test_an_empty_body_is_not_an_empty_collection(body: bytes) -> None:
    assert reading_of(Answer(200, body)).state is ReadingState.SILENT
    assert verdict_of(Answer(200, body)).cause == "empty-body"


@pytest.mark.parametrize("body", [b"{}", b"[]", b" {}\n"])
def test_an_empty_object_is_an_empty_list(body: bytes) -> None:
    reading = reading_of(Answer(200, body))

    assert reading.state is ReadingState.EMPTY
    assert reading.rows == []
    assert reading.value is None


def test_a_row_that_looks_like_an_error_but_has_more_to_it_is_content() -> None:
    reading = reading_of(Answer(200, b'{"id":1,"type":"error","msg":"x"}'))

    assert reading.state is ReadingState.CONTENT


def test_a_list_cut_short_is_a_protocol_error_that_does_not_tell_its_text() -> None:
    reading = reading_of(Answer(200, b'[{"username":"u","password":"CANARY"},{"user'))

    with pytest.raises(ProtocolError) as refusal:
        _ = reading.rows
    assert refusal.value.id == "api-bad-json"
    assert "CANARY" not in f"{refusal.value} {refusal.value.details}"


def test_an_object_in_place_of_a_list_is_its_one_row() -> None:
    assert Reading(ReadingState.CONTENT, b'{"a":1}').rows == [{"a": 1}]


@pytest.mark.parametrize("body", [b'[1,{"a":1},null,[{"b":2}],"x",{}]', b' [ {"a" : 1} , [] , {}]\n'])
def test_what_is_no_object_is_no_row(body: bytes) -> None:
    assert Reading(ReadingState.CONTENT, body).rows == [{"a": 1}, {}]


@pytest.mark.parametrize("body", [b"[[]]", b"[null]", b'["x", 1]'])
def test_a_list_of_nothing_but_other_things_is_not_taken_for_an_empty_one(body: bytes) -> None:
    with pytest.raises(ProtocolError) as refusal:
        _ = reading_of(Answer(200, body)).rows
    assert refusal.value.id == "api-no-objects"


def test_endless_nesting_is_a_protocol_error() -> None:
    with pytest.raises(ProtocolError):
        _ = reading_of(Answer(200, b"[" * 200_000)).value


def test_warnings_keep_a_write_from_counting_as_accepted() -> None:
    verdict = verdict_of(
        said(
            {"type": "warning", "log": ["mailbox", "edit", "domain"], "msg": ["tag_limit_exceeded", "limit 30"]},
            {"type": "success", "log": ["mailbox", "edit", "domain"], "msg": ["domain_modified", "x.example"]},
        )
    )

    assert verdict.judgement is Judgement.MIXED
    assert not verdict.any_failure


def test_an_entry_drops_the_echo_of_the_request() -> None:
    echo = {"password": "CANARY", "hostname": "smtp.example"}
    verdict = verdict_of(said({"type": "success", "log": ["relayhost", "add", echo], "msg": ["relayhost_added", None]}))

    assert verdict.entries == (Entry("success", "relayhost_added", (None,)),)


@pytest.mark.parametrize(("status", "why"), [(404, "route not found"), (200, "Cannot add item")])
def test_an_error_object_refuses_a_write(status: int, why: str) -> None:
    verdict = verdict_of(Answer(status, b'{"type":"error","msg":"%s"}' % why.encode()))

    assert (verdict.judgement, verdict.any_failure, verdict.entries[0].message) == (Judgement.REFUSED, True, why)


@pytest.mark.parametrize(
    "body",
    [b'[{"msg":"no type"}]', b'["success"]', b'[{"type":"success"}]', b"[null]", b'[{"type":"success","msg":"domain'],
)
def test_entries_of_another_form_leave_a_write_unknown(body: bytes) -> None:
    assert verdict_of(Answer(200, body)).judgement is Judgement.UNKNOWN


@pytest.mark.parametrize("body", [b"[]", b"{}"])
def test_an_answer_without_entries_accepts_nothing(body: bytes) -> None:
    assert verdict_of(Answer(200, body)).judgement is not Judgement.ACCEPTED


def test_a_message_that_is_an_empty_list_is_kept() -> None:
    assert verdict_of(said({"type": "danger", "msg": []})).judgement is Judgement.REFUSED


def test_of_several_answers_in_one_body_the_first_is_that_of_the_route_that_was_called() -> None:
    done, failed = b'[{"type":"success","msg":"cors_headers_edited"}]', b'[{"type":"danger","msg":"other"}]'
    assert verdict_of(Answer(200, done + failed)) == verdict_of(Answer(200, done))
    assert verdict_of(Answer(200, failed + done)) == verdict_of(Answer(200, failed))


@pytest.mark.parametrize("rest", [b"[", b"<html>", b"\xff", b"[NaN]"])
def test_an_answer_with_something_else_behind_it_tells_nothing(rest: bytes) -> None:
    verdict = verdict_of(Answer(200, b'[{"type":"success","msg":"cors_headers_edited"}]' + rest))
    assert (verdict.judgement, verdict.cause) == (Judgement.UNKNOWN, "not-json")
