"""Addresses: how everything the tool speaks of is named."""

# annotations are not put off: a named tuple compiles each that is text, which takes as long as importing some modules

from typing import NamedTuple, Self

_NTH = "#"


class Address(NamedTuple):
    """A kind's name and the natural key people know the thing by, such as ``mailbox/anna@acme.example``.

    A tuple, because a plan over hundreds of thousands of resources does little else than hash and compare addresses.
    """

    kind: str
    key: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``kind/key``; the key may itself hold slashes, or nothing, as that of a setting without description.

        Raises:
            ValueError: when there is no slash, or nothing before it.
        """
        kind, slash, key = text.partition("/")
        if not (kind and slash):
            raise ValueError(f"not an address: {text!r}; expected KIND/KEY")
        return cls(kind, key)

    def nth(self, number: int) -> Self:
        """The address of one of several that have this key, counted from 1 as the server's ids are."""
        return self if number == 1 else self._replace(key=f"{self.key}{_NTH}{number}")

    def number_among(self, first: Self) -> int:
        """Which of several it is that have the key of the first one: what `nth` was told."""
        return int(self.key[len(first.key) + len(_NTH) :] or 1)

    def __str__(self) -> str:
        return f"{self.kind}/{self.key}"
