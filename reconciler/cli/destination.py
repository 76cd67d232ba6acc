"""Where the API key may go: whoever can change a repository's files must not be able to send it elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from reconciler.cli.surroundings import URL_VARIABLE
from reconciler.errors import UsageError

_PORTS: Final = {"https": 443, "http": 80}


def check_destination(url: str, *, variable: str, named_outside: bool, environ: Mapping[str, str]) -> None:
    """Refuse a server that the API key is not for.

    ``NAME_FOR`` beside the key's variable ``NAME`` holds the origins it is for, with blanks between them. Without it
    the word of a project file is enough for a person, who looks at what they check out, but not for a pipeline (`CI` is
    set), which takes what a pull request brings.

    Args:
        variable: the one the key comes from.
        named_outside: the server was named by a flag or the environment, not by a file of the repository.

    Raises:
        UsageError: ``api-key-for-another-server`` or ``server-not-confirmed``.
    """
    binding = f"{variable}_FOR"
    bound = environ.get(binding, "").split()
    if bound and _origin(url) not in map(_origin, bound):
        raise UsageError(
            "the API key is for another server than this one",
            id="api-key-for-another-server",
            hint=f"{binding} says which servers it is for; add this one if the key may go there",
        )
    if not bound and not named_outside and environ.get("CI"):
        raise UsageError(
            "in a pipeline the project file alone does not say where the API key goes: a pull request may change it",
            id="server-not-confirmed",
            hint=f"set {URL_VARIABLE} in the pipeline; or {binding} beside the key, to the servers it is for",
        )


def check_environment(name: str, written: str | None, variable: str | None) -> None:
    """Refuse to take one environment's manifests to the server of another: a variable may be left from an earlier run.

    Args:
        name: the environment.
        written: the server the project file names for it, if it does.
        variable: the one that the variable for all runs names, if it does.

    Raises:
        UsageError: ``server-ambiguous``.
    """
    if written and variable and _origin(written) != _origin(variable):
        raise UsageError(
            f"the environment `{name}` is another server than {URL_VARIABLE}",
            id="server-ambiguous",
            hint=f"unset {URL_VARIABLE}, or say with `--url` which server is meant",
        )


def _origin(url: str) -> tuple[str, str, int | None] | str:
    """What decides whether two addresses are the same server; an address that is none is only like itself."""
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return url
