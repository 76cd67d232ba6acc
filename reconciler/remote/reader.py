"""Reading a server's live state."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import nullcontext
from typing import TYPE_CHECKING

from reconciler.api import ReadingState
from reconciler.errors import ProtocolError
from reconciler.model.address import Address
from reconciler.model.state import LiveState
from reconciler.remote.crew import Crew
from reconciler.remote.rows import Rows
from reconciler.remote.schedule import Get, kinds_to_read
from reconciler.remote.table import CompactRows
from reconciler.remote.visit import Readout, Visit, Waiting
from reconciler.remote.wanted import Wanted, wanted_of
from reconciler.spec.capabilities import Capabilities
from reconciler.spec.kind import Kind
from reconciler.spec.rowform import RowForm

if TYPE_CHECKING:
    from reconciler.remote.snapshot import Gets

NOTHING_READ = LiveState({})


class Reader:
    """Reads a server's live state; safe to use from many threads.

    Args:
        client: allowed to read the `schedule.readable_routes` of the kinds.
        kinds: every kind by name, those that others need first.
        parallelism: how many requests run beside each other.
        waiting: is entered while answers are waited for.
    """

    def __init__(
        self,
        client: Gets,
        *,
        kinds: Mapping[str, Kind],
        capabilities: Capabilities,
        parallelism: int = 4,
        waiting: Waiting = nullcontext,
    ) -> None:
        self._client = client
        self._kinds = kinds
        self._capabilities = capabilities
        self._parallelism = parallelism
        self._waiting = waiting

    def read(self, wanted: Wanted, known: LiveState = NOTHING_READ) -> Readout:
        """Read what is wanted.

        Args:
            wanted: kinds, fields and domains.
            known: an earlier reading: its lists are not asked for again, and are part of the result.

        Raises:
            ApiError: the server, or the way to it, failed; `api-empty-answer` or `api-route-missing` where it said
                nothing, or that there is no such list, and its version has one.
        """
        kinds = kinds_to_read(wanted, self._kinds, self._capabilities, known)
        with Crew(self._parallelism) as crew:
            visit = Visit(
                ask=lambda get, form: crew.send(lambda: self._fetch(get, form)),
                kinds=kinds,
                wanted=wanted,
                known=known,
                capabilities=self._capabilities,
                parallelism=self._parallelism,
                waiting=self._waiting,
            )
            return visit.readout()

    def look_again(self, addresses: Collection[Address]) -> LiveState:
        """Read the kinds of some resources again, with all fields, narrowed to the domains their keys name.

        Raises:
            ApiError: as `read`.
        """
        return self.read(wanted_of(addresses, self._kinds)).live

    def handles_of(self, kind: str) -> dict[str, str]:
        """List a kind: what the API calls its resources by, by key.

        Raises:
            ApiError: as `read`.
        """
        live = self.read(Wanted(fields={kind: ()})).live
        return {key: observed.handle for key, observed in live.of(kind).items()}

    def _fetch(self, get: Get, form: RowForm | None) -> Rows:
        reading = self._client.get(*get.segments, typed=None if form is None else form.decode)
        if reading.state is ReadingState.SILENT:
            raise ProtocolError(
                "the server answered nothing where it must answer a list",
                id="api-empty-answer",
                hint="an exception inside the server looks like this; its log may say more",
                route="/".join(get.segments[:2]),
            )
        if reading.state is ReadingState.NO_ROUTE:
            raise ProtocolError(
                "the server does not know a list that its version has",
                id="api-route-missing",
                hint="the version it tells may not be the one it runs",
                route="/".join(get.segments[:2]),
            )
        rows = reading.rows
        return rows if form is None else CompactRows(form, form.alike(rows))
