"""Domains and alias domains in the order the server lists them, and whole lists built on that order."""

from __future__ import annotations

from . import sql
from .php import Row
from .state import State, declare

declare("domain", key="domain")
declare("alias_domain", key="alias_domain", indexes=("target_domain",))


def domains(state: State) -> list[Row]:
    """All domains by name."""
    return sorted(state.table("domain"), key=lambda row: sql.weight(row["domain"]))


def alias_domains(state: State) -> list[Row]:
    """All alias domains: by target, then by name, as the index on the target gives them."""
    return sorted(
        state.table("alias_domain"), key=lambda row: (sql.weight(row["target_domain"]), sql.weight(row["alias_domain"]))
    )


def alias_domains_of(state: State, domain: str) -> list[str]:
    """The names of a domain's alias domains."""
    return sorted(
        (row["alias_domain"] for row in state.table("alias_domain").find("target_domain", domain)), key=sql.weight
    )
