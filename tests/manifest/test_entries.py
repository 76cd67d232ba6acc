"""What kinds may ask of their entries, tried with kinds of our own."""

from typing import Any

import pytest
from typing_extensions import Required, TypedDict

from reconciler.kinds import registry
from reconciler.manifest.build import Manifest, build
from reconciler.manifest.jsonschema import manifest_schema
from reconciler.model.address import Address
from reconciler.model.resource import Place, Values
from reconciler.model.state import DesiredState
from reconciler.spec.codecs import Count, Flag, Tags, Text
from reconciler.spec.kind import Kind, Routes
from reconciler.spec.language import Annotated
from reconciler.spec.mark import field
from tests.manifest.manifests import built, document
from tests.manifest.told import ids, places, told


class Lamp(TypedDict, total=False):
    """A lamp."""

    room: Required[Annotated[Text, field("Where it is.", "room")]]
    number: Annotated[Count, field("Which one there.", "number")]
    lit: Annotated[Flag, field("Whether it is on.", "lit")]
    watts: Annotated[Count, field("How bright it is.", "watts")]
    mode: Annotated[Text, field("How it blinks.", "mode")]
    labels: Annotated[Tags, field("What it is for.", "labels")]


class Weather(TypedDict, total=False):
    """The weather, of which there is one."""

    wind: Annotated[Count, field("How fast it blows.", "wind")]


def _lit_takes_watts(values: Values) -> tuple[tuple[str, str, str], ...]:
    if values.get("lit") and not values.get("watts"):
        return (("lit", "a lamp without watts cannot be lit", "write `watts`"),)
    return ()


LAMP = Kind(
    name="lamp",
    plural="lamps",
    record=Lamp,
    key=("room", "number"),
    key_text=lambda values: f"{values['room']}/{values.get('number', 1)}",
    sources={},
    routes=Routes(add="lamp"),
    on_check=_lit_takes_watts,
    sugar={"where": "room"},
    on_entry=lambda entry, _scope: {"room": entry["where"], **{k: v for k, v in entry.items() if k != "where"}},
    template="lamp",
)
WEATHER = Kind(
    name="weather", plural="weather", record=Weather, key=(), sources={}, routes=Routes(edit="weather"), singleton=True
)
KINDS = {"lamp": LAMP, "weather": WEATHER}


def state(text: str, *more: str) -> DesiredState:
    documents = [document(each, f"{name}.yaml") for name, each in zip("ab", (text, *more), strict=False)]
    return build([Manifest(each) for each in documents], KINDS)


def test_what_there_is_one_of_is_a_mapping_and_not_a_list() -> None:
    weather = state("weather: {wind: 5}").get(Address("weather", "weather"))
    assert weather is not None
    assert weather.values == {"wind": 5}
    assert weather.place == Place("a.yaml", ("weather",))
    assert ids(told(lambda: state("weather: [{wind: 5}]"))) == ["section-malformed"]


def test_what_there_is_one_of_is_declared_once() -> None:
    (finding,) = told(lambda: state("weather: {wind: 5}", "weather: {wind: 6}"))
    assert (finding.id, str(finding.origin), [str(place) for place in finding.related]) == (
        "address-duplicate",
        "b.yaml:1:10",
        ["a.yaml:1:10"],
    )


def test_a_mistake_in_what_there_is_one_of_has_its_place() -> None:
    assert places(told(lambda: state("weather:\n  wind: fast\n"))) == [("number-expected", 2, 9)]


def test_a_combination_that_makes_no_sense_is_told_at_the_field() -> None:
    text = "lamps:\n  - {room: hall, lit: true, watts: 5}\n  - {room: attic, lit: true}\n"
    assert places(told(lambda: state(text))) == [("fields-conflict", 3, 24)]


def test_a_combination_is_judged_with_what_is_inherited() -> None:
    assert len(state("defaults: {lamps: {watts: 5}}\nlamps: [{room: attic, lit: true}]")) == 1


def test_sugar_stands_for_a_field_and_takes_its_mistakes() -> None:
    assert Address("lamp", "hall/2") in {each.address for each in state("lamps: [{where: hall, number: 2}]")}
    assert places(told(lambda: state("lamps:\n  - {where: 5, number: 2}\n"))) == [("text-expected", 2, 13)]


def test_a_field_of_a_kind_comes_before_a_word_of_all_entries() -> None:
    (lamp,) = state("lamps: [{room: hall, mode: slowly}]")
    assert lamp.values["mode"] == "slowly"
    assert lamp.options.additive == frozenset()


def test_a_creation_may_start_from_a_template_where_the_kind_has_some() -> None:
    (lamp,) = state("lamps: [{room: hall, template: Bright}]")
    assert lamp.options.template == "Bright"
    assert ids(told(lambda: state("lamps: [{room: hall, template: 5}]"))) == ["text-expected"]
    assert ids(told(lambda: state("weather: {template: Bright}"))) == ["field-unknown"]


def test_the_schema_knows_all_of_this() -> None:
    schema = manifest_schema(KINDS)
    assert schema["properties"]["weather"] == {"$ref": "#/$defs/weather"}
    assert "template" in schema["$defs"]["lamp"]["properties"]
    assert "template" not in schema["$defs"]["weather"]["properties"]
    assert schema["$defs"]["lamp"]["allOf"] == [{"oneOf": [{"required": ["room"]}, {"required": ["where"]}]}]


CANARY = "CANARY-5551"
LITERALS: list[Any] = [
    CANARY,
    [CANARY],
    {"env": [CANARY]},
    {"hash": CANARY},
    {"hash": f"{{PLAIN}}{CANARY}"},
    {"password": CANARY},
    {"command": CANARY},
    {"env": "X", "value": CANARY},
    {"generate": CANARY},
    {"generate": True, "deliver": CANARY},
]
SENSITIVE = [(kind, name) for kind in registry().values() for name, each in kind.fields.items() if each.codec.sensitive]


@pytest.mark.parametrize("literal", LITERALS, ids=str)
@pytest.mark.parametrize(("kind", "name"), SENSITIVE, ids=[f"{kind.name}.{name}" for kind, name in SENSITIVE])
def test_a_secret_that_is_written_out_is_refused_and_never_repeated(kind: Kind, name: str, literal: Any) -> None:
    for entry in ({name: literal}, {"initial": {name: literal}}, {f"{name}x": literal}):
        text = str({kind.plural: [entry]}).replace("True", "true")
        assert CANARY not in repr(told(lambda text=text: built(text)))  # type: ignore[misc]
