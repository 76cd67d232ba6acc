"""Plans: everything that would be done, as one value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from reconciler.model.address import Address
from reconciler.model.change import Action, Change
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.focus import EVERYTHING, Focus
from reconciler.records import field, record


@record(frozen=True, slots=True)
class ServerIdentity:
    """Which server a plan was made for.

    Attributes:
        origin: scheme, host and port.
        version: as the server printed it, or the oldest one we know of when it prints none.
    """

    origin: str
    version: str


@record(frozen=True, slots=True)
class NotCompared:
    """Declared fields of a kind that could not be compared, and why.

    Attributes:
        reason: ``not readable``, ``not readable before VERSION``, ``secret not resolved`` or ``ignored``.
        count: how many resources declare it.
    """

    kind: str
    field: str
    reason: str
    count: int


@record(frozen=True, slots=True)
class Refusal:
    """A guard's objection: the plan is shown, and not carried out.

    Attributes:
        id: the guard's, kebab-case.
        summary: what it objects to, with its numbers.
        permit: the flag, or flags, that would allow exactly this, as they are typed.
        addresses: the changes it is about; empty when it is about the plan as a whole.
    """

    id: str
    summary: str
    permit: str
    addresses: tuple[Address, ...] = ()


@record(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a plan was made with, as far as it decides what is in it: carrying it out later takes the same.

    Attributes:
        revision: the commit that was checked out.
        changed: what was read and was not as that commit has it.
        base: the revisions that said what was declared before.
        named_base: whether a person named them.
        focus: what the run was narrowed to.
        resend: selectors of fields sent although they cannot be compared.
        prune: by kind, the domain patterns in which undeclared resources are deleted.
        allowed_deletes: addresses that may be deleted although they are kept.
        allowed_kinds: protected kinds whose resources may be deleted.
        allowed_vanished: kinds of which everything may be gone that was applied before.
        limits: how much the plan may do, by the guards' names.
    """

    revision: str | None = None
    changed: tuple[str, ...] = ()
    base: tuple[str, ...] = ()
    named_base: bool = False
    focus: Focus = EVERYTHING
    resend: tuple[str, ...] = ()
    skip_unsupported: bool = False
    prune: tuple[tuple[str, tuple[str, ...]], ...] = ()
    allowed_deletes: tuple[str, ...] = ()
    allowed_kinds: tuple[str, ...] = ()
    allowed_vanished: tuple[str, ...] = ()
    limits: Mapping[str, int] = field(default_factory=dict)


@record(frozen=True, slots=True)
class Plan:
    """What would be done to one server.

    Attributes:
        changes: in the order a person reads them: by kind, then key.
        unchanged: how many declared resources are as declared.
        unmanaged: by kind, how many live resources nothing declares; a kind that is missing was not read.
        unmanaged_keys: the same by their keys, where somebody asked for them.
        desired_digest: stands for the declarations the plan was made from; empty where nobody will need it.
        terms: what it was made with; None where nobody will need it.
    """

    server: ServerIdentity
    changes: tuple[Change, ...] = ()
    unchanged: int = 0
    unmanaged: Mapping[str, int] = field(default_factory=dict)
    unmanaged_keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    not_compared: tuple[NotCompared, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    desired_digest: str = ""
    terms: Terms | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing would be done."""
        return not self.changes

    @property
    def summary(self) -> Mapping[Action, int]:
        """How many changes there are of each action."""
        return Counter(change.action for change in self.changes)
