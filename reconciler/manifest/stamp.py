"""What stands for the program that reads manifests: what another one remembered means nothing to it."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from typing import Final

import reconciler

__all__ = ["program_stamp"]

_DECIDING: Final = ("kinds", "manifest", "model", "spec")
"""The packages that decide what a text declares."""


def program_stamp() -> str:
    """The version, and the names, sizes and times of the files that decide what a text declares."""
    digest = hashlib.sha256(f"{reconciler.__version__} {sys.version}".encode())
    for package in _DECIDING:
        with os.scandir(Path(reconciler.__file__).parent / package) as found:
            files = sorted((entry.name, entry.stat()) for entry in found if entry.name.endswith(".py"))
        for name, status in files:
            digest.update(f"{name} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()
