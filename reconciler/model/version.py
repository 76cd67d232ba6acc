"""mailcow's versions: a year, a month and a letter, in the order they were published."""

from __future__ import annotations

import re

from reconciler.records import record

_FORM = re.compile(r"(\d{4})-(\d{2})([a-z]?)$")


@record(frozen=True, slots=True, order=True)
class Version:
    """A published version such as ``2026-07a``; comparable, ``2026-07`` comes before ``2026-07a``."""

    year: int
    month: int
    letter: str = ""

    @classmethod
    def parse(cls, text: str) -> Version:
        """Read a version as ``get/status/version`` prints it.

        Raises:
            ValueError: when the text has another form.
        """
        match = _FORM.match(text.strip())
        if match is None:
            raise ValueError(f"not a mailcow version: {text!r}")
        return cls(int(match[1]), int(match[2]), match[3])

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}{self.letter}"


OLDEST = Version(2022, 1, "a")
"""What a server is taken for that has no version route (it came with 2022-05)."""
