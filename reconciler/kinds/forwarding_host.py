"""Forwarding hosts."""

import re
from typing import Final, Required, TypedDict

from reconciler.model.operation import Verb
from reconciler.model.resource import Observed
from reconciler.records import replace
from reconciler.spec.codec import Codec
from reconciler.spec.codecs import FLAG, Name
from reconciler.spec.kind import Attributes, Kind, Situation, crud, listed
from reconciler.spec.language import Annotated
from reconciler.spec.mark import field
from reconciler.spec.step import Stage, Step

FILTERED: Final = Codec(
    accept=FLAG.accept,
    core=FLAG.core,
    accept_many=FLAG.accept_many,
    decode=lambda value: value == "no",
    encode=lambda value: int(not value),
    schema=FLAG.schema,
)
"""Read and edited as whether spam is kept, added as whether it is filtered (2022-01a to 2026-07a, fwdhost)."""


_LITERAL: Final = re.compile(r"[0-9a-fA-F:/]+$|[0-9./]+$")
"""What is stored as it is; the rest are names (2022-01a to 2026-07a, functions.fwdhost.inc.php)."""


class ForwardingHost(TypedDict, total=False):
    """A server that forwards mail here, and is not blamed for what it forwards."""

    host: Required[
        Annotated[
            Name,
            field(
                "An address or network; or a name, which the server resolves once to all hosts that send for it.",
                read="source",
                add="hostname",
            ),
        ]
    ]
    filter_spam: Annotated[bool, FILTERED, field("Look for spam in its mail all the same.", "keep_spam", default=True)]


def _filtered(attributes: Attributes, _situation: Situation) -> Attributes:
    rest = {name: value for name, value in attributes.items() if name != "keep_spam"}
    return {**rest, "filter_spam": 1 - int(attributes["keep_spam"])}


def _each_of_its_hosts(steps: tuple[Step, ...], situation: Situation) -> tuple[Step, ...]:
    """Write to every host a name was resolved to: they are rows of their own.

    What goes, goes before others are added: they may be resolved to the same hosts, which have one name each (2022-01a
    to 2026-07a, functions.fwdhost.inc.php).
    """
    observed = situation.observed
    if observed is None or situation.verb is Verb.ADD:
        return steps
    if situation.verb is Verb.DELETE and _adds(situation):
        steps = tuple(replace(step, stage=Stage.FREE) for step in steps)
    return tuple(replace(step, item=host) for step in steps for host in _hosts(observed))


def _hosts(observed: Observed) -> list[str]:
    return [each.handle for each in (observed, *observed.twins)]


def _adds(situation: Situation) -> bool:
    """Whether the plan adds any."""
    from reconciler.model.amended import once_of  # noqa: PLC0415  only where one is deleted

    kind = situation.address.kind
    there, then = situation.live.of(kind), situation.future.of(kind)
    return once_of(then, "adds", lambda: any(key not in there for key in then))


def _losing(situation: Situation) -> list[Observed]:
    """The others that stay, and that the server has written the new one's address to; of a name, only it knows them."""
    if situation.verb is not Verb.ADD:
        return []
    from reconciler.model.amended import those_called  # noqa: PLC0415  only where one is added

    there = situation.future.of(situation.address.kind)
    return [there[key] for key in those_called(there, situation.address.key.strip())]


def _clashes(situation: Situation) -> tuple[tuple[str, str, str], ...]:
    """Find what would be gone if this came, and come back in its place: both have no other address."""
    kind = situation.address.kind
    before, then = situation.live.of(kind), situation.future.of(kind)
    gone = (
        each.address.key
        for each in _losing(situation)
        if all(host in then and host not in before for host in _hosts(each))
    )
    why = "`{}` has this address and no other on the server, which keeps one name for an address"
    return tuple(("host", why.format(name), "declare one of them, and remove the other") for name in gone)


def _effects(situation: Situation) -> tuple[str, ...]:
    """Say from whom an address is taken; the addresses of a name, only the server knows."""
    taken = tuple(f"takes this address from `{each.address.key}`" for each in _losing(situation))
    if situation.verb is not Verb.ADD or _LITERAL.match(situation.address.key.strip()):
        return taken
    return ("takes the addresses it is resolved to from others: of two with the same address, the later one is kept",)


KIND = Kind(
    name="forwarding_host",
    plural="forwarding_hosts",
    record=ForwardingHost,
    example={"host": "192.0.2.25", "filter_spam": False},
    key=("host",),
    sources=listed("fwdhost"),
    routes=crud("fwdhost", added="forwarding_host_added", edited="object_modified", deleted="forwarding_host_removed"),
    handle="host",
    serial=True,
    on_add=_filtered,
    on_steps=_each_of_its_hosts,
    clashes=_clashes,
    effects=_effects,
    also_called={"hostname": "host", "source": "host"},
)
