"""Tables of password hashes: one file with the hashes of thousands of people."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping

from reconciler.errors import ManifestError
from reconciler.manifest.document import parse
from reconciler.manifest.text import SourceText, decode

__all__ = ["read_hash_table"]


def read_hash_table(content: bytes, name: str) -> Mapping[str, str]:
    """Read a table: `address: hash` in YAML or JSON, or `address,hash` in CSV, one a line.

    Args:
        name: the file's; its ending tells CSV from the others.

    Returns:
        The hashes by address, in lower case.

    Raises:
        ValueError: the file holds something else, or one address twice.
    """
    try:
        text = decode(content, name)
        pairs = _rows(text.text) if name.endswith(".csv") else _mapping(text)
    except (ManifestError, csv.Error) as problem:
        raise ValueError(str(problem)) from problem
    table: dict[str, str] = {}
    for written, hashed in pairs:
        address = written.strip().lower()
        if address in table:
            raise ValueError(f"`{address}` is there twice")
        table[address] = hashed.strip()
    return table


def _rows(text: str) -> list[tuple[str, str]]:
    rows = [row for row in csv.reader(io.StringIO(text)) if row]
    if any(len(row) != 2 for row in rows):  # noqa: PLR2004  an address and its hash
        raise ValueError("a row is not an address and a hash")
    return [(row[0], row[1]) for row in rows]


def _mapping(text: SourceText) -> list[tuple[str, str]]:
    pairs = list(parse(text, noun="table").value.items())
    if not all(isinstance(value, str) for _, value in pairs):
        raise ValueError("a value is not a hash")
    return pairs
