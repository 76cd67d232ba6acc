"""A secret prints as a mask, whichever way it is printed, and goes nowhere it is not handed to."""

from __future__ import annotations

import copy
import dataclasses
import json
import logging
import pickle
import pprint
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from reconciler.model.secret import MASK, Secret, SecretSource, SourceKind

TEXT = "Canary.Of.All.1"
SECRET = Secret(TEXT)


@dataclasses.dataclass
class Holder:
    """Something that holds one, as plain values do."""

    secret: Secret


def _logged(secret: Secret) -> str:
    record = logging.LogRecord("x", logging.INFO, "x", 1, "%s %r", (secret, secret), None)
    return record.getMessage()


def _with_locals(secret: Secret) -> str:
    def fail(given: Secret) -> None:
        held = {"secret": given}
        raise ValueError(given, held)

    try:
        fail(secret)
    except ValueError as problem:
        return "".join(traceback.TracebackException.from_exception(problem, capture_locals=True).format())
    return ""


PRINTED: dict[str, Callable[[Secret], str]] = {
    "str": str,
    "repr": repr,
    "format": lambda secret: f"{secret} {secret!r} {secret!s} {secret!a}",
    "percent": lambda secret: "%s %r" % (secret, secret),  # noqa: UP031  that way too
    "in a list": lambda secret: str([secret, (secret,), {secret: secret}]),
    "in a dataclass": lambda secret: repr(Holder(secret)),
    "pretty": lambda secret: pprint.pformat({"a": [secret]}),
    "json, as text": lambda secret: json.dumps({"a": secret}, default=str),
    "a log": _logged,
    "a traceback with locals": _with_locals,
}


@pytest.mark.parametrize("way", PRINTED)
def test_it_prints_as_a_mask(way: str) -> None:
    printed = PRINTED[way](SECRET)
    assert TEXT not in printed
    assert MASK in printed


@pytest.mark.parametrize(
    "way", [pickle.dumps, copy.copy, copy.deepcopy, json.dumps, lambda secret: dataclasses.asdict(Holder(secret))]
)
def test_it_is_never_serialised_or_copied(way: Callable[[Any], Any]) -> None:
    with pytest.raises(TypeError) as caught:
        way(SECRET)
    assert TEXT not in str(caught.value)


def test_it_has_no_attributes_to_look_through_and_tells_nothing_by_its_hash() -> None:
    assert not hasattr(SECRET, "__dict__")
    assert hash(SECRET) == hash(Secret("another"))
    assert Secret(TEXT) == SECRET != Secret("another")


@pytest.mark.parametrize("kind", [SourceKind.HASH])
def test_a_source_that_is_the_secret_is_not_said(kind: SourceKind) -> None:
    source = SecretSource(kind, (f"{{BLF-CRYPT}}{TEXT}",))
    assert TEXT not in f"{source} {source!r} {[source]}"
