from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import UsageError
from reconciler.model.address import Address
from reconciler.model.change import Absent, Action, Change, FieldChange, Reason
from reconciler.model.diagnostic import Diagnostic, Origin, Severity
from reconciler.model.focus import Focus
from reconciler.model.plan import NotCompared, Plan, Refusal, ServerIdentity, Terms
from reconciler.model.secret import Secret, SecretSource, SourceKind
from reconciler.render.document import ReasonName
from reconciler.render.plan_json import REASON_NAMES, json_text, plan_document, plan_json
from reconciler.render.plan_reading import plan_from_document, plan_from_text
from reconciler.render.schema import plan_schema
from tests.conftest import Golden
from tests.render import samples

SCHEMA_FILE = Path(__file__).parents[2] / "schemas" / "plan.schema.json"

_words = st.text(max_size=12)
_names = st.text(min_size=1, max_size=8)
_sources = st.one_of(
    st.builds(
        SecretSource,
        st.sampled_from([SourceKind.ENV, SourceKind.FILE, SourceKind.HASH_TABLE]),
        st.tuples(_words),
    ),
    st.builds(SecretSource, st.just(SourceKind.COMMAND), st.lists(_words).map(tuple)),
    st.builds(SecretSource, st.just(SourceKind.GENERATE), st.just(()), st.lists(_words).map(tuple)),
)
_values = st.recursive(
    st.one_of(_words, st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), _sources),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.one_of(_names, st.sampled_from(["$secret", "$absent", "$mapping"])), inner, max_size=3),
    ),
    max_leaves=6,
)
_addresses = st.builds(Address, st.text("abc_", min_size=1, max_size=8), _names)
_origins = st.builds(Origin, _names, st.none() | st.integers(1), st.none() | st.integers(1), st.none() | _words)
_changes = st.builds(
    Change,
    st.sampled_from(Action),
    _addresses,
    fields=st.lists(
        st.one_of(
            st.builds(FieldChange, _names, _values | st.sampled_from(Absent), _values | st.sampled_from(Absent)),
            st.builds(FieldChange, _names, st.sampled_from(Absent), _sources, st.just(True)),
        ),
        max_size=3,
    ).map(tuple),
    reason=st.sampled_from(Reason),
    origin=st.none() | _origins,
    moved_from=st.none() | _addresses,
    effects=st.lists(_words, max_size=2).map(tuple),
    cost=st.dictionaries(_names, st.integers() | _words, max_size=2).map(lambda cost: tuple(cost.items())),
    precondition=st.none() | _words,
)
_texts = st.lists(_words, max_size=2).map(tuple)
_terms = st.builds(
    Terms,
    revision=st.none() | _words,
    changed=_texts,
    base=_texts,
    named_base=st.booleans(),
    focus=st.builds(Focus, _texts, _texts),
    resend=_texts,
    skip_unsupported=st.booleans(),
    prune=st.lists(st.tuples(_words, _texts), max_size=2).map(tuple),
    allowed_deletes=_texts,
    allowed_kinds=_texts,
    allowed_vanished=_texts,
    limits=st.dictionaries(_names, st.integers(), max_size=2),
)
_plans = st.builds(
    Plan,
    st.builds(ServerIdentity, _words, _words),
    changes=st.lists(_changes, max_size=3).map(tuple),
    unchanged=st.integers(0),
    unmanaged=st.dictionaries(_names, st.integers(0), max_size=2),
    unmanaged_keys=st.dictionaries(_names, _texts, max_size=2),
    not_compared=st.lists(st.builds(NotCompared, _names, _names, _words, st.integers(1)), max_size=2).map(tuple),
    diagnostics=st.lists(
        st.builds(
            Diagnostic,
            _names,
            st.sampled_from(Severity),
            _words,
            st.none() | _words,
            st.none() | _words,
            st.none() | _origins,
            st.lists(_origins, max_size=2).map(tuple),
            st.none() | _addresses,
        ),
        max_size=2,
    ).map(tuple),
    refusals=st.lists(
        st.builds(Refusal, _names, _words, _words, st.lists(_addresses, max_size=2).map(tuple)), max_size=2
    ).map(tuple),
    desired_digest=_words,
    terms=st.none() | _terms,
)


def test_a_plan_of_every_action_is_written_as_kept(golden: Golden) -> None:
    golden("render/plan.json", json_text(plan_document(samples.PLAN)))


@given(_plans)
def test_any_plan_survives_the_way_through_json(plan: Plan) -> None:
    assert plan_from_text(json_text(plan_document(plan))) == plan


@given(_plans)
def test_a_plan_that_is_written_change_by_change_reads_as_the_standard_library_writes_the_whole(plan: Plan) -> None:
    document = plan_document(plan, samples.OPERATIONS)
    document["fingerprint"] = "sha256:0"
    expected = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    assert json_text(document) == expected
    assert plan_json(plan, samples.OPERATIONS, fingerprint="sha256:0") == expected


@given(_plans)
def test_any_plan_is_as_its_schema_says(plan: Plan) -> None:
    jsonschema.Draft202012Validator(plan_schema()).validate(json.loads(json_text(plan_document(plan))))


