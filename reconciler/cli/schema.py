"""``reconciler schema``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from reconciler.cli.exits import Exit
from reconciler.cli.files import write_folder
from reconciler.cli.session import Session
from reconciler.errors import UsageError
from reconciler.render.plan_json import json_text
from reconciler.render.schema import plan_schema

_SUFFIX = ".schema.json"


@click.command("schema")
@click.argument("name", default="manifest")
@click.option("--out", metavar="FOLDER", help="Write all of them into this folder instead.")
@click.pass_obj
def command(session: Session, name: str, out: str | None) -> int:
    """Print the JSON Schemas of manifests and plans.

    NAME is `manifest` unless another one is asked for, such as `plan`. An editor that is given the schema of manifests
    completes and checks them.
    """
    schemas = {**session.pipeline.schemas(), f"plan{_SUFFIX}": plan_schema()}
    if out is not None:
        texts = {file: json_text(schema) for file, schema in schemas.items()}
        write_folder(session.surroundings.start / out, texts, overwrite=True)
        session.say(f"Wrote {', '.join(sorted(schemas))} into {out}\n")
    else:
        session.give(json_text(_find(schemas, name)))
    return Exit.DONE


def _find(schemas: Mapping[str, Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    schema = schemas.get(f"{name}{_SUFFIX}")
    if schema is None:
        known = ", ".join(sorted(file.removesuffix(_SUFFIX) for file in schemas))
        raise UsageError(f"there is no schema `{name}`", id="schema-unknown", hint=f"there is: {known}")
    return schema
