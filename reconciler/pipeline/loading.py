"""Manifests in: found, read, and made one desired state."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from reconciler.flow import Inputs, Validation
from reconciler.kinds import by_plural, registry
from reconciler.manifest import files, reading
from reconciler.manifest.build import build
from reconciler.manifest.files import Source
from reconciler.pipeline.stopwatch import Stopwatch
from reconciler.records import record

if TYPE_CHECKING:
    from reconciler.manifest.cache import EarlierCache, ParseCache
    from reconciler.manifest.secrets import SecretSources
    from reconciler.model.diagnostic import Origin
    from reconciler.model.resource import Place
    from reconciler.model.state import DesiredState

SMALL: Final = 1 << 16
"""Bytes of manifests that are read again sooner than what remembers them is imported."""


@record(frozen=True, kw_only=True)
class Loaded:
    """The manifests of a run, read.

    Attributes:
        inputs: what they were read from.
        sources: every file that was read.
        digests: of the contents of what was read, by name, where something is remembered.
        locate: finds the line of an entry.
    """

    inputs: Inputs
    desired: DesiredState
    files: int
    sources: tuple[Source, ...]
    digests: Mapping[str, bytes]
    locate: Callable[[Place], Origin]

    @cached_property
    def secrets(self) -> SecretSources:
        """Finds the secrets they name."""
        # takes as long to import as a few manifests to read, and most runs need none
        from reconciler.manifest.secrets import SecretSources, Surroundings  # noqa: PLC0415

        inputs = self.inputs
        root = inputs.project.folder if inputs.project is not None else inputs.start
        return SecretSources(Surroundings(root=root, environment=inputs.environ, run=inputs.run, choose=_chosen))


def load(inputs: Inputs, watch: Stopwatch) -> Loaded:
    """Read the manifests.

    Raises:
        ManifestError: with everything that is wrong in any of them.
    """
    project = inputs.project.folder if inputs.project is not None else None
    with watch.stage("reading files"):
        sources = files.find(
            inputs.paths, start=inputs.start, project=project, exclude=inputs.values, stdin=inputs.stdin
        )
        value_files = [Source(_name(file, inputs.start), file) for file in inputs.values]
        values = _values(inputs, value_files)
        memory = _memory(inputs, sources)
        found = reading.read(sources, values=values, memory=memory)
    with watch.stage("validating"):
        learn = memory.note if memory is not None else None
        desired = build(found.manifests, registry(), earlier=found.findings, learn=learn, plurals=by_plural())
        if memory is not None:
            memory.save()
    documents = {each.name: each for manifest in found.manifests for each in (*manifest.defaults, manifest.document)}
    return Loaded(
        inputs=inputs,
        desired=desired,
        files=len(found.manifests),
        sources=(*value_files, *(each for source in sources for each in (*source.defaults, source))),
        digests=found.digests,
        locate=lambda place: documents[place.file].origin(place.path),
    )


def _name(file: Path, start: Path) -> str:
    """What messages call a file of values: as a person would who is where the run started."""
    return file.relative_to(start).as_posix() if file.is_relative_to(start) else str(file)


def _values(inputs: Inputs, files: Sequence[Source]) -> dict[str, Any]:
    """What the variables of templates mean."""
    if not (files or inputs.settings or inputs.texts):
        return {}
    from reconciler.manifest.values import Assignment, read_values  # noqa: PLC0415  most manifests are no templates

    assignments = [Assignment.read(text) for text in inputs.settings]
    assignments += [Assignment.read(text, as_text=True) for text in inputs.texts]
    return read_values(files, assignments)


def _memory(inputs: Inputs, sources: Iterable[Source]) -> ParseCache | None:
    """What was learned from the same paths before, if that is to be used."""
    if inputs.cache is None or _are_small(sources):
        return None
    return _cache(inputs, inputs.cache)


def earlier_memory(inputs: Inputs, loaded: Loaded) -> EarlierCache | None:
    """What was learned from the same paths at other revisions, and from those of today, if that is to be used."""
    if inputs.cache is None or _are_small(loaded.sources):
        return None
    from reconciler.manifest.cache import EarlierCache  # noqa: PLC0415  as below

    return EarlierCache(_cache(inputs, inputs.cache, "earlier revisions"), _cache(inputs, inputs.cache))


def _cache(inputs: Inputs, folder: Path, *more: str) -> ParseCache:
    # these take longer to import than a few manifests to read
    from reconciler.manifest.cache import ParseCache  # noqa: PLC0415
    from reconciler.manifest.stamp import program_stamp  # noqa: PLC0415

    owner = "\n".join((str(inputs.start), *inputs.paths, *more))
    return ParseCache(folder, owner=owner, stamp=program_stamp())


def _are_small(sources: Iterable[Source]) -> bool:
    """Whether all sources together are small; looks no further than that takes."""
    size = 0
    for source in sources:
        try:
            size += len(source.content) if source.content is not None else os.stat(source.path or "").st_size  # noqa: PTH116  quicker
        except OSError:
            continue  # whoever reads it will tell
        if size > SMALL:
            return False
    return True


def _chosen(among: Sequence[str]) -> str:
    """One of some texts, unpredictably."""
    from secrets import choice  # noqa: PLC0415  only where a secret is generated

    return choice(among)


def validate(inputs: Inputs) -> Validation:
    """Read and check the manifests, without any server.

    Raises:
        ManifestError: with everything that is wrong.
    """
    watch = Stopwatch(inputs.clock.now)
    loaded = load(inputs, watch)
    return Validation(resources=len(loaded.desired), files=loaded.files, timings=watch.seconds)
