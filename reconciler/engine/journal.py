"""Every call's intent and outcome, on disk before and after it, so that a crash does not hide what was in flight.

A journal is a file of JSON lines: a ``begin`` with the fields that are to be sent and nothing shows, the files new
passwords were ``delivered`` to, then for each call an ``intent`` and an ``outcome``, which of these fields were
``sent``, then which deliveries are not ``settled``, and an ``end`` with the fields that are left. What earlier applies
have left stands in the ``begin`` too, so that no moment of a journal hides it. It holds no secrets: where one goes, it
names the source.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Self

from reconciler.engine.durable import DurableLines
from reconciler.errors import UsageError
from reconciler.model.address import Address
from reconciler.model.operation import HandleOf, Operation
from reconciler.model.reply import Reply
from reconciler.model.secret import MASK, Secret, SecretSource
from reconciler.records import field, record

FORMAT_VERSION: Final = 1
_NOT_ABOUT: Final = frozenset(("type", "format_version", "fields", "sent", "unsettled"))
"""What a ``begin`` says beside what the run is about."""

_LISTS: Final = ("changes", "files", "sent", "unsettled")
"""Lists of texts in entries."""

_LONG: Final = 1 << 16
"""Bytes of a journal that are read sooner than it is looked for its end."""


@record(frozen=True, slots=True)
class Left:
    """What an apply may leave behind that nothing but its word tells of, with what earlier ones have left of that.

    Attributes:
        unseen: the fields that are to be sent and that nothing shows, by what they are of.
        sent: of what earlier applies have sent all such fields.
        unsettled: the files of new passwords that earlier applies handed over and did not see taken.
    """

    unseen: Mapping[Address, Collection[str]] = field(default_factory=dict)
    sent: frozenset[Address] = frozenset()
    unsettled: tuple[str, ...] = ()


NOTHING_LEFT: Final = Left()


class Journal:
    """The journal of one apply, being written; safe to use from many threads.

    An intent is on the disk itself when `intend` returns. Intents may be announced, so that nobody waits for the disk
    when their calls' turn comes; after a crash an announced call counts as in flight, though it may not have been sent.
    An outcome is handed to the operating system at once, and reaches the disk with the next intent or at the end: one
    that is lost makes its call look unfinished, which is safe. So does an end that cannot be written: what came of the
    run is told all the same.

    Args:
        path: a file that does not exist yet; its folders are made.
        about: what the run is about (when, which server, which plan): plain values, no secrets.
        left: what is to be told of it, should nothing more be written.

    Raises:
        UsageError: ``journal-unwritable``, here and wherever something is not safe to go on without.
    """

    def __init__(self, path: Path, about: Mapping[str, Any], left: Left = NOTHING_LEFT) -> None:
        self.path = path
        self._announced: dict[int, int] = {}
        self._intended: set[int] = set()
        self._noting = threading.Lock()
        self._unseen = {str(address): list(names) for address, names in left.unseen.items()}
        self._sent = {str(address) for address in left.sent} - self._unseen.keys()
        self._unsettled: Sequence[str] = left.unsettled
        self._ended = False
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _unwritable(path, error) from error
        with suppress(OSError):  # some file systems have none of it
            _sync_folder(path.parent)
        self._lines = DurableLines(file)
        self._sync(self._write({"type": "begin", "format_version": FORMAT_VERSION, **about, **self._left()}))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(UsageError):
            self.close()

    def announce(self, number: int, operation: Operation) -> None:
        """Take down that a call will be sent soon; should that fail, it is told when its turn comes."""
        with suppress(UsageError), self._noting:
            if number not in self._intended:
                self._announced[number] = self._write({"type": "intent", "number": number, **_call(operation)})
                self._lines.want(self._announced[number])

    def intend(self, number: int, operation: Operation) -> None:
        """Take down that a call is about to be sent, if it was not announced; it is on the disk when this returns."""
        with self._noting:
            self._intended.add(number)
            line = self._announced.pop(number, None)
            if line is None:
                line = self._write({"type": "intent", "number": number, **_call(operation)})
        self._sync(line)

    def withdraw(self) -> None:
        """Take down that no call will be sent that was announced and has not been intended; else it looks in flight."""
        with self._noting:
            numbers = sorted(self._announced)
            self._announced.clear()
        if numbers:
            with suppress(UsageError):
                self._write({"type": "withdrawn", "numbers": numbers})

    def settle(self, number: int, reply: Reply) -> None:
        """Take down what the answer told."""
        told = {"outcome": reply.outcome.value, "messages": list(reply.messages)}
        self._write({"type": "outcome", "number": number, **told, **({} if reply.sent else {"sent": False})})

    def keep(self, address: Address, names: Collection[str]) -> None:
        """Take down that such fields were sent; where that cannot be written, they are told of later, which is safe."""
        with suppress(UsageError):
            self._write({"type": "sent", "of": str(address), "fields": list(names)})
        _strike(self._unseen, self._sent, str(address), names)

    def _left(self) -> dict[str, Any]:
        left = {"fields": self._unseen, "sent": sorted(self._sent), "unsettled": self._unsettled}
        return {name: each for name, each in left.items() if each}

    def deliver(self, files: Sequence[str]) -> None:
        """Take down which files hold passwords that the server is about to be given; on the disk when this returns."""
        self._unsettled = list(files)
        self._sync(self._write({"type": "delivered", "files": self._unsettled}))

    def settle_deliveries(self, unsettled: Sequence[str]) -> None:
        """Take down which of these files are still neither confirmed nor removed; else all of them are told of."""
        self._unsettled = list(unsettled)
        with suppress(UsageError):
            self._write({"type": "settled", "unsettled": self._unsettled})

    def close(self) -> None:
        """Take down that the run came to its end."""
        if self._ended:
            return
        self._ended = True
        try:
            self._write({"type": "end", **self._left()})
        finally:
            try:
                self._lines.close()
            except OSError as error:
                raise _unwritable(self.path, error) from error

    def _write(self, entry: Mapping[str, Any]) -> int:
        try:
            return self._lines.append(_ENCODER.encode(entry).encode() + b"\n")
        except OSError as error:
            raise _unwritable(self.path, error) from error

    def _sync(self, line: int) -> None:
        """Wait until a line is on the disk."""
        try:
            self._lines.wait(line)
        except OSError as error:
            raise _unwritable(self.path, error) from error


@record(frozen=True, slots=True)
class Unfinished:
    """A call that was in flight, or about to be, when a run ended without ending.

    Attributes:
        call: verb and route.
        changes: what it was about.
    """

    number: int
    call: str
    changes: tuple[Address, ...]


@record(frozen=True, slots=True)
class LastRun:
    """What the newest journal tells.

    Attributes:
        about: what the run was about.
        ended: whether it came to its end.
        calls: how many calls it intended.
        unfinished: those without an outcome.
        undelivered: files with passwords of which it is not known whether the server took them.
        unseen: fields that nothing shows and that may not have been sent, by what they are of.
        sent: of what all such fields were sent.
    """

    path: Path
    about: Mapping[str, Any]
    ended: bool
    calls: int
    unfinished: tuple[Unfinished, ...]
    undelivered: tuple[str, ...] = ()
    unseen: Mapping[Address, tuple[str, ...]] = field(default_factory=dict)
    sent: frozenset[Address] = frozenset()


def last_run(folder: Path) -> LastRun | None:
    """Read the newest journal of a folder; None when there is none.

    A line that was cut short by a crash is left out; so is everything that is no line of a journal.
    """
    path = newest(folder)
    return None if path is None else _run_of(path)


def newest(folder: Path) -> Path | None:
    """The newest journal of a folder; None when there is none."""
    return next(iter(_newest_first(folder)), None) if folder.is_dir() else None


def let_go(folder: Path, *, keep: int) -> None:
    """Remove the oldest journals of a folder, but none that is the newest about its server.

    Args:
        keep: how many are left beside such.
    """
    paths = _newest_first(folder)
    servers = {_first(path).get("server") for path in paths[:keep]}
    for path in paths[keep:]:
        server = _first(path).get("server")
        if server in servers:
            path.unlink(missing_ok=True)
        servers.add(server)


def last_word(folder: Path, server: str) -> LastRun | None:
    """Read the newest journal about a server; of a long one that came to its end only what is left (``calls`` is 0)."""
    paths = _newest_first(folder)
    path = next((path for path in paths if _first(path).get("server") == server), None)
    if path is None:
        return None
    if path.stat().st_size > _LONG:
        with path.open("rb") as file:
            file.seek(-_LONG, os.SEEK_END)
            last = _parsed(file.read().rstrip(b"\n").rpartition(b"\n")[2])
        if last.get("type") == "end":
            files = tuple(map(str, last.get("unsettled", ())))
            return LastRun(path, {"server": server}, True, 0, (), files, **_left_in(last))
    return _run_of(path)


def _sync_folder(folder: Path) -> None:
    """See to it that the names in a folder are on the disk."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _newest_first(folder: Path) -> list[Path]:
    """The journals by when they were written last: names tell local time, which goes back in autumn."""
    return sorted(folder.glob("*.jsonl"), key=lambda path: (path.stat().st_mtime_ns, path.name), reverse=True)


