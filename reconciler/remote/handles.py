"""What the API calls resources by, also those that were created a moment ago."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from reconciler.model.address import Address
from reconciler.model.amended import handles_of
from reconciler.model.operation import HandleOf
from reconciler.model.state import LiveState


class HandleUnknownError(Exception):
    """The server has no resource with this address."""

    def __init__(self, address: Address) -> None:
        super().__init__(f"{address} is not on the server")


class Handles:
    """The handles of one run; safe to use from many threads.

    Args:
        live: what was read before the run.
        list_again: (a kind's name) -> the handles of its resources by key, read now.
    """

    def __init__(self, live: LiveState, list_again: Callable[[str], Mapping[str, str]]) -> None:
        self._list_again = list_again
        self._by_kind = {name: handles_of(resources) for name, resources in live.resources.items()}
        self._outdated: set[str] = set()
        self._lock = threading.Lock()

    def of(self, wanted: HandleOf) -> str:
        """The handle of a resource; its kind is listed again where that may help, once after each time it changed.

        Raises:
            HandleUnknownError: there is no such resource, and no default is given.
            ApiError: the kind could not be listed.
        """
        kind, key = wanted.address
        with self._lock:
            if key not in self._by_kind.get(kind, {}) and (kind in self._outdated or kind not in self._by_kind):
                self._by_kind[kind] = dict(self._list_again(kind))
                self._outdated.discard(kind)
            found = self._by_kind.get(kind, {}).get(key, wanted.default)
        if found is None:
            raise HandleUnknownError(wanted.address)
        return found

    def learn(self, address: Address, handle: str) -> None:
        """Take down a handle the server told when it created something."""
        with self._lock:
            self._by_kind.setdefault(address.kind, {})[address.key] = handle

    def forget(self, address: Address) -> None:
        """Take a resource off that was deleted, given another key, or made anew: it may have another handle."""
        with self._lock:
            self._by_kind.get(address.kind, {}).pop(address.key, None)
            self._outdated.add(address.kind)

    def outdate(self, kind: str) -> None:
        """Take down that a kind was written to, so that what is missing may be there by now."""
        with self._lock:
            self._outdated.add(kind)
