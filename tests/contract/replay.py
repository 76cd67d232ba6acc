"""Replays the recordings of real servers against the simulator, and says where they differ.

python -m tests.contract.replay [RECORDING ...] [--first-differences N] [--path PREFIX] [--file FILE]
"""

import argparse
import json
import lzma
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from reconciler.simulator import Simulator
from tests.contract.masks import LEFT_OUT, masked

RECORDINGS = Path(__file__).parent / "recordings"
KEYS = {"rw": "AAAAAA-READ-WRITE", "ro": "BBBBBB-READ-ONLY", "bad": "CCCCCC-WRONG"}
_VERSION = re.compile(r"20\d\d-\d\d[a-z]?")


@dataclass(frozen=True)
class Difference:
    """A line whose answer is another.

    Attributes:
        line: Its number in the recording, from 1.
        name: The recording's name of the request.
        path: The path after /api/v1/.
        request: What was sent.
        recorded: Status, content type and masked body of the real server.
        answered: Status, content type and masked body of the simulator.
    """

    line: int
    name: str
    path: str
    request: Any
    recorded: tuple[int, str, Any]
    answered: tuple[int, str, Any]


@dataclass
class Agreement:
    """How far a recording and the simulator agree."""

    recording: str
    compared: int = 0
    left_out: int = 0
    differences: list[Difference] = field(default_factory=list)
    masks: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    @property
    def share(self) -> float:
        """Agreeing lines in percent of those compared."""
        return 100 * (1 - len(self.differences) / self.compared) if self.compared else 100.0


def recordings() -> list[str]:
    """Names of the recordings kept here, scripted ones first."""
    return sorted((path.name.removesuffix(".jsonl.xz") for path in RECORDINGS.glob("*.xz")), key=lambda n: (n[0], n))


def lines_of(path: Path) -> Iterator[dict[str, Any]]:
    """The recorded exchanges of a file, compressed or not."""
    content = lzma.decompress(path.read_bytes()) if path.suffix == ".xz" else path.read_bytes()
    for line in content.decode().splitlines():
        yield json.loads(line)


class _Clock:
    """Goes on by a second at each look, so that nothing depends on today."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 7, 4, 30)  # noqa: DTZ001 the server's clock is local, without a zone

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def replay(path: Path) -> Agreement:
    """Send a recording's requests to a fresh simulator of its version and compare the answers, orders included."""
    simulator = _fresh(path)
    agreement = Agreement(_name(path))
    for number, line in enumerate(lines_of(path), start=1):
        _compare(simulator, number, line, agreement)
    return agreement


def simulator_after(path: Path) -> Simulator:
    """The simulator after all requests of a recording."""
    simulator = _fresh(path)
    for line in lines_of(path):
        _send(simulator, line)
    return simulator


def _name(path: Path) -> str:
    return path.name.partition(".jsonl")[0]


def _fresh(path: Path) -> Simulator:
    version = _VERSION.search(_name(path))
    assert version, f"{path} names no version"
    return Simulator(version[0], api_key=KEYS["rw"], read_only_key=KEYS["ro"], clock=_Clock(), random=Random(20261122))


def _compare(simulator: Simulator, number: int, line: dict[str, Any], agreement: Agreement) -> None:
    path = line["path"].removeprefix("/api/v1/")
    try:
        answered = _send(simulator, line)
    except Exception as error:  # noqa: BLE001 one crash must not hide the other lines
        answered = (500, "", f"{type(error).__name__}: {error}")
    if path in LEFT_OUT:
        agreement.left_out += 1
        return
    agreement.compared += 1
    used: set[str] = set()
    recorded = (line["status"], line["content_type"], masked(path, "", _recorded_body(line), used))
    got = (*answered[:2], masked(path, "", answered[2], used))
    agreement.masks[path].update(used)
    if json.dumps(recorded) != json.dumps(got):
        request = line.get("request_raw", line["request_json"])
        agreement.differences.append(Difference(number, line["name"], path, request, recorded, got))


