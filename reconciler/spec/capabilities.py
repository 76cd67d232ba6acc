"""What a server can do, derived from its version."""

from __future__ import annotations

from reconciler.model.version import Version
from reconciler.records import record

PARALLEL_WRITES_SINCE = Version(2023, 5)
"""Before, every write rebuilds a shared table, and parallel ones leave half-created mailboxes (seen on 2022-01a)."""


@record(frozen=True, slots=True)
class Capabilities:
    """What one server can do; the only thing planning knows about its version."""

    version: Version

    def knows(self, since: Version | None, until: Version | None = None) -> bool:
        """Whether something exists there that came with ``since`` and was gone with ``until``."""
        return (since is None or self.version >= since) and (until is None or self.version < until)

    @property
    def parallel_writes(self) -> bool:
        """Whether more than one write may run at a time."""
        return self.version >= PARALLEL_WRITES_SINCE
