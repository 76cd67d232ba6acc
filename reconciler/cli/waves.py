"""How careful an apply is, as it is said on the command line."""

from __future__ import annotations

import re
from typing import Final

from reconciler.cli.words import Numbers, option
from reconciler.errors import UsageError
from reconciler.model.waves import Waves
from reconciler.spec.names import pattern_for_people

TYPE_CHECKING = False
if TYPE_CHECKING:
    from reconciler.cli.commands import Given

_LIMIT: Final = re.compile(r"(\d{1,9})(%?)")

WAVE_OPTIONS: Final = (
    option("--max-changes", "Carry out only the first N changes, and say what is left.", metavar="N", takes=Numbers(1)),
    option(
        "--canary",
        "Carry out the changes of this domain first, and the rest only if it is then as declared.",
        metavar="DOMAIN",
        many=True,
    ),
    option("--max-failures", "Stop once more than N changes, or P percent of them, have failed.", metavar="N|P%"),
)


def waves_of(given: Given) -> Waves:
    """What was said.

    Raises:
        UsageError: ``failure-limit-malformed``.
    """
    number, percent = _failures(given["max_failures"])
    return Waves(
        most_changes=given["max_changes"],
        canary=tuple(map(pattern_for_people, given["canary"])),
        most_failures=number,
        most_failures_percent=percent,
    )


def _failures(text: str | None) -> tuple[int | None, int | None]:
    if text is None:
        return None, None
    written = _LIMIT.fullmatch(text)
    if written is None or (written[2] and int(written[1]) > 100):  # noqa: PLR2004  percent
        raise UsageError(
            f"`--max-failures {text}` is no limit",
            id="failure-limit-malformed",
            hint="write a number, such as `--max-failures 5`, or a share, such as `--max-failures 10%`",
        )
    return (None, int(written[1])) if written[2] else (int(written[1]), None)
