"""What may be typed behind a command's name, as data.

A correct command line is read from these without any parser (`typed`), because importing click takes longer than
checking a few manifests. click is told the same (`group`), and has the word wherever something is wrong, help is asked
for, or a line is written in one of its more unusual ways.
"""

from __future__ import annotations

from reconciler.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    Value = str | int | bool | tuple[str, ...] | None
    """What a word comes to: a truth for a flag, several texts for what may be said again, None for what is not said."""


@record(frozen=True, slots=True)
class Numbers:
    """Whole numbers, as far as they are allowed."""

    least: int | None = None
    most: int | None = None


@record(frozen=True, slots=True)
class Argument:
    """What stands behind a command by itself.

    Attributes:
        name: under which it is found.
        metavar: what help calls it.
        default: what it is when it is left out; where there is none, it may not be.
        many: as many as there are, perhaps none.
    """

    name: str
    metavar: str | None = None
    default: str | None = None
    many: bool = False

    @property
    def unsaid(self) -> Value:
        """What it is when it is left out."""
        return () if self.many else self.default


@record(frozen=True, slots=True)
class Option:
    """What begins with hyphens.

    Attributes:
        flags: the ways to write it.
        name: under which it is found.
        told: what help says of it.
        takes: which words or numbers; any text where nothing is said; nothing behind a flag.
        metavar: what help calls that.
        is_flag: whether it is said or not, and no more.
        many: whether saying it again adds to it.
        required: whether it must be said.
        default: what it is when it is not.
        shows_default: whether help tells the default.
    """

    flags: tuple[str, ...]
    name: str
    told: str
    takes: Numbers | tuple[str, ...] | None = None
    metavar: str | None = None
    is_flag: bool = False
    many: bool = False
    required: bool = False
    default: str | int | None = None
    shows_default: bool = False

    @property
    def unsaid(self) -> Value:
        """What it is when it is not said."""
        if self.is_flag:
            return False
        return () if self.many else self.default


if TYPE_CHECKING:
    Word = Option | Argument
    Words = Sequence[Word]


def flag(written: str, told: str) -> Option:
    """Something that is said or not.

    Args:
        written: the ways to write it, as help shows them: `-v, --verbose`.
        told: what help says of it.
    """
    flags = tuple(written.split(", "))
    return Option(flags, _name(flags), told, is_flag=True)


def option(
    written: str,
    told: str,
    *,
    metavar: str | None = None,
    name: str = "",
    takes: Numbers | tuple[str, ...] | None = None,
    many: bool = False,
    required: bool = False,
    default: str | int | None = None,
) -> Option:
    """Something with a value; a default that is a text, or more than nought, is told in help."""
    flags = tuple(written.split(", "))
    return Option(
        flags,
        name or _name(flags),
        told,
        takes=takes,
        metavar=metavar,
        many=many,
        required=required,
        default=default,
        shows_default=bool(default),
    )


def _name(flags: tuple[str, ...]) -> str:
    return flags[-1].removeprefix("--").replace("-", "_")
