"""A stand-in for a server: every answer is built beforehand, so that what is measured is the client.

    write(organisation, folder)           # once: every list of the organisation, in the server's own print
    with serving(folder) as server: ...   # a process of its own; `server.url`, and `server.requests()` it has answered
    with serving(folder, cost=1.0) as server: ...   # it takes as long as a real one, by rows, two calls at a time

Lists of several domains (`get/alias/all/one.example,two.example`) are put together from those of each, which costs no
more than sending them.
"""

from __future__ import annotations

import json
import mmap
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from reconciler.simulator.costs import PARALLEL_CALLS, seconds

if TYPE_CHECKING:
    from tests.bench.organisation import Organisation

__all__ = ["Standin", "serving", "write"]

_BYTES: Final = "answers.bin"
_INDEX: Final = "answers.json"
_COUNTED: Final = "counted"
_LISTED_BY_DOMAIN: Final = ("get/mailbox/reduced", "get/alias/all")
_LARGEST: Final = "get/mailbox/all"
"""As large as everything else together."""

_MOST_PIECES: Final = 512
"""How many pieces of an answer are handed to the system in one call."""


def write(organisation: Organisation, folder: Path, *, details: bool = False) -> None:
    """Keep what a server answers about an organisation, printed as a mailcow prints it.

    Args:
        details: also the long list of mailboxes, and each mailbox and alias by itself, for whoever asks so.
    """
    from reconciler.simulator.php import json_encode_pretty  # noqa: PLC0415  the serving process needs none of it

    index: dict[str, tuple[int, int, int]] = {}
    folder.mkdir(parents=True, exist_ok=True)
    answers = organisation.live_answers()
    with (folder / _BYTES).open("wb") as file:

        def keep(path: str, answer: bytes, rows: int) -> None:
            index[path] = (file.tell(), len(answer), rows)
            file.write(answer)

        for path, answer in answers.items():
            if path not in _LISTED_BY_DOMAIN and (details or path != _LARGEST):
                keep(path, json_encode_pretty(answer), len(answer))
        for path, answer in organisation.live_answers_by_domain():
            keep(path, json_encode_pretty(answer).strip(b"[]\n"), len(answer))
        for row in answers[_LARGEST] if details else ():
            keep(f"get/mailbox/{row['username']}", json_encode_pretty(row), 0)
        for row in answers["get/alias/all"] if details else ():
            keep(f"get/alias/{row['id']}", json_encode_pretty(row), 0)
    (folder / _INDEX).write_text(json.dumps(index), encoding="utf-8")


@dataclass(frozen=True)
class Standin:
    """A stand-in that is running.

    Attributes:
        url: where it answers.
    """

    url: str

    def requests(self) -> Counter[str]:
        """How many requests it has answered since it was asked last, by the first three parts of their paths."""
        with urllib.request.urlopen(f"{self.url}/{_COUNTED}", timeout=10) as answer:
            return Counter(json.load(answer))


@contextmanager
def serving(folder: Path, *, cost: float = 0.0) -> Iterator[Standin]:
    """Serve what was written, in a process of its own.

    Args:
        cost: the share of a real server's time that calls take; 0 answers at once.
    """
    command = [sys.executable, "-m", "tests.bench.prebuilt", str(folder), str(cost)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield Standin(f"http://127.0.0.1:{int(process.stdout.readline())}")
        finally:
            process.terminate()


class _Answers:
    """The kept answers, in memory."""

    def __init__(self, folder: Path) -> None:
        with (folder / _BYTES).open("rb") as file:
            self._bytes = memoryview(mmap.mmap(file.fileno(), 0, flags=mmap.MAP_PRIVATE | mmap.MAP_POPULATE))
        self._index: dict[str, tuple[int, int, int]] = json.loads((folder / _INDEX).read_text(encoding="utf-8"))
        self._domains = {
            whole: [path for path in self._index if path.startswith(f"{whole}/")] for whole in _LISTED_BY_DOMAIN
        }

    def of(self, path: str) -> list[memoryview | bytes]:
        """The pieces of an answer; an empty list for whatever is not there."""
        if path in self._domains:
            return self._list(self._domains[path])
        whole, _, domains = path.rpartition("/")
        if whole in self._domains:
            return self._list([f"{whole}/{domain}" for domain in domains.split(",")])
        return [self._piece(path)] if path in self._index else [b"{}"]

    def rows(self, path: str) -> int:
        """How many rows an answer shows."""
        if path in self._domains:
            return sum(self._index[each][2] for each in self._domains[path])
        whole, _, domains = path.rpartition("/")
        paths = [f"{whole}/{domain}" for domain in domains.split(",")] if whole in self._domains else [path]
        return sum(self._index[each][2] for each in paths if each in self._index)

    def _list(self, paths: Sequence[str]) -> list[memoryview | bytes]:
        full = [self._piece(path) for path in paths if self._index.get(path, (0, 0, 0))[1]]
        pieces: list[memoryview | bytes] = [b"["]
        for piece in full:
            pieces += [piece, b",\n"]
        return [*pieces[:-1], b"]"] if full else [b"{}"]

    def _piece(self, path: str) -> memoryview:
        begin, length, _ = self._index[path]
        return self._bytes[begin : begin + length]


class _Serving:
    """Answers requests, a thread for each connection."""

    def __init__(self, answers: _Answers, cost: float) -> None:
        self._answers = answers
        self._cost = cost
        self._workers = threading.Semaphore(PARALLEL_CALLS)
        self._counted: Counter[str] = Counter()

    def connection(self, connection: socket.socket) -> None:
        """Answer one request after the other."""
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
            while b"\r\n\r\n" in received:
                head, _, received = received.partition(b"\r\n\r\n")
                self._answer(connection, head.split(b" ", 2)[1].decode())

    def _answer(self, connection: socket.socket, target: str) -> None:
        path = target.removeprefix("/api/v1").strip("/")
        if path == _COUNTED:
            pieces: list[memoryview | bytes] = [json.dumps(self._counted).encode()]
            self._counted = Counter()
        else:
            self._counted["/".join(path.split("/")[:3])] += 1
            pieces = self._answers.of(path)
            if self._cost:
                with self._workers:
                    time.sleep(seconds(path, rows=self._answers.rows(path), items=0, accounts=None) * self._cost)
        length = sum(map(len, pieces))
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % length
        pieces.insert(0, head)
        while pieces:
            sent = connection.sendmsg(pieces[:_MOST_PIECES])
            while pieces and sent >= len(pieces[0]):
                sent -= len(pieces.pop(0))
            if sent:
                pieces[0] = pieces[0][sent:]


def main(folder: Path, cost: float) -> None:
    """Serve until terminated; prints the port."""
    serving = _Serving(_Answers(folder), cost)
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        print(server.getsockname()[1], flush=True)  # noqa: T201
        while True:
            connection, _ = server.accept()
            threading.Thread(target=serving.connection, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