def test_the_published_schema_is_fresh(golden: Golden, request: pytest.FixtureRequest) -> None:
    fresh = json_text(plan_schema())
    if request.config.getoption("--update-golden"):
        SCHEMA_FILE.write_text(fresh, encoding="utf-8")
    assert fresh == SCHEMA_FILE.read_text(encoding="utf-8"), "run with --update-golden"


def test_the_schema_is_one_and_describes_what_names_do_not_say() -> None:
    schema = plan_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert "kebab" in schema["$defs"]["DiagnosticDocument"]["properties"]["id"]["description"]


def test_every_reason_has_a_name_in_the_document() -> None:
    assert set(REASON_NAMES) == set(Reason)
    assert set(get_args(ReasonName)) == set(REASON_NAMES.values())


@pytest.mark.parametrize("secret", ["hunter2", Secret("hunter2")])
def test_a_live_secret_is_not_written(secret: object) -> None:
    field = FieldChange("password", secret, SecretSource(SourceKind.ENV, ("SMTP",)), sensitive=True)
    plan = Plan(samples.SERVER, changes=(replace(samples.UPDATE_RELAY, fields=(field,)),))
    text = json_text(plan_document(plan))
    assert "hunter2" not in text
    assert plan_from_text(text).changes[0].fields[0].before is Absent.HIDDEN


@pytest.mark.parametrize(
    ("secret", "sensitive"), [("hunter2", True), (Secret("hunter2"), False), ((Secret("x"),), False)]
)
def test_a_plan_that_would_set_a_secret_itself_cannot_be_written(secret: object, sensitive: bool) -> None:
    field = FieldChange("password", Absent.NOT_SET, secret, sensitive=sensitive)
    with pytest.raises(TypeError, match="never the secret"):
        plan_document(Plan(samples.SERVER, changes=(replace(samples.UPDATE_RELAY, fields=(field,)),)))


def _document(**changed: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(json_text(plan_document(samples.PLAN)))
    return {**document, **changed}


def _with_a_secret(value: Any) -> dict[str, Any]:
    document = _with_value(value)
    document["changes"][0]["fields"][0]["sensitive"] = True
    return document


def _with_value(value: Any) -> dict[str, Any]:
    document = _document()
    document["changes"][0]["fields"][0]["after"] = value
    return document


@pytest.mark.parametrize(
    "document",
    [
        [],
        "plan",
        {},
        {"format_version": 1},
        {"format_version": "1.0"},
        _document(changes=[{"action": "create"}]),
        _document(changes=[{**_document()["changes"][0], "address": "no-slash"}]),
        _document(changes=[{**_document()["changes"][0], "action": "explode"}]),
        _document(unmanaged={"mailbox": "many"}),
        _with_a_secret("hunter2"),
        _with_a_secret(None),
        _with_a_secret({"a": {"$secret": {"env": "A"}}}),
        _with_value({"$unknown": 1}),
        _with_value({"$absent": "sometimes"}),
        _with_value({"$absent": {}}),
        _with_value({"$secret": "hunter2"}),
        _with_value({"$secret": {"env": 5}}),
        _with_value({"$secret": {}}),
        _with_value({"$secret": {"env": "A"}, "more": 1}),
        _with_value({"$mapping": []}),
    ],
)
def test_what_is_not_a_plan_is_refused_with_an_id(document: Any) -> None:
    with pytest.raises(UsageError) as caught:
        plan_from_document(document)
    assert caught.value.id == "plan-malformed"


def test_text_that_is_not_json_is_refused_with_an_id() -> None:
    with pytest.raises(UsageError) as caught:
        plan_from_text("{")
    assert caught.value.id == "plan-malformed"


def test_a_plan_of_another_format_is_refused_and_a_later_minor_one_is_read() -> None:
    with pytest.raises(UsageError) as caught:
        plan_from_document(_document(format_version="2.0"))
    assert caught.value.id == "plan-format-unknown"
    assert plan_from_document(_document(format_version="1.7", more="unknown")) == samples.PLAN


def test_a_hash_that_is_a_source_itself_is_not_written() -> None:
    source = SecretSource(SourceKind.HASH, ("{BLF-CRYPT}$2y$10$canary",))
    field = FieldChange("password", Absent.NOT_READABLE, source, sensitive=True)
    text = json_text(plan_document(Plan(samples.SERVER, changes=(replace(samples.UPDATE_RELAY, fields=(field,)),))))
    assert "canary" not in text
    assert '"hash": "********"' in text


@pytest.mark.parametrize("around", [("[", "]"), ('{"a":', "}"), ('{"$mapping":{"a":', "}}")])
def test_a_value_no_manifest_could_hold_is_no_plans(around: tuple[str, str]) -> None:
    opening, closing = around
    deep = f"{opening * 300}1{closing * 300}"
    text = json.dumps(plan_document(samples.PLAN)).replace('"after": ', f'"after": {deep}, "was": ', 1)
    with pytest.raises(UsageError) as caught:
        plan_from_text(text)
    assert caught.value.id == "plan-malformed"
