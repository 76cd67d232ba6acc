from __future__ import annotations

from reconciler.model.profile import RequestCost
from reconciler.render.profile_text import profile_text

TIMINGS = {"validating": 0.1, "reading server": 0.6, "reading server: waiting for answers": 0.45, "comparing": 0.2}


def test_stages_their_parts_and_what_no_stage_accounts_for_make_up_the_whole() -> None:
    assert profile_text(TIMINGS, (), total=1.0) == (
        "start-up                     0.100 s   10%\n"
        "validating                   0.100 s   10%\n"
        "reading server               0.600 s   60%\n"
        "  waiting for answers        0.450 s\n"
        "  decoding, sorting          0.150 s\n"
        "comparing                    0.200 s   20%\n"
        "together                     1.000 s\n"
    )


def test_requests_are_listed_the_slowest_first_and_the_many_others_together() -> None:
    requests = [RequestCost(f"get kind{number:02}", 1, 0, 0, 100, 0.01 * number) for number in range(14)]
    requests.append(RequestCost("post add/mailbox", 5000, 2, 1_234_567, 2_500_000, 100.0))
    told = profile_text({}, requests, total=1.0).splitlines()[-15:]
    assert told[0] == "requests                    number      sent  received    waited   failed"
    assert told[1] == "post add/mailbox              5000    1.2 MB    2.5 MB 100.000 s        2"
    assert told[2] == "get kind13                       1       0 B     100 B   0.130 s"
    assert told[-2] == "3 others                         3       0 B     300 B   0.030 s"
    assert told[-1] == "together                      5014    1.2 MB    2.5 MB 100.910 s        2"


def test_nothing_at_all_is_no_error() -> None:
    assert profile_text({}, (), total=0.0).splitlines()[-1].split() == ["together", "0.000", "s"]
