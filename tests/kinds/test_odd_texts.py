"""Texts PHP makes something else of, in every field that takes texts: each is refused beforehand, or kept as it is."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

import pytest
from pydantic_core import ValidationError

from reconciler.kinds import registry
from tests.kinds.samples import payloads, whole_manifest
from tests.kinds.server import Server, refused, told

ONLY_THE_SERVER_KNOWS = {
    *("bcc_map.for", "forwarding_host.host", "sieve_filter.script"),
    *("global_filter.prefilter", "global_filter.postfilter"),
}
"""Scripts it reads, and names it looks up."""

TEXTS = (
    *("0", "00", " x", "x ", "\0x", "A", "e\u0301", "İ", "a\nb", "a/b", "a\\", "*", "x@y", "a,b", "a:b", "<b>"),
    *("&amp;", "x" * 255, "ü" * 256, ""),
)


def odd_values(schema: Mapping[str, Any]) -> Iterator[Any]:
    """What a field may say with odd texts in it; nothing for a field that takes no texts."""
    for each in (*schema.get("oneOf", ()), *schema.get("anyOf", ())):
        yield from odd_values(each)
    if schema.get("type") == "string":
        yield from TEXTS
        yield from (f"{local}@acme.example" for local in ("0", "A", "a" * 64, "a/b") if "@" in str(schema))
    elif schema.get("type") == "array":
        yield from ([each] for each in odd_values(schema["items"]))
    elif schema.get("type") == "object" and "additionalProperties" in schema:
        parts = {name: list(odd_values(part)) for name, part in schema.get("properties", {}).items()}
        yield from ({name: each} for name, values in parts.items() for each in values if not schema.get("required"))


def taking_texts() -> list[str]:
    return [
        f"{kind.name}.{field.name}"
        for kind in registry().values()
        for field in kind.fields.values()
        if field.mark.refers is None and not field.codec.sensitive
        if next(odd_values(field.codec.schema), None) is not None
    ]


@pytest.fixture(scope="module")
def inhabited() -> Server:
    """A server that has everything."""
    server = Server("2026-07a")
    server.apply_first(whole_manifest())
    return server


@pytest.fixture
def server(inhabited: Server) -> Iterator[Server]:
    """The same for each test."""
    state = inhabited.simulator.server.state
    yield inhabited
    inhabited.simulator.server.state = state


@pytest.mark.parametrize("where", sorted({*taking_texts()} - ONLY_THE_SERVER_KNOWS))
def test_an_odd_text_is_refused_beforehand_or_kept(server: Server, where: str) -> None:
    kind_name, _, name = where.partition(".")
    kind = registry()[kind_name]
    everything = server.simulator.server.state
    for value in odd_values(kind.fields[name].codec.schema):
        entry = deepcopy(payloads(kind_name)["entries"][-1]) | {name: value}
        manifest = {kind.plural: entry if kind.singleton else [entry]}
        server.simulator.server.state, server.base = everything.copy(), None
        try:
            (declared,) = server.desired(manifest).of(kind_name).values()
        except ValidationError:
            continue
        if (kind.on_check is None or not kind.on_check(declared.values)) and not refused(server, manifest):
            server.apply(manifest)
            assert told(server.plan(manifest)) == [], value
