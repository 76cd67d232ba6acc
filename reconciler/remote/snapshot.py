"""A server's answers in a file, its secrets masked: to plan against without any server, and to start a simulator with.

A snapshot is a JSON mapping from GET paths to what the server answered there, with an entry of our own that says where
it comes from. Lists that are asked for domain by domain are put together to the one list of everything.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol

from reconciler.api import Reading, ReadingState
from reconciler.errors import ProtocolError, UsageError
from reconciler.model.secret import MASK
from reconciler.records import replace
from reconciler.spec.kind import Kind, Source
from reconciler.spec.mark import MAIN

if TYPE_CHECKING:
    from reconciler.api.jsontext import Typed

ABOUT: Final = "snapshot"
"""The entry that is no answer."""

FORMAT_VERSION: Final = "1.0"
VERSION_PATH: Final = "get/status/version"
_GET: Final = "get/"
_SECRET: Final = re.compile(r"(?i)pass|secret|token|priv|hash|credential|salt|api_?key")
_NO_SECRET: Final = frozenset({"passwd_update", "force_pw_update", "attribute_hash"})
"""Names that only look like it; the first is needed to tell whether a password was set since."""


class Gets(Protocol):
    """Where answers come from."""

    def get(self, *segments: str, typed: Typed | None = None) -> Reading:
        """Ask for what is below ``get/``, to be read as records where `typed` makes such."""


class Recording:
    """Asks somebody else, and keeps what was answered; safe to use from many threads."""

    def __init__(self, source: Gets) -> None:
        self._source = source
        self._keeping = threading.Lock()
        self.answers: dict[str, Any] = {}

    def get(self, *segments: str, typed: Typed | None = None) -> Reading:
        """Ask, and keep the answer."""
        reading = self._source.get(*segments)
        if reading.state in (ReadingState.CONTENT, ReadingState.EMPTY):
            value = reading.value if reading.state is ReadingState.CONTENT else json.loads(reading.body)
            with self._keeping:
                self.answers[_GET + "/".join(segments)] = value
        return replace(reading, typed=typed)


class Recorded:
    """Gives the answers of a snapshot; what it does not hold is an error, never an empty list.

    What is in a mailbox or domain that its lists do not show is nothing, though: it is yet to be made, or is gone.

    Args:
        answers: by path.
        kinds: say which lists are parts of which.
    """

    def __init__(self, answers: Mapping[str, Any], kinds: Mapping[str, Kind]) -> None:
        self._answers = answers
        self._lists = {source.path: _whole(source) for source in _narrowed(kinds)}
        self._homes = {prefix: homes for prefix, homes in (_asked_by(kind, kinds) for kind in _held(kinds)) if homes}
        self._by_domain: dict[str, dict[str, list[Any]]] = {}

    def get(self, *segments: str, typed: Typed | None = None) -> Reading:
        """Give an answer.

        Raises:
            ProtocolError: ``snapshot-lacks``.
        """
        path = "/".join(segments)
        if _GET + path in self._answers:
            return _reading(self._answers[_GET + path], typed)
        if _GET + path == VERSION_PATH:
            return Reading(ReadingState.SILENT)
        for listed, whole in self._lists.items():
            if _GET + whole in self._answers and (path == listed or path.startswith(f"{listed}/")):
                wanted = path.removeprefix(listed).removeprefix("/")
                return _reading(self._rows(_GET + whole, wanted.split(",") if wanted else None), typed)
        if self._is_in_nothing(path):
            return _reading({}, typed)
        raise ProtocolError(
            "the snapshot lacks what the manifests need",
            id="snapshot-lacks",
            hint="take it again: `reconciler snapshot --details --out FILE` keeps more",
            path=_GET + path,
        )

    def _is_in_nothing(self, path: str) -> bool:
        """Whether a list is of something that no list of the snapshot shows."""
        for prefix, homes in self._homes.items():
            if path.startswith(prefix):
                name = path.removeprefix(prefix)
                rows = [(row, handle) for listed, handle in homes for row in _rows_of(self._answers.get(listed))]
                return all(listed in self._answers for listed, _ in homes) and all(
                    row.get(handle) != name for row, handle in rows
                )
        return False

    def _rows(self, path: str, domains: Collection[str] | None) -> list[Any]:
        rows = _rows_of(self._answers[path])
        if domains is None:
            return rows
        if path not in self._by_domain:
            found: dict[str, list[Any]] = {}
            for row in rows:
                found.setdefault(str(row.get("domain")), []).append(row)
            self._by_domain[path] = found
        return [row for domain in domains for row in self._by_domain[path].get(domain, ())]


def _reading(answer: Any, typed: Typed | None) -> Reading:
    state = ReadingState.CONTENT if answer else ReadingState.EMPTY
    return Reading(state, json.dumps(answer).encode(), typed=typed)


def _rows_of(answer: Any) -> list[Any]:
    return [row for row in answer if isinstance(row, dict)] if isinstance(answer, list) else []


def _narrowed(kinds: Mapping[str, Kind]) -> list[Source]:
    mains = (kind.sources[MAIN] for kind in kinds.values() if MAIN in kind.sources)
    return [source for source in mains if source.by_domain is not None]


def _held(kinds: Mapping[str, Kind]) -> list[Kind]:
    return [kind for kind in kinds.values() if kind.listed_by]


def _asked_by(kind: Kind, kinds: Mapping[str, Kind]) -> tuple[str, tuple[tuple[str, str], ...]]:
    """What begins the path of a list that is asked for by name; the lists of such names, and where rows have them."""
    refers = kind.fields[kind.listed_by or ""].mark.refers
    homes = [kinds[name] for name in ((refers,) if refers else kind.within) if name in kinds]
    lists = tuple((_GET + _whole(home.sources[MAIN]), home.handle) for home in homes if MAIN in home.sources)
    return kind.sources[MAIN].path.removesuffix("{each}"), lists


def _whole(source: Source) -> str:
    return source.whole or source.path


def in_full(kinds: Mapping[str, Kind]) -> dict[str, Kind]:
    """The kinds, read from the lists that show the most."""
    found = dict(kinds)
    for name, kind in kinds.items():
        source = kind.sources.get(MAIN)
        if source is not None and source.whole is not None and source.by_domain is not None:
            wide = replace(source, path=source.whole, by_domain=f"{source.whole}/{{domain}}")
            found[name] = replace(kind, sources={**kind.sources, MAIN: wide})
    return found


def put_together(answers: Mapping[str, Any], kinds: Mapping[str, Kind]) -> dict[str, Any]:
    """Make of each kind's narrowed lists the one list of everything."""
    found = dict(answers)
    for kind in kinds.values():
        source = kind.sources.get(MAIN)
        if source is None or source.by_domain is None:
            continue
        whole = _GET + _whole(source)
        parts = sorted(path for path in answers if path.startswith(f"{whole}/"))
        rows = {str(row.get(kind.handle)): row for path in parts for row in _rows_of(found.pop(path))}
        found.setdefault(whole, list(rows.values()) or {})
    return found


