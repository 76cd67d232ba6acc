"""Policies: what a repository may change on a server that several share."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from reconciler.model.focus import Patterns
from reconciler.records import field, record


@record(frozen=True)
class Policy:
    """Limits that whoever changes the manifests cannot lift.

    Attributes:
        name: where they are written, for messages.
        domains: patterns; None for every domain. What belongs to no domain needs its kind named.
        kinds: names of kinds; None for every kind.
        fields: by kind, the only fields that may be set. Such a kind's resources may not be deleted or renamed: that
            changes all fields.
    """

    name: str
    domains: tuple[str, ...] | None = None
    kinds: frozenset[str] | None = None
    fields: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def covers(self, kind: str, domain: str | None) -> bool:
        """Whether resources of this kind in this domain are this repository's at all."""
        if self.kinds is not None and kind not in self.kinds:
            return False
        if self.domains is None:
            return True
        if domain is None:
            return self.kinds is not None
        return self._patterns.mean(domain)

    @cached_property
    def _patterns(self) -> Patterns:
        return Patterns(self.domains or ())
