"""Forwarding hosts."""

from typing import Final, Required, TypedDict

from reconciler.model.operation import Verb
from reconciler.records import replace
from reconciler.spec.codec import Codec
from reconciler.spec.codecs import FLAG, Name
from reconciler.spec.kind import Attributes, Kind, Situation, crud, listed
from reconciler.spec.language import Annotated
from reconciler.spec.mark import field
from reconciler.spec.step import Step

FILTERED: Final = Codec(
    accept=FLAG.accept,
    core=FLAG.core,
    accept_many=FLAG.accept_many,
    decode=lambda value: value == "no",
    encode=lambda value: int(not value),
    schema=FLAG.schema,
)
"""Read and edited as whether spam is kept, added as whether it is filtered (2022-01a to 2026-07a, fwdhost)."""


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
    """Write to every host a name was resolved to: they are rows of their own."""
    observed = situation.observed
    if observed is None or situation.verb is Verb.ADD:
        return steps
    hosts = [each.handle for each in (observed, *observed.twins)]
    return tuple(replace(step, item=host) for step in steps for host in hosts)


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
    also_called={"hostname": "host", "source": "host"},
)
