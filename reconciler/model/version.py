"""mailcow's versions: a year, a month and a letter, in the order they were published."""

from __future__ import annotations

from typing import Final

from reconciler.records import record

_DIGITS: Final = (4, 2)
"""Of a year and of a month."""

_LETTERS: Final = ("", *"abcdefghijklmnopqrstuvwxyz")


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
        year, _, rest = text.strip().partition("-")
        month, letter = rest[:2], rest[2:]
        if (len(year), len(month)) != _DIGITS or not (year + month).isdecimal() or letter not in _LETTERS:
            raise ValueError(f"not a mailcow version: {text!r}")
        return cls(int(year), int(month), letter)

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}{self.letter}"


OLDEST = Version(2022, 1, "a")
"""What a server is taken for that has no version route (it came with 2022-05)."""
