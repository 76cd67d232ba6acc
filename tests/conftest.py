import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# how long an example takes says more of the machine than of us
settings.register_profile("steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("sweep", settings.get_profile("steady"), derandomize=False)
"""What `make sweep` asks for: see tests/properties/effort.py."""
settings.load_profile("steady")

_OF_THIS_MACHINE = re.compile(
    r"(CI|GIT|GITHUB|GITLAB|MAILCOW|XDG)(_.*)?|COLUMNS|LINES|TERM|(NO|FORCE)_COLOR|TTY_.*|(HTTPS?|ALL|NO)_PROXY",
    re.IGNORECASE,
)
"""Variables that programs under test listen to, and that pipelines, hooks of git and people's shells have set."""

for _name in [each for each in os.environ if _OF_THIS_MACHINE.fullmatch(each)]:
    del os.environ[_name]

GOLDEN = Path(__file__).parent / "golden"

Golden = Callable[[str, str], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden files instead of comparing")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compare a text with a file below ``tests/golden``, or write it there with ``--update-golden``."""

    def check(name: str, text: str) -> None:
        file = GOLDEN / name
        if request.config.getoption("--update-golden"):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        assert text == file.read_text(encoding="utf-8"), f"see {file}; if it is meant, run with --update-golden"

    return check
