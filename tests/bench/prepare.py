"""Writes an organisation's manifests and what its server answers: `python -m tests.bench.prepare OBJECTS FOLDER`.

A process of its own, so that whoever measures stays small: a process starts with the memory of the one it came from.
The manifests are committed to a git repository, as those of anybody who uses this tool are.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.bench import prebuilt
from tests.bench.organisation import OBJECTS_PER_DOMAIN, SHARE_OF_MAILBOXES, Organisation
from tests.bench.turnover import turned_over

__all__ = ["Prepared", "commit", "prepare"]

MANIFESTS: Final = "mail"
ROOT: Final = Path(__file__).parent.parent.parent


@dataclass(frozen=True, slots=True)
class Prepared:
    """An organisation on disk."""

    folder: Path
    objects: int

    @property
    def manifests(self) -> Path:
        """Where its manifests are."""
        return self.folder / MANIFESTS

    @property
    def later(self) -> Path:
        """Where the manifests of the same organisation a while later are, in a folder as this one."""
        return self.folder / "later"

    @property
    def answers(self) -> Path:
        """Where its server's answers are."""
        return self.folder / "answers"


def prepare(
    objects: int,
    folder: Path,
    *,
    seed: int = 1,
    per_domain: int = OBJECTS_PER_DOMAIN,
    share: float = SHARE_OF_MAILBOXES,
    details: bool = False,
    later: bool = False,
) -> Prepared:
    """Write one in a process of its own; see `Organisation.of` and `prebuilt.write`.

    Args:
        later: also the manifests of a while later, see `turned_over`.
    """
    asked = json.dumps({"seed": seed, "per_domain": per_domain, "share": share})
    words = [sys.executable, "-m", "tests.bench.prepare", str(objects), str(folder), asked]
    more = [name for name, asked_for in (("details", details), ("later", later)) if asked_for]
    subprocess.run([*words, *more], check=True, cwd=ROOT)
    return Prepared(folder, objects)


def main(objects: int, folder: Path, asked: dict[str, Any], *, details: bool, later: bool) -> None:
    """Write it."""
    organisation = Organisation.of(objects, **asked)
    organisation.write_manifests(folder / MANIFESTS)
    if later:
        turned_over(organisation).write_manifests(folder / "later" / MANIFESTS)
    prebuilt.write(organisation, folder / "answers", details=details)
    if shutil.which("git") is not None:
        git(folder, "init", "--quiet")
        commit(folder)


def commit(folder: Path) -> None:
    """Commit the manifests."""
    git(folder, "add", MANIFESTS)
    git(folder, "-c", "user.name=bench", "-c", "user.email=bench@acme.example", "commit", "--quiet", "-m", "Manifests")


def git(folder: Path, *words: str) -> None:
    """Run git in a folder."""
    subprocess.run(["git", *words], cwd=folder, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main(
        int(sys.argv[1]),
        Path(sys.argv[2]),
        json.loads(sys.argv[3]),
        details="details" in sys.argv,
        later="later" in sys.argv,
    )