def _run_of(path: Path) -> LastRun:
    about: Mapping[str, Any] = {}
    intents: dict[int, Unfinished] = {}
    undelivered: tuple[str, ...] = ()
    unseen: dict[str, list[str]] = {}
    sent: set[str] = set()
    calls = 0
    ended = False
    for entry in _entries(path):
        match entry:
            case {"type": "begin"}:
                about = {name: value for name, value in entry.items() if name not in _NOT_ABOUT}
                unseen, sent = dict(entry.get("fields", {})), set(entry.get("sent", ()))
                undelivered = tuple(map(str, entry.get("unsettled", ())))
            case {"type": "intent", "number": int(number), "call": str(call), "changes": list(changes)}:
                calls += 1
                intents[number] = Unfinished(number, call, tuple(Address.parse(str(each)) for each in changes))
            case {"type": "outcome", "number": int(number)}:
                intents.pop(number, None)
            case {"type": "withdrawn", "numbers": list(numbers)}:
                calls -= sum(intents.pop(number, None) is not None for number in filter(_is_number, numbers))
            case {"type": "delivered", "files": list(files)} | {"type": "settled", "unsettled": list(files)}:
                undelivered = tuple(map(str, files))
            case {"type": "sent", "of": str(of), "fields": list(names)}:
                _strike(unseen, sent, of, names)
            case {"type": "end"}:
                ended = True
    unfinished = tuple(intents[number] for number in sorted(intents))
    left = _left_in({"fields": unseen, "sent": sorted(sent)})
    return LastRun(path, about, ended, calls, unfinished, undelivered, **left)


