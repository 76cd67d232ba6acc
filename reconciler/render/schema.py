"""The JSON Schema of a plan, made from the types that describe the document."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from reconciler.render.document import FORMAT_VERSION, PlanDocument


def plan_schema() -> dict[str, Any]:
    """The schema, JSON Schema 2020-12, as it is published in ``schemas/plan.schema.json``."""
    schema = TypeAdapter(PlanDocument).json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"A plan of mailcow-reconciler, format {FORMAT_VERSION}",
        **{name: value for name, value in schema.items() if name != "title"},
    }
