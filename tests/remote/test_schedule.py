"""How domains are shared out over the requests of one list."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as some

from reconciler.api import Client, Reading
from reconciler.kinds import registry
from reconciler.remote.reader import Reader
from reconciler.remote.schedule import LARGE_ANSWER, REQUESTS_PER_LIST, list_gets
from reconciler.remote.wanted import Wanted
from tests.remote.rehearsal import Rehearsal

MAILBOX = registry()["mailbox"]


class Listening:
    """A way to a server that takes down what is asked for, in order."""

    def __init__(self, client: Client) -> None:
        self.asked: list[str] = []
        self._client = client

    def get(self, *segments: str, **more: Any) -> Reading:
        self.asked.append("/".join(segments))
        return self._client.get(*segments, **more)


DOMAINS = some.dictionaries(
    some.integers(0, 10_000).map("d{}.example".format), some.none() | some.integers(0, 5_000), max_size=200
)


@given(DOMAINS, some.integers(1, 40))
def test_every_domain_is_asked_for_once_and_no_request_waits_behind_a_lighter_one(
    sizes: dict[str, int | None], parallelism: int
) -> None:
    weights = {name: size for name, size in sizes.items() if size is not None}
    gets = list_gets(MAILBOX, sorted(sizes), parallelism, weights)
    asked = [each for get in gets for each in sorted(get.domains or ())]
    assert sorted(asked) == sorted(sizes)
    large = min(REQUESTS_PER_LIST, sum(weights.values()) // LARGE_ANSWER)
    assert len(gets) == min(len(sizes), max(2 * parallelism, large))
    loads = [sum(1 + weights.get(each, 0) for each in get.domains or ()) for get in gets]
    assert loads == sorted(loads, reverse=True)
    for get, load in zip(gets, loads, strict=True):
        lightest_of_it = min(1 + weights.get(each, 0) for each in get.domains or ())
        assert load - lightest_of_it <= loads[-1], "it was given something when another one had less"


def test_small_and_middling_servers_are_asked_alike_and_large_ones_in_smaller_pieces() -> None:
    domains = [f"d{number:02}.example" for number in range(50)]
    requests = [
        len(list_gets(MAILBOX, domains, 4, dict.fromkeys(domains, objects // 50)))
        for objects in (50, 10_000, 20_000, 50_000, 1_000_000)
    ]
    assert requests == [8, 8, 8, 20, 32]


def test_names_that_are_too_long_together_are_asked_for_in_several_requests() -> None:
    domains = [f"{'x' * 60}.{'y' * 60}.d{number}.example" for number in range(800)]
    gets = list_gets(MAILBOX, domains, 4)
    assert len(gets) > len(list_gets(MAILBOX, [f"d{number}.example" for number in range(800)], 4))
    assert sorted(each for get in gets for each in get.domains or ()) == sorted(domains)
    assert all(len(get.segments[-1]) < 4_500 for get in gets)


def test_a_large_domain_is_asked_for_first_and_alone(new_server: Rehearsal) -> None:
    names = [f"d{number:02}.example" for number in range(24)]
    for name in names:
        new_server.add_domain(name)
    for number in range(30):
        new_server.add_mailbox(f"u{number}@d17.example")
        new_server.add_alias(f"a{number}@d19.example", "u0@d17.example")
    listening = Listening(new_server.client)
    reader = Reader(listening, kinds=new_server.kinds, capabilities=new_server.capabilities)
    live = reader.read(Wanted(fields={"mailbox": {"name"}, "alias": {"to"}})).live
    assert len(live.of("mailbox")) == len(live.of("alias")) == 30
    for path, largest in (("mailbox/reduced/", "d17.example"), ("alias/all/", "d19.example")):
        of_list = [each.removeprefix(path) for each in listening.asked if each.startswith(path)]
        assert largest in of_list[:4]
        assert len(of_list) == 2 * new_server.parallelism
