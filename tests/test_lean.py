"""What comes along with msgspec, and that nobody else is kept from importing what it is spared."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("msgspec")

SPARED = ("typing_extensions", "inspect", "ast", "dis")

IMPORTED = f"""
import sys
from reconciler.lean import msgspec
found = sorted(set({SPARED!r}) & set(sys.modules))
assert not found, found
assert [type(each).__module__ for each in sys.meta_path].count("reconciler.lean") == 0
Row = msgspec.defstruct("Row", [("name", str | msgspec.UnsetType, msgspec.UNSET), ("sizes", list[int], [])])
assert msgspec.json.Decoder(list[Row]).decode(b'[{{"name": "a", "sizes": [1]}}]') == [Row("a", [1])]
import typing_extensions
"""

NEEDY = """
import typing_extensions, threading
assert typing_extensions.NotRequired
"""

BESIDE = """
import threading

def other():
    import typing_extensions

thread = threading.Thread(target=other)
thread.start()
thread.join()
"""

AFTERWARDS = """
import sys
from reconciler.lean import msgspec
assert "typing_extensions" in sys.modules
assert [type(each).__module__ for each in sys.meta_path].count("reconciler.lean") == 0
"""


def run(program: str, *, before: Path | None = None) -> None:
    """Run a program in a Python of its own, with a folder that comes before everything installed."""
    first = f"import sys; sys.path.insert(0, {str(before)!r})\n" if before is not None else ""
    subprocess.run([sys.executable, "-W", "error", "-c", first + program], check=True, timeout=60)


def test_msgspec_is_imported_without_what_takes_as_long_as_itself() -> None:
    run(IMPORTED)


@pytest.mark.parametrize("imports", [NEEDY, BESIDE])
def test_a_msgspec_that_needs_it_and_another_thread_get_it(imports: str, tmp_path: Path) -> None:
    (tmp_path / "msgspec.py").write_text(imports, encoding="utf-8")
    run(AFTERWARDS, before=tmp_path)


def test_a_missing_msgspec_is_told_as_missing() -> None:
    run("""
import sys
sys.modules["msgspec"] = None
try:
    import reconciler.lean
except ModuleNotFoundError as error:
    assert error.name == "msgspec", error
else:
    raise AssertionError
""")