def masked(answers: Mapping[str, Any], kinds: Mapping[str, Kind]) -> dict[str, Any]:
    """Answers without secrets: what kinds call secret, and whatever is named like one."""
    names = {
        path.rpartition(".")[2]
        for kind in kinds.values()
        for field in kind.fields.values()
        if field.codec.sensitive
        for path in field.mark.read
    }
    return {path: _masked(answer, frozenset(names)) for path, answer in answers.items()}


def _masked(value: Any, names: frozenset[str], *, secret: bool = False) -> Any:
    if isinstance(value, dict):
        return {name: _masked(each, names, secret=secret or _is_secret(name, names)) for name, each in value.items()}
    if isinstance(value, list):
        return [_masked(each, names, secret=secret) for each in value]
    return MASK if secret and isinstance(value, str) and value else value


def _is_secret(name: str, names: frozenset[str]) -> bool:
    return name in names or (name not in _NO_SECRET and _SECRET.search(name) is not None)


def snapshot_text(answers: Mapping[str, Any], *, origin: str, moment: str) -> str:
    """What stands in the file; one answer a line, so that two of them can be compared."""
    about = {"format_version": FORMAT_VERSION, "origin": origin, "moment": moment}
    entries = [(ABOUT, about), *sorted(answers.items())]
    lines = [f"  {json.dumps(path)}: {json.dumps(answer, ensure_ascii=False)}" for path, answer in entries]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def read_snapshot(content: bytes) -> tuple[str, dict[str, Any]]:
    """The origin of a snapshot, and its answers by path.

    Raises:
        UsageError: ``snapshot-malformed``.
    """
    try:
        document = json.loads(content)
        about = document.pop(ABOUT)
        origin, version = about["origin"], about["format_version"]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as problem:
        raise _malformed("this is not a snapshot") from problem
    if not isinstance(origin, str) or str(version).partition(".")[0] != FORMAT_VERSION.partition(".")[0]:
        raise _malformed(f"this snapshot has format {version}, this version of the tool reads {FORMAT_VERSION}")
    return origin, document


def _malformed(summary: str) -> UsageError:
    return UsageError(summary, id="snapshot-malformed", hint="take one: `reconciler snapshot --out FILE`")
