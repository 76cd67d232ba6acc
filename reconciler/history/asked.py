"""What a run is asked to read, in the words of its command line: the same words mean something at other revisions."""

from __future__ import annotations

from pathlib import Path

from reconciler.records import record

__all__ = ["Asked", "Choice"]


@record(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a run reads, in the words of its command line, so that it can be read at another revision too.

    Attributes:
        start: the folder it started in.
        paths: manifests; empty for those the project file names.
        values: values files, beside those the project file names.
        project: the project file, where it was named.
        environment: of the project file.
        settings: ``NAME=VALUE`` for templates.
        texts: the same, taken as text.
    """

    start: Path
    paths: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    project: str | None = None
    environment: str | None = None
    settings: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()


@record(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which revisions a person wants to be taken for what was declared before.

    Attributes:
        revision: this one; None for those that are remembered.
        off: none at all.
    """

    revision: str | None = None
    off: bool = False
