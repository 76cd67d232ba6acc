"""Every folder below tests/golden/manifests is wrong as its name says; `findings.txt` is what is told of it."""

from pathlib import Path

import pytest

from reconciler.errors import ManifestError
from reconciler.kinds import registry
from reconciler.manifest.build import build
from reconciler.manifest.files import find
from reconciler.manifest.reading import read
from reconciler.render.diagnostic_text import diagnostics_text
from reconciler.render.style import plain
from tests.conftest import GOLDEN, Golden

CASES = sorted(path.name for path in (GOLDEN / "manifests").iterdir())


def findings(folder: Path) -> str:
    reading = read(find(["."], start=folder), values={})
    with pytest.raises(ManifestError) as raised:
        build(reading.manifests, registry(), earlier=reading.findings)
    return diagnostics_text(raised.value.diagnostics, plain())


@pytest.mark.parametrize("case", CASES)
def test_what_is_wrong_is_told_as_kept(case: str, golden: Golden) -> None:
    golden(f"manifests/{case}/findings.txt", findings(GOLDEN / "manifests" / case))
