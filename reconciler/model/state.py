"""States: every resource of one side, found by kind and key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.model.address import Address
from reconciler.model.resource import Declared, Observed, Place, Value
from reconciler.records import field, record


@record(frozen=True, slots=True)
class Removal:
    """A ``removed:`` entry: a resource that is to go, and how far.

    Attributes:
        step: ``forget`` (leave it alone), ``no-login``, ``off`` or ``delete``.
        delete_after: the ISO date from which the step is ``delete``.
    """

    address: Address
    place: Place
    step: str = "delete"
    delete_after: str | None = None


@record(frozen=True, slots=True)
class Relocation:
    """A ``moved:`` entry: a resource that is to be renamed, not deleted and made anew."""

    source: Address
    target: Address
    place: Place
    keep_alias: bool = False


@record(frozen=True, slots=True)
class DesiredState:
    """What the manifests declare."""

    resources: Mapping[str, Mapping[str, Declared]]
    removals: tuple[Removal, ...] = ()
    relocations: tuple[Relocation, ...] = ()

    def of(self, kind: str) -> Mapping[str, Declared]:
        """The declared resources of one kind, by key."""
        return self.resources.get(kind, {})

    def get(self, address: Address) -> Declared | None:
        """The declaration at an address, if there is one."""
        return self.of(address.kind).get(address.key)

    def has(self, address: Address) -> bool:
        """Whether there is a declaration at an address; quicker than to get it."""
        return address.key in self.of(address.kind)

    def __iter__(self) -> Iterator[Declared]:
        for resources in self.resources.values():
            yield from resources.values()

    def __len__(self) -> int:
        return sum(map(len, self.resources.values()))


@record(frozen=True, slots=True)
class LiveState:
    """What the server has, as far as it was read.

    Attributes:
        resources: by kind, then key. A kind that is missing was not read, which is not the same as empty.
        fields_read: by kind, the fields whose sources were read.
        domains: the domain patterns reading was narrowed to; None when every domain was read.
    """

    resources: Mapping[str, Mapping[str, Observed]]
    fields_read: Mapping[str, frozenset[str]] = field(default_factory=dict)
    domains: tuple[str, ...] | None = None

    def was_read(self, kind: str) -> bool:
        """Whether the kind was asked for at all."""
        return kind in self.resources

    def of(self, kind: str) -> Mapping[str, Observed]:
        """The live resources of one kind, by key; empty when it was not read."""
        return self.resources.get(kind, {})

    def get(self, address: Address) -> Observed | None:
        """The live resource at an address, if there is one."""
        return self.of(address.kind).get(address.key)

    def has(self, address: Address) -> bool:
        """Whether there is a live resource at an address; quicker than to get it."""
        return address.key in self.of(address.kind)

    def value(self, address: Address, name: str) -> Value | None:
        """One field of a live resource, None when either is absent."""
        observed = self.get(address)
        return None if observed is None else observed.values.get(name)
