import json
from collections import Counter
from pathlib import Path

import pytest

from reconciler.kinds import registry
from reconciler.manifest.build import build
from reconciler.manifest.files import find
from reconciler.manifest.reading import read
from reconciler.model.change import Action
from reconciler.model.state import DesiredState
from reconciler.planning.diff import diff
from reconciler.planning.difference import Difference
from reconciler.planning.options import PlanOptions
from reconciler.remote.wanted import wanted_by
from reconciler.simulator.snapshot import load
from tests.bench.organisation import Organisation
from tests.bench.turnover import turned_over
from tests.remote.rehearsal import rehearsing


def _desired(organisation: Organisation, folder: Path) -> DesiredState:
    organisation.write_manifests(folder)
    reading = read(find(["."], start=folder), values={})
    return build(reading.manifests, registry(), earlier=reading.findings)


def _difference(desired: DesiredState, organisation: Organisation) -> Difference:
    with rehearsing("2026-07a") as rehearsal:
        load(rehearsal.simulator.server, organisation.live_answers())
        live = rehearsal.reader.read(wanted_by(desired, rehearsal.kinds)).live
        return diff(rehearsal.kinds, desired, live, capabilities=rehearsal.capabilities, options=PlanOptions())


@pytest.mark.parametrize("objects", [50, 777, 1000, 3000])
def test_an_organisation_has_exactly_the_size_asked_for(objects: int) -> None:
    assert len(Organisation.of(objects)) == objects


def test_the_same_seed_makes_the_same_organisation_and_another_seed_another() -> None:
    assert Organisation.of(1000, seed=4) == Organisation.of(1000, seed=4)
    assert Organisation.of(1000, seed=4) != Organisation.of(1000, seed=5)


def test_its_manifests_declare_what_its_server_has(tmp_path: Path) -> None:
    organisation = Organisation.of(1000)
    desired = _desired(organisation, tmp_path)
    assert len(desired) == 1000
    difference = _difference(desired, organisation)
    assert [str(change.address) for change in difference.changes] == []
    assert difference.unchanged == 1000


def test_of_an_organisation_a_while_later_much_is_edited_new_or_gone_of_each_large_kind(tmp_path: Path) -> None:
    organisation = Organisation.of(2000)
    later = turned_over(organisation)
    assert later == turned_over(organisation)
    difference = _difference(_desired(later, tmp_path), organisation)
    found = Counter((change.address.kind, change.action) for change in difference.changes)
    assert {
        (kind, action) for kind in ("mailbox", "alias") for action in (Action.CREATE, Action.UPDATE)
    } <= found.keys()
    gone = {kind: len(addresses) for kind, addresses in difference.unmanaged.items() if addresses}
    assert gone.keys() >= {"domain", "mailbox", "alias"}
    assert 0.1 < (found.total() + sum(gone.values())) / 2000 < 0.45


def test_the_lists_by_domain_hold_what_the_whole_lists_hold() -> None:
    organisation = Organisation.of(1000)
    whole = organisation.live_answers()
    parts: dict[str, list[object]] = {"get/mailbox/reduced": [], "get/alias/all": []}
    for path, rows in organisation.live_answers_by_domain():
        parts[path.rpartition("/")[0]] += rows
    assert parts == {path: whole[path] for path in parts}
    assert json.loads(json.dumps(whole)) == whole
