"""The simulator answers every recorded request of real servers as they did."""

import pytest

from tests.contract.masks import KNOWN_DIFFERENCES, LEFT_OUT, MASKS
from tests.contract.replay import RECORDINGS, explain, recordings, replay


@pytest.mark.parametrize("name", recordings())
def test_a_recording_is_answered_line_by_line_as_recorded(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    agreement = replay(RECORDINGS / f"{name}.jsonl.xz")
    unexpected = [each for each in agreement.differences if (name, each.line) not in KNOWN_DIFFERENCES]
    used = {("/".join(path.split("/")[:2]), mask) for path, masks in agreement.masks.items() for mask in masks}
    masked = ", ".join(f"{mask} in {path}" for path, mask in sorted(used))
    with capsys.disabled():
        print(  # noqa: T201 the share and the masks are asked for
            f"\n{name}: {agreement.share:.1f} % of {agreement.compared} lines agree; masked: {masked or 'nothing'}"
        )
    assert not unexpected, "\n".join(explain(each) for each in unexpected[:5])


def test_recordings_of_both_versions_are_kept() -> None:
    assert len(recordings()) == 12
    assert {name[:8] for name in recordings() if name.startswith("20")} == {"2022-01a", "2026-07a"}


def test_whatever_is_left_out_or_masked_has_a_reason() -> None:
    reasons = [*LEFT_OUT.values(), *KNOWN_DIFFERENCES.values(), *(mask.reason for mask in MASKS)]
    assert all(reason.strip() for reason in reasons)
    assert len(LEFT_OUT) + len(KNOWN_DIFFERENCES) <= 10