def _strike(unseen: dict[str, list[str]], sent: set[str], of: str, names: Collection[str]) -> None:
    """Count fields as sent."""
    left = [name for name in unseen.pop(of, ()) if name not in names]
    if left:
        unseen[of] = left
    else:
        sent.add(of)


def _left_in(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What an entry says of fields that nothing shows."""
    fields = entry.get("fields", {}).items()
    unseen = {Address.parse(address): tuple(map(str, names)) for address, names in fields}
    return {"unseen": unseen, "sent": frozenset(map(Address.parse, entry.get("sent", ())))}


def _first(path: Path) -> Mapping[str, Any]:
    with path.open("rb") as file:
        return _parsed(file.readline())


def _parsed(line: bytes) -> Mapping[str, Any]:
    """What a line says; nothing where it is no line of a journal."""
    try:
        entry = json.loads(line.decode(errors="replace"))
    except (ValueError, RecursionError):
        return {}
    return entry if isinstance(entry, dict) and _is_whole(entry) else {}


def _is_whole(entry: Mapping[str, Any]) -> bool:
    """Whether everything that is read of an entry is of the form in which it is written."""
    fields = entry.get("fields", {})
    by_address = {str(entry.get("of")): fields} if entry.get("type") == "sent" else fields
    if not isinstance(by_address, dict) or not isinstance(entry.get("server", ""), str):
        return False
    lists = [*by_address.values(), *(entry.get(name, []) for name in _LISTS)]
    if not all(isinstance(each, list) for each in lists):
        return False
    addresses = (*by_address, *entry.get("changes", ()), *entry.get("sent", ()))
    texts = (*addresses, *(text for each in lists for text in each))
    return all(isinstance(text, str) for text in texts) and all(address.find("/") > 0 for address in addresses)


def _is_number(value: object) -> bool:
    return isinstance(value, int)


def _entries(path: Path) -> Sequence[Mapping[str, Any]]:
    return [_parsed(line) for line in path.read_bytes().split(b"\n")]  # texts hold other line ends, such as U+2028


def _call(operation: Operation) -> dict[str, Any]:
    told: dict[str, Any] = {
        "call": f"{operation.verb.value}/{operation.route}",
        "changes": [str(address) for address in operation.changes],
    }
    if operation.items:
        told["items"] = operation.items
    if operation.attributes:
        told["attributes"] = operation.attributes
    return told


def _plain(value: Any) -> Any:
    """What stands in a journal for a value that JSON does not know; above all, never a secret."""
    match value:
        case SecretSource():
            return str(value)
        case Secret():
            return MASK
        case HandleOf():
            return f"(handle of {value.address})"
        case Mapping():
            return dict(value)
    return f"({type(value).__name__})"


_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_plain)


def _unwritable(path: Path, error: OSError) -> UsageError:
    return UsageError(
        f"the journal cannot be written: {error.strerror or error}",
        id="journal-unwritable",
        hint="make room or permit writing there, or name another place with XDG_STATE_HOME; nothing is sent that is "
        "not written down first",
        path=str(path),
    )
