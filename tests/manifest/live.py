"""The live states of the recorded servers, decoded."""

import json
import lzma
from functools import cache
from pathlib import Path
from typing import Any

from reconciler.kinds import registry
from reconciler.model.resource import Observed
from reconciler.model.state import LiveState
from reconciler.model.version import Version
from reconciler.spec.capabilities import Capabilities
from reconciler.spec.decode import Decoder, Row, main_rows
from reconciler.spec.mark import MAIN

STATES = Path(__file__).parents[1] / "contract" / "live"
VERSIONS = sorted(path.name.partition(".")[0] for path in STATES.iterdir())


@cache
def live_state(version: str) -> LiveState:
    """What the server of a version had after 900 random calls, as far as our kinds see it."""
    listings = json.loads(lzma.decompress((STATES / f"{version}.json.xz").read_bytes()))
    capabilities = Capabilities(Version.parse(version))
    resources: dict[str, dict[str, Observed]] = {}
    for name, kind in registry().items():
        keys = {kind: {each.handle: key for key, each in found.items()} for kind, found in resources.items()}
        decoder = Decoder(kind, capabilities, frozenset(kind.fields), keys)
        found = [decoder.observe(row) for row in _rows(listings, kind.sources[MAIN].path)]
        for source, place in kind.sources.items():
            if source != MAIN and place.join is not None and "{" not in place.path:
                by_handle: dict[str, list[Row]] = {}
                for row in _rows(listings, place.path):
                    by_handle.setdefault(str(row[place.join]), []).append(row)
                found = [each and decoder.join(each, source, by_handle.get(each.handle, [])) for each in found]
        resources[name] = {observed.address.key: observed for observed in found if observed is not None}
    return LiveState(resources)


def _rows(listings: Any, path: str) -> list[Row]:
    """The rows of a list; the reduced list of mailboxes shows a part of what the whole one does."""
    answer = listings.get(f"get/{path}", listings.get(f"get/{path.replace('reduced', 'all')}"))
    return main_rows(answer)
