"""``reconciler schema``."""

from __future__ import annotations

from reconciler.cli.exits import Exit
from reconciler.cli.files import write_folder
from reconciler.cli.words import Argument, option
from reconciler.errors import UsageError
from reconciler.render.plan_json import json_text
from reconciler.render.schema import plan_schema

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from reconciler.cli.commands import Given
    from reconciler.cli.session import Session

WORDS = (
    Argument("name", default="manifest"),
    option("--out", "Write all of them into this folder instead.", metavar="FOLDER"),
)
_SUFFIX = ".schema.json"


def act(session: Session, given: Given) -> int:
    """Print the JSON Schemas of manifests and plans.

    NAME is `manifest` unless another one is asked for, such as `plan`. An editor that is given the schema of manifests
    completes and checks them.
    """
    schemas = {**session.pipeline.schemas(), f"plan{_SUFFIX}": plan_schema()}
    out = given["out"]
    if out is not None:
        texts = {file: json_text(schema) for file, schema in schemas.items()}
        write_folder(session.surroundings.start / out, texts, overwrite=True)
        session.say(f"Wrote {', '.join(sorted(schemas))} into {out}\n")
    else:
        session.give(json_text(_find(schemas, given["name"])))
    return Exit.DONE


def _find(schemas: Mapping[str, Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    schema = schemas.get(f"{name}{_SUFFIX}")
    if schema is None:
        known = ", ".join(sorted(file.removesuffix(_SUFFIX) for file in schemas))
        raise UsageError(f"there is no schema `{name}`", id="schema-unknown", hint=f"there is: {known}")
    return schema