def _send(simulator: Simulator, line: dict[str, Any]) -> tuple[int, str, Any]:
    headers: dict[str, str] = dict(line.get("request_headers", {}))
    if line["key"] in KEYS:
        headers["X-API-Key"] = KEYS[line["key"]]
    body = b""
    if "request_raw" in line:
        body = line["request_raw"].encode()
    elif line["request_json"] is not None:
        body = json.dumps(line["request_json"]).encode()
    if line["method"] != "GET" or body:
        headers["Content-Type"] = line.get("request_content_type", "application/json")
    answer = simulator.handle(line["method"], line["path"], headers, body)
    said = answer.body.decode()
    try:
        found = json.loads(said) if said else ""
    except ValueError:
        found = said
    return answer.status, dict(answer.headers)["Content-Type"], found


def _recorded_body(line: dict[str, Any]) -> Any:
    if line["response_json"] is None and "response_raw" in line:
        return line["response_raw"]
    return line["response_json"]


def explain(difference: Difference) -> str:
    """A difference for people: the request, and the parts of the answers that are not equal."""
    rows = [f"  line {difference.line}: {difference.name}", f"    {difference.path} {json.dumps(difference.request)}"]
    recorded, answered = difference.recorded, difference.answered
    if recorded[:2] != answered[:2]:
        rows.append(f"    status and type: real {recorded[:2]}, ours {answered[:2]}")
    rows.extend(f"    {row}" for row in _unlike("", recorded[2], answered[2])[:12])
    return "\n".join(rows)


def _unlike(place: str, real: Any, ours: Any) -> list[str]:
    if json.dumps(real) == json.dumps(ours):
        return []
    if isinstance(real, dict) and isinstance(ours, dict):
        if list(real) != list(ours) and set(real) == set(ours):
            return [f"{place or 'body'}: the order of keys: real {list(real)}, ours {list(ours)}"]
        keys = [*real, *(key for key in ours if key not in real)]
        return [
            row for key in keys for row in _unlike(f"{place}.{key}", real.get(key, "ABSENT"), ours.get(key, "ABSENT"))
        ]
    if isinstance(real, list) and isinstance(ours, list) and len(real) == len(ours):
        return [
            row
            for index, (left, right) in enumerate(zip(real, ours, strict=True))
            for row in _unlike(f"{place}[{index}]", left, right)
        ]
    return [f"{place or 'body'}: real {_short(real)}", f"{' ' * len(place or 'body')}  ours {_short(ours)}"]


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 400 else text[:400] + " ..."


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Replay recordings of real servers against the simulator.")
    parser.add_argument("recording", nargs="*", help="names like 2022-01a or random-2026-07a-1; all by default")
    parser.add_argument("--file", type=Path, action="append", default=[], help="a recording kept elsewhere")
    parser.add_argument("--first-differences", type=int, default=5, metavar="N")
    parser.add_argument("--path", default="", metavar="PREFIX", help="show differences of these only, like edit/domain")
    parser.add_argument("--by-path", action="store_true", help="count differences by path")
    parser.add_argument("--masks", action="store_true", help="name the masks used at each path")
    options = parser.parse_args()
    chosen = options.recording or ([] if options.file else recordings())
    paths = [*(RECORDINGS / f"{name}.jsonl.xz" for name in chosen), *options.file]
    agreements = [replay(path) for path in paths]
    for agreement in agreements:
        _show(agreement, options)
    return int(any(agreement.differences for agreement in agreements))


def _show(agreement: Agreement, options: argparse.Namespace) -> None:
    print(  # noqa: T201 a command of its own
        f"{agreement.recording}: {agreement.share:.1f} % of {agreement.compared} lines agree"
        f" ({len(agreement.differences)} differ, {agreement.left_out} left out)"
    )
    shown = [difference for difference in agreement.differences if difference.path.startswith(options.path)]
    rows = [explain(difference) for difference in shown[: options.first_differences]]
    if options.by_path:
        counts = Counter("/".join(difference.path.split("/")[:2]) for difference in shown)
        rows = [f"  {count:4} {path}" for path, count in counts.most_common()]
    if options.masks:
        rows.extend(f"  {path}: {', '.join(sorted(names))}" for path, names in agreement.masks.items() if names)
    for row in rows:
        print(row)  # noqa: T201 a command of its own


if __name__ == "__main__":
    sys.exit(main())
