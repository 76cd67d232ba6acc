"""What every kind must keep, tried on the answers of real servers and on entries that say every field."""

from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.api.jsontext import rows_in
from reconciler.kinds import registry
from reconciler.model.resource import Observed
from reconciler.model.secret import Secret
from reconciler.model.version import Version
from reconciler.spec.capabilities import Capabilities
from reconciler.spec.codec import Scope
from reconciler.spec.decode import Decoder
from reconciler.spec.encode import pairs
from reconciler.spec.kind import Field, Kind
from reconciler.spec.mark import ASKED, MAIN, UNSET
from tests.kinds.samples import FOLDER, RECORDED, payloads
from tests.kinds.server import declared

KINDS = list(registry().values())
FIELDS = [(kind, each) for kind in KINDS for each in kind.fields.values()]
FIELD_NAMES = [f"{kind.name}.{each.name}" for kind, each in FIELDS]

NAMED_OTHERWISE = "#"
"""What a reference starts with that names no resource that was read."""


def answers(kind: Kind, version: str) -> Iterator[tuple[str, str, Any]]:
    """The recorded answers of a kind's sources: the source, what was asked for, the answer."""
    for path, answer in payloads(kind.name)[version].items():
        asked = path.removeprefix("get/").split("/")
        for name, source in kind.sources.items():
            template = source.path.split("/")
            if len(template) == len(asked) and all(
                part == there or part.startswith("{") for part, there in zip(template, asked, strict=True)
            ):
                yield name, asked[-1], answer


def observed(kind: Kind, version: str) -> list[Observed]:
    """The resources that a real server's list showed."""
    decoder = Decoder(kind, Capabilities(Version.parse(version)), frozenset(kind.fields), {})
    found = [
        decoder.observe({**row, ASKED: asked} if kind.sources[MAIN].each is not None else row)
        for name, asked, answer in answers(kind, version)
        if name == MAIN
        for row in rows_in(answer)
    ]
    return [each for each in found if each is not None]


def test_every_kind_has_payloads_and_there_are_no_others() -> None:
    assert {file.stem for file in FOLDER.iterdir()} == set(registry())


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_kind_and_its_fields_are_described_in_sentences(kind: Kind) -> None:
    assert kind.about.endswith(".")
    for each in kind.fields.values():
        assert each.mark.about.endswith(".")
        assert each.mark.about.count("`") % 2 == 0


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_entries_of_a_kind_say_every_field_of_it(kind: Kind) -> None:
    assert {name for entry in payloads(kind.name)["entries"] for name in entry} == set(kind.fields)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_entries_of_a_kind_can_be_read_and_make_sense(kind: Kind) -> None:
    for entry in payloads(kind.name)["entries"]:
        (resource,) = declared({kind.plural: entry if kind.singleton else [entry]})
        assert kind.on_check is None or kind.on_check(resource.values) == ()


@pytest.mark.parametrize("version", RECORDED)
@pytest.mark.parametrize("kind", [kind for kind in KINDS if MAIN in kind.sources], ids=lambda kind: kind.name)
def test_what_a_real_server_lists_is_understood(kind: Kind, version: str) -> None:
    capabilities = Capabilities(Version.parse(version))
    if not capabilities.knows(kind.since) or kind.main_source(capabilities) is None:
        assert not payloads(kind.name)[version]
        return
    resources = observed(kind, version)
    assert resources
    for resource in resources:
        listed = {
            name for name, each in kind.fields.items() if each.mark.source == MAIN and each.readable(capabilities)
        }
        needed = {name for name in listed if kind.fields[name].required or name in kind.key}
        assert needed <= set(resource.values) <= listed
        assert kind.singleton or resource.handle


@pytest.mark.parametrize("version", RECORDED)
@pytest.mark.parametrize("kind", [kind for kind in KINDS if len(kind.sources) > 1], ids=lambda kind: kind.name)
def test_what_further_lists_of_a_real_server_show_is_understood(kind: Kind, version: str) -> None:
    capabilities = Capabilities(Version.parse(version))
    decoder = Decoder(kind, capabilities, frozenset(kind.fields), {})
    (resource, *_) = observed(kind, version)
    for name, _, answer in answers(kind, version):
        if name == MAIN or not capabilities.knows(kind.sources[name].since):
            continue
        joined = decoder.join(resource, name, rows_in(answer))
        shown = {each.name for each in kind.fields.values() if each.mark.source == name and each.readable(capabilities)}
        assert shown <= set(joined.values)


def _as_written(value: Any) -> Any:
    """A canonical value in the types that YAML gives."""
    if isinstance(value, tuple):
        return [_as_written(each) for each in value]
    return value


@pytest.mark.parametrize("version", RECORDED)
@pytest.mark.parametrize("kind", [kind for kind in KINDS if MAIN in kind.sources], ids=lambda kind: kind.name)
def test_what_is_shown_can_be_declared_and_means_the_same(kind: Kind, version: str) -> None:
    for resource in observed(kind, version):
        for name, value in resource.values.items():
            if isinstance(value, Secret) or value == "" or str(value).startswith(NAMED_OTHERWISE):
                continue
            read = kind.part_reader.validate_python({name: _as_written(value)}, context=Scope())
            assert read == {name: value}


@pytest.mark.parametrize(("kind", "each"), FIELDS, ids=FIELD_NAMES)
def test_a_default_is_something_one_could_have_written(kind: Kind, each: Field) -> None:
    if each.mark.default is UNSET:
        return
    read = kind.part_reader.validate_python({each.name: _as_written(each.mark.default)}, context=Scope())
    assert read == {each.name: each.mark.default}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_declared_value_can_be_sent(kind: Kind) -> None:
    for entry in payloads(kind.name)["entries"]:
        (resource,) = declared({kind.plural: entry if kind.singleton else [entry]})
        for name, value in resource.values.items():
            each = kind.fields[name]
            for names in (each.mark.add, each.mark.edit):
                assert set(pairs(each, names, value)) >= {wire for wire in names if wire != "*"}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_each_mutation_is_of_known_fields_and_differs_from_the_entry(kind: Kind) -> None:
    first = payloads(kind.name)["entries"][-1 if kind.singleton else 0]
    for mutation in payloads(kind.name)["mutations"]:
        for name, value in mutation.items():
            assert name in kind.fields
            assert value != first.get(name)
