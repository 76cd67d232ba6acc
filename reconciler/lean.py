"""msgspec, imported without what it does not need: half the time that takes goes into one module.

msgspec looks for `typing_extensions` and takes what it needs from `typing` where that is missing; on the Pythons this
program runs on, `typing` has all of it. Other libraries bring `typing_extensions` along, and it imports `inspect`,
`ast`, `dis` and `tokenize`: 37 of the 85 million instructions that importing msgspec takes (Python 3.11, msgspec 0.22),
and a twentieth of a plan of 10,000 objects.

Raises:
    ImportError: msgspec is not installed; it is optional.
"""

from __future__ import annotations

import sys
from _thread import get_ident
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

__all__ = ["msgspec"]

_SPARED: Final = "typing_extensions"


class _Missing:
    """Finds that a module is missing, for one thread; what others import meanwhile is none of its business."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._thread = get_ident()

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        """Say that it is missing, or leave the search to the next finder (see `sys.meta_path`)."""
        del path, target
        if name == self._name and get_ident() == self._thread:
            raise ModuleNotFoundError(f"{name} is not needed here", name=name)


@contextmanager
def _without(name: str) -> Iterator[None]:
    finder = _Missing(name)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


try:
    with _without(_SPARED):
        import msgspec
except ModuleNotFoundError as missing:
    if missing.name != _SPARED:
        raise
    import msgspec
