"""Output without commands: lines that a pipeline's runner would obey instead of showing.

A name on the server, or in a pull request, may read `::set-output name=plan::...`. GitHub's runner obeys a line
that begins with two colons, and `##[...]` anywhere in a line; Azure's and TeamCity's obey `##vso[...]` and
`##teamcity[...]`. GitLab's need a control character, which is never shown as it is.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["without_commands"]

_AT_THE_START: Final = r"(?m)^([^\S\n]*):(?=:)"
_ANYWHERE: Final = r"##(?=\w*\[)"


def without_commands(text: str, *, is_json: bool = False) -> str:
    """The text with a blank inside of what begins a command.

    Args:
        text: whole lines of output.
        is_json: it stays the same document: the second `#` is written as an escape.
    """
    if "##" in text:
        text = re.sub(_ANYWHERE, r"#\\u0023" if is_json else "# #", text)
    return re.sub(_AT_THE_START, r"\1: ", text) if "::" in text and not is_json else text
