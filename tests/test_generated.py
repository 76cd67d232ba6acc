from __future__ import annotations

import re
from pathlib import Path

import pytest

from reconciler.cli.commands import COMMANDS
from reconciler.kinds import registry
from tests.generated import README, ROOT, generated, main

FILES = generated()


@pytest.mark.parametrize("name", FILES)
def test_what_is_made_from_the_code_is_fresh(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == FILES[name], "run `make generated`"


def test_the_readme_has_every_kind_and_every_command() -> None:
    assert set(re.findall(r"^\| `(\w+)` \|", FILES[README], re.MULTILINE)) >= {
        kind.plural for kind in registry().values()
    }
    assert re.findall(r"^### reconciler (\w+)$", FILES[README], re.MULTILINE) == list(COMMANDS)


def test_a_stale_section_is_told_and_made_anew_and_the_rest_is_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    readme = tmp_path / README
    readme.write_text("before\n<!-- generated: kinds -->\nold\n<!-- end -->\nafter\n", encoding="utf-8")
    for folder in {Path(name).parent for name in FILES}:
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)

    assert main(["--check"], tmp_path) == 1
    assert f"stale: {README}" in capsys.readouterr().out
    assert "old" in readme.read_text(encoding="utf-8")
    assert main([], tmp_path) == 0
    assert main(["--check"], tmp_path) == 0

    written = readme.read_text(encoding="utf-8")
    assert written.startswith("before\n<!-- generated: kinds -->\n\n| Section |")
    assert written.endswith("<!-- end -->\nafter\n")
    assert "old" not in written
