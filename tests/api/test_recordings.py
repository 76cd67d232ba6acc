"""Every recorded answer of the real servers, read as a client would."""

import json
import lzma
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.api.denial import DenialReason, denial_of
from reconciler.api.envelope import Answer
from reconciler.api.reading import ReadingState, reading_of
from reconciler.api.verdict import Judgement, verdict_of

RECORDINGS = sorted((Path(__file__).parents[1] / "contract" / "recordings").glob("*.xz"))
SECRET_FIELDS = {"password", "password2", "password1", "app_passwd", "app_passwd2", "private_key_file", "key", "token"}


def answers(recording: Path, method: str) -> Iterator[tuple[dict[str, Any], Answer]]:
    for text in lzma.decompress(recording.read_bytes()).decode().splitlines():
        line = json.loads(text)
        if line["method"] == method:
            body = b"" if line.get("response_raw") == "" else json.dumps(line["response_json"]).encode()
            yield line, Answer(line["status"], body, line["content_type"])


def secrets_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, content in value.items():
            if name in SECRET_FIELDS and isinstance(content, str) and len(content) > 5:
                yield content
            yield from secrets_in(content)
    elif isinstance(value, list):
        for each in value:
            yield from secrets_in(each)


def expected_state(line: dict[str, Any]) -> ReadingState:
    said = line["response_json"]
    if line.get("response_raw") == "":
        return ReadingState.SILENT
    if line["status"] == 404:
        return ReadingState.NO_ROUTE
    if isinstance(said, dict) and said.get("type") == "error":
        return ReadingState.REFUSED
    return ReadingState.CONTENT if said else ReadingState.EMPTY


def expected_judgement(line: dict[str, Any]) -> Judgement:
    said = line["response_json"]
    if line.get("response_raw") == "":
        return Judgement.UNKNOWN
    if said == {"type": "success", "msg": "Task completed"}:
        return Judgement.SILENT
    types = {entry["type"] for entry in (said if isinstance(said, list) else [said])}
    if types == {"success"}:
        return Judgement.ACCEPTED
    return Judgement.MIXED if "success" in types else Judgement.REFUSED


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda path: path.name.removesuffix(".jsonl.xz"))
def test_every_recorded_read_is_understood(recording: Path) -> None:
    seen = 0
    for line, answer in answers(recording, "GET"):
        seen += 1
        if line["status"] in (401, 403):
            assert answer.is_denied, line["name"]
            assert (denial_of(answer).reason is DenialReason.OTHER) == answer.is_blank, line["name"]
            continue
        assert not answer.is_denied, line["name"]
        reading = reading_of(answer)
        assert reading.state is expected_state(line), line["name"]
        assert reading.value == (line["response_json"] if reading.state is ReadingState.CONTENT else None)
        if isinstance(line["response_json"], list):
            assert reading.rows == [row for row in line["response_json"] if isinstance(row, dict)]
    assert seen > 100


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda path: path.name.removesuffix(".jsonl.xz"))
def test_every_recorded_write_is_judged_and_its_secrets_are_dropped(recording: Path) -> None:
    seen = 0
    for line, answer in answers(recording, "POST"):
        seen += 1
        if answer.is_denied:
            expected = DenialReason.WRONG_KEY if line["status"] == 401 else DenialReason.READ_ONLY_KEY
            assert denial_of(answer).reason is expected, line["name"]
            continue
        assert line["status"] not in (401, 403), line["name"]
        verdict = verdict_of(answer)
        assert verdict.judgement is expected_judgement(line), line["name"]
        for secret in secrets_in(line["request_json"]):
            assert secret not in repr(verdict), line["name"]
    assert seen > 100
