"""A repository over time: manifests change, come back, are applied in part, as kept plans, through faults, or not."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.kinds import by_plural
from tests.kinds.server import SECRETS
from tests.properties.belongings import furnished
from tests.properties.bystanders import rows_of, settle_in
from tests.properties.checkout import Checkout, Style, styles, written
from tests.properties.effort import examples, versions
from tests.properties.town import ALLOWING_ALL, FOUND_WRONG, Town, founded
from tests.properties.wishes import Entry, Manifest, both, by_plural_of, manifests, removals, with_passwords
from tests.repository import Made, made

WORDS = ("mail", "--values", "values/all.yaml", "--set", "tld=example")
WAYS = ("apply", "kept", "narrowed", "waves", "pruning", "faulty", "wait")
FAULTS = (
    "empty-after:write",
    "reset-after:write",
    "status=502:write:2+",
    "status-after=504:write",
    "database-down:4+",
    "half:write",
    "danger:write",
    "truncated:get",
    "denied:3+",
    "pretended:write:2",
    "status=503:add",
    "reset-before:delete",
)


class Chapter(NamedTuple):
    """What happens next.

    Attributes:
        number: which manifest is committed.
        way: how it is applied, if at all.
        fault: what goes wrong meanwhile, where it is applied through faults.
        place: what it is narrowed to, counted among what it declares.
    """

    number: int
    style: Style
    way: str
    fault: str
    place: int


def chapters() -> st.SearchStrategy[list[Chapter]]:
    """A few of them; the simplest applies the first manifest as one file."""
    one = st.builds(
        Chapter, st.integers(0, 2), styles(), st.sampled_from(WAYS), st.sampled_from(FAULTS), st.integers(0, 30)
    )
    return st.lists(one, min_size=1, max_size=4)


def _protected(gone: list[Entry]) -> list[Entry]:
    """What history alone does not delete."""
    return [each for each in gone if by_plural_of(next(iter(each))).protected]


def _focus(manifest: Manifest, place: int) -> tuple[str, ...]:
    """The words that narrow a run to one domain, or one thing in it."""
    domains = [each["name"] for each in manifest["domains"]]
    people = [f"mailbox/{each['address']}" for each in manifest.get("mailboxes", ())]
    aliases = [f"alias/{each['address']}" for each in manifest.get("aliases", ()) if "address" in each]
    chosen = [*domains, *people, *aliases][place % len([*domains, *people, *aliases])]
    return ("--target", chosen) if "/" in chosen else ("--domain", chosen)


def _unmanaged(town: Town) -> Any:
    planned = town.plans("--show-unmanaged", "--format", "json")
    return planned.document["unmanaged_keys"]


def _commits(town: Town, repository: Made, checkout: Checkout) -> bool:
    """Commit what a server can be made to be; gives whether it can."""
    possible = town.makes_sense(Checkout({"values/all.yaml": "unused: 1\n", **checkout.files}, WORDS))
    if possible:
        repository.commit({})
    return possible


def _tells(town: Town, repository: Made, chapter: Chapter, manifest: Manifest, removed: list[Entry]) -> None:
    declared = {**manifest, "removed": removed}
    if not _commits(town, repository, written(declared, chapter.style)):
        return
    if chapter.way == "kept":
        kept = town.person.types("plan", *town.read, "--out", "plan.json", *ALLOWING_ALL)
        assert kept.code == 0, kept.err
        applied = town.person.types("apply", "plan.json", *town.read)
        assert applied.code == 0, f"{applied.out}\n{applied.err}"
        town.rests()
    elif chapter.way == "narrowed":
        focus = _focus(manifest, chapter.place)
        applied = town.applies(*focus)
        assert applied.code == 0, f"{focus} {applied.out}\n{applied.err}"
        again = town.plans(*focus)
        assert again.code == 0, f"{focus} {again.out}\n{again.err}"
    elif chapter.way == "waves":
        most = 1 + chapter.place % 7
        _in_waves(town, most)
        town.rests()
    elif chapter.way == "pruning":
        scopes = ("alias:acme.example", "bcc_map:acme.example", "alias_domain:acme.example")
        applied = town.applies(*(f"--prune={scope}" for scope in scopes))
        assert applied.code == 0, f"{applied.out}\n{applied.err}"
        town.rests()
    if chapter.way in ("narrowed", "apply"):
        applied = town.applies()
        assert applied.code == 0, f"{applied.out}\n{applied.err}"
        town.rests()
    elif chapter.way == "faulty":
        town.suffers(chapter.fault)
        applied = town.applies()
        town.suffers()
        assert applied.code != 1, applied.err
        assert applied.code != FOUND_WRONG, applied.err


def _in_waves(town: Town, most: int) -> None:
    """Apply so many changes at a time: none fails, and each is done once, or twice where a part of it stays unseen."""
    changes = len(town.plans("--format", "json").document["changes"])
    for _ in range(2 * changes + 1):
        applied = town.applies(f"--max-changes={most}")
        assert applied.code == 0, f"{applied.out}\n{applied.err}"
        if town.plans().code == 0:
            return
    raise AssertionError(applied.out)


@pytest.mark.parametrize("version", versions("2022-01a", "2024-08a", "2026-07a", few=("2026-07a",)))
@examples(2, many=60)
@given(pool=st.lists(st.one_of(manifests(), furnished()), min_size=3, max_size=3), story=chapters(), style=styles())
def test_whatever_happened_the_next_apply_gets_there_and_history_forgets_nothing(
    version: str, pool: list[Manifest], story: list[Chapter], style: Style
) -> None:
    with founded(version) as town:
        town.person.sleep = lambda _seconds: None
        town.person.environ.update(SECRETS)
        settle_in(town)
        theirs = rows_of(town)
        repository = made(town.person.folder)
        repository.write({".gitignore": "plan.json\n"})
        every = both(both(pool[0], pool[1]), pool[2])
        town.declares({})
        strangers = {kind: keys for kind, keys in _unmanaged(town).items() if kind in DECLARED}
        for chapter in story:
            manifest = with_passwords(pool[chapter.number])
            removed = _protected(removals(every, manifest))
            _tells(town, repository, chapter, manifest, removed)
            assert rows_of(town) == theirs
        last = with_passwords(pool[-1])
        last["removed"] = _protected(removals(every, last))
        if not _commits(town, repository, written(last, style)):
            return
        applied = town.applies()
        assert applied.code == 0, f"{applied.out}\n{applied.err}"
        town.rests()
        assert {kind: keys for kind, keys in _unmanaged(town).items() if kind in DECLARED} == strangers
        _commits(town, repository, written({"removed": _protected(removals(every, {}))}, style))
        applied = town.applies()
        assert applied.code == 0, f"{applied.out}\n{applied.err}"
        assert town.memory() == town.before


DECLARED = {
    by_plural()[plural].name
    for plural in (
        *("relayhosts", "domains", "alias_domains", "mailboxes", "aliases"),
        *("bcc_maps", "recipient_maps", "transports", "tls_policies"),
        *("app_passwords", "sync_jobs", "sieve_filters", "time_limited_aliases"),
        *("resources", "domain_admins", "dkim_keys"),
    )
}
