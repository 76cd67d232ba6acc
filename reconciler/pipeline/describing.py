"""What can be declared, described for editors and for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.kinds import registry
from reconciler.manifest.emit import emit
from reconciler.manifest.jsonschema import manifest_schema
from reconciler.manifest.words import INITIAL
from reconciler.model.reference import KindReference
from reconciler.spec.reference import References


def schemas() -> Mapping[str, Mapping[str, Any]]:
    """The JSON Schemas of what people write, by file name."""
    return {"manifest.schema.json": manifest_schema(registry())}


def references() -> tuple[KindReference, ...]:
    """What every kind is, for people."""
    return References(registry(), INITIAL, emit).all()
