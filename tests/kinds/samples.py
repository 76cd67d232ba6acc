"""What each kind's tests start from: answers of real servers, manifest entries with every field, and mutations."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from reconciler.kinds import registry

FOLDER = Path(__file__).parent / "payloads"
RECORDED = ("2022-01a", "2026-07a")


@cache
def payloads(kind: str) -> dict[str, Any]:
    """A kind's file.

    ``{"2022-01a": {"get/...": answer}, "2026-07a": {...}, "entries": [...], "mutations": [{field: value}, ...]}``:
    the entries together say every field; a mutation is what else the first entry may say.
    """
    found: dict[str, Any] = json.loads((FOLDER / f"{kind}.json").read_text(encoding="utf-8"))
    return found


def whole_manifest() -> dict[str, Any]:
    """A manifest that declares every kind with every field, as far as one server can have them at once."""
    manifest: dict[str, Any] = {}
    for kind in registry().values():
        entries = payloads(kind.name)["entries"]
        manifest[kind.plural] = entries[-1] if kind.singleton else entries
    return manifest
