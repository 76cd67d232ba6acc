"""What the README shows, as values: its fenced blocks, by section."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

README: Final = Path(__file__).parent.parent / "README.md"
_FENCE: Final = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_GENERATED: Final = re.compile(r"<!-- generated: \w+ -->.*?<!-- end -->", re.DOTALL)
_FILE: Final = re.compile(r"(?:# |\{# )(\S+\.(?:ya?ml|j2))(?: #\})?\n")


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        section: the title of level two it stands under.
        line: of the README where its fence is.
    """

    language: str
    text: str
    section: str
    line: int

    @property
    def file(self) -> str:
        """The file a block is, as its first line says.

        Raises:
            ValueError: it does not say.
        """
        named = _FILE.match(self.text)
        if named is None:
            raise ValueError(f"README.md:{self.line}: the first line does not name a file")
        return named[1]

    @property
    def exchanges(self) -> Iterator[tuple[str, str]]:
        """What is typed, each with what is answered."""
        for part in re.split(r"^\$ ", self.text, flags=re.MULTILINE)[1:]:
            typed, _, answered = part.partition("\n")
            yield typed, answered


def blocks() -> list[Block]:
    """Every fenced block that is written by hand, in order."""
    text = _GENERATED.sub(lambda found: re.sub(r"[^\n]", "", found[0]), README.read_text(encoding="utf-8"))
    titles = [(found.start(), found[1]) for found in re.finditer(r"^## (.+)$", text, re.MULTILINE)]
    return [
        Block(
            found[1],
            found[2],
            next((title for start, title in reversed(titles) if start < found.start()), ""),
            text.count("\n", 0, found.start()) + 1,
        )
        for found in _FENCE.finditer(text)
    ]


def agrees(shown: str, printed: str) -> bool:
    """Whether what is printed is what is shown, where `...` on a line by itself stands for any lines."""
    pattern = "".join(
        r"(?:.*\n)*?" if line.strip() == "..." else re.escape(line.rstrip()) + r"\s*\n"
        for line in shown.strip("\n").splitlines()
    )
    printed = printed.strip("\n")
    return re.fullmatch(pattern, f"{printed}\n" if printed else "") is not None
