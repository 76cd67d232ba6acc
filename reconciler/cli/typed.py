"""A command line that is written plainly, read without a parser.

Whatever is not plain is left to click, which reads it, or says what is wrong with it: what this reads, click reads
alike (tests/cli/test_typed.py).
"""

from __future__ import annotations

from reconciler.cli.words import Argument, Numbers, Option

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.cli.words import Value, Words

_LONGEST_NUMBER = 18
"""Digits; more than that is asked for by nobody."""


def read_plainly(words: Words, typed: Sequence[str]) -> dict[str, Value] | None:
    """What was typed behind a command's name.

    Args:
        words: what may be.
        typed: what was.

    Returns:
        A value for every word, those that were typed first, in their order; None where it is not plain.
    """
    options = {flag: word for word in words if isinstance(word, Option) for flag in word.flags}
    given: dict[str, Value] = {}
    alone: list[str] = []
    rest = iter(typed)
    for text in rest:
        if text and (not text.startswith("-") or text == "-"):
            alone.append(text)
            continue
        flag, equals, behind = text.partition("=")
        option = options.get(flag)
        if option is None or (option.is_flag and equals):
            return None
        value: Value = True
        if not option.is_flag:
            value = _value(option, behind if equals else next(rest, "-"))
            if value is None:
                return None
        before = given.get(option.name, ())
        given[option.name] = (*before, str(value)) if option.many and isinstance(before, tuple) else value
    return given if _take_alone(words, alone, given) and _take_unsaid(words, given) else None


def _value(option: Option, text: str) -> str | int | None:
    """What an option's value comes to; None where that is not plain: empty, or like another option."""
    if not text or text.startswith("-"):
        return None
    if isinstance(option.takes, Numbers):
        return _number(option.takes, text)
    return text if option.takes is None or text in option.takes else None


def _number(numbers: Numbers, text: str) -> int | None:
    if not (text.isascii() and text.isdigit()) or len(text) > _LONGEST_NUMBER:
        return None
    number = int(text)
    too_little = numbers.least is not None and number < numbers.least
    too_much = numbers.most is not None and number > numbers.most
    return None if too_little or too_much else number


def _take_alone(words: Words, alone: list[str], given: dict[str, Value]) -> bool:
    """Give what stands alone to the arguments; whether each has its own."""
    for word in words:
        if not isinstance(word, Argument):
            continue
        if word.many:
            given[word.name], alone = tuple(alone), []
        elif alone:
            given[word.name], *alone = alone
        elif word.default is None:
            return False
    return not alone


def _take_unsaid(words: Words, given: dict[str, Value]) -> bool:
    """Add what was not said; whether it need not be."""
    for word in words:
        if word.name not in given:
            if isinstance(word, Option) and word.required:
                return False
            given[word.name] = word.unsaid
    return True
