"""What every run asks git, asked while manifests are read: git works by itself, and waiting for it costs nothing.

It changes nothing of what is asked or answered: whoever asks the same first is given the answer that came meanwhile.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from reconciler.history.applied import DEFAULT_ENVIRONMENT, remembering
from reconciler.history.git import open_repository

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Self

    from reconciler.history.asked import Asked
    from reconciler.history.git import GitAnswer, RunGit

__all__ = ["AskedAhead"]


class AskedAhead:
    """Runs git, and has begun to: a `RunGit`, with a thread that ends before the context does.

    Answers nobody has asked for by then are forgotten: later they might not be true any more.
    """

    def __init__(self, run: RunGit, asked: Asked) -> None:
        """Prepare; nothing is begun.

        Args:
            run: runs git.
            asked: what the run reads.
        """
        self._run = run
        self._asked = asked
        self._answers: dict[tuple[tuple[str, ...], Path, bytes], GitAnswer] = {}
        self._thread = threading.Thread(target=self._ask, name="git")

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Wait for what is under way, and forget it."""
        self._thread.join()
        self._answers.clear()

    def __call__(self, command: Sequence[str], *, folder: Path, given: bytes) -> GitAnswer:
        """Run git, unless it was asked the same before.

        Raises:
            OSError: git cannot be started.
        """
        self._thread.join()
        answer = self._answers.pop((tuple(command), folder, given), None)
        return self._run(command, folder=folder, given=given) if answer is None else answer

    def _ask(self) -> None:
        with suppress(Exception):  # whoever asks the same again is told
            repository = open_repository(self._asked.start, self._keep)
            if repository is not None and repository.head is not None:
                repository.entries(repository.head)
                remembering(repository, self._asked.environment or DEFAULT_ENVIRONMENT)

    def _keep(self, command: Sequence[str], *, folder: Path, given: bytes) -> GitAnswer:
        answer = self._run(command, folder=folder, given=given)
        self._answers[tuple(command), folder, given] = answer
        return answer
