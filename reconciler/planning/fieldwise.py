"""One declared resource held against the live one, field by field."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.model.amended import Amended
from reconciler.model.change import Absent, Action, Change, FieldChange, Reason
from reconciler.model.resource import Declared, Observed, Value
from reconciler.model.secret import Secret
from reconciler.planning import compare
from reconciler.planning.equality import doubtful
from reconciler.planning.sides import Sides
from reconciler.records import field, record, replace
from reconciler.spec.kind import Field, Kind


@record(frozen=True, slots=True)
class FieldComparison:
    """Compares resources that are on both sides."""

    sides: Sides
    as_declared: dict[str, Amended] = field(default_factory=dict)

    def compare(self, kind: Kind, declared: Declared, observed: Observed) -> tuple[list[FieldChange], Reason]:
        """Compare every declared field; the reason is that of the last difference."""
        reason = Reason.DIFFERS
        changes: list[FieldChange] = []
        live = observed.values
        for name, value in declared.values.items():
            if name in kind.key or name == kind.replaceable or live.get(name, self) == value:
                continue
            each = kind.fields[name]
            if name in declared.options.ignore:
                self.sides.not_compared(kind, name, "ignored")
            elif compare.is_masked(live.get(name)) and not self.sides.options.resends(declared.address, name):
                self.sides.not_compared(kind, name, "masked in the snapshot")
            elif self.sides.known(kind, declared, each):
                found, why = self._compare_field(kind, declared, each, observed)
                changes += found
                reason = why if found else reason
        rotated = self._rotated(kind, declared, observed) if self.sides.options.rotates_anything else []
        reason = Reason.RESEND if rotated else reason
        changes += rotated
        changes += self._shared(kind, declared, observed, changes)
        return [*changes, *self._sent_along(kind, declared, observed, changes)], reason

    def left_behind(self, kind: Kind, declared: Declared) -> list[FieldChange]:
        """What the server leaves at the old name when a resource is renamed, and is to be at the new one."""
        return [
            FieldChange(name, Absent.NOT_SET, value)
            for name, value in declared.values.items()
            if kind.fields[name].mark.stays_behind and kind.fields[name].supported(self.sides.capabilities)
        ]

    def _rotated(self, kind: Kind, declared: Declared, observed: Observed) -> list[FieldChange]:
        """What matters only at creation otherwise, and is asked for by name."""
        return [
            FieldChange(
                name,
                Absent.NOT_READABLE
                if kind.fields[name].codec.sensitive
                else observed.values.get(name, Absent.NOT_READABLE),
                value
                if kind.fields[name].mark.elements is None
                else compare.joined(kind.fields[name], value, observed.values[name]),
                sensitive=kind.fields[name].codec.sensitive,
            )
            for name, value in declared.options.initial.items()
            if name not in declared.values and self._is_rotated(kind.fields[name], declared, observed)
            if self.sides.known(kind, declared, kind.fields[name])
        ]

    def _is_rotated(self, each: Field, declared: Declared, observed: Observed) -> bool:
        """Whether a field under ``initial:`` is to be sent once more.

        A pattern means secrets only: what else is there is the users' by now. Of that, only what a creation sends in
        calls of its own may be missing, and lists are only added to, where it is known what they hold.
        """
        options, address, name = self.sides.options, declared.address, each.name
        if each.immutable:
            return False
        if each.codec.sensitive:
            return options.rotates(address, name)
        if each.taken_by_add(self.sides.capabilities) or not options.names(address, name):
            return False
        if name not in observed.values:
            return each.mark.elements is None
        additive = each.mark.elements is not None
        return not compare.same(each, declared.options.initial[name], observed.values[name], additive=additive)

    def _shared(
        self, kind: Kind, declared: Declared, observed: Observed, changes: list[FieldChange]
    ) -> list[FieldChange]:
        """What a resource shares with others at the place it moves to, and must be set there though it has it here."""
        moved = {each.name for each in changes} & kind.shared_by.keys()
        return [
            FieldChange(
                name,
                Absent.HIDDEN if kind.fields[name].codec.sensitive else observed.values.get(name, Absent.NOT_SET),
                declared.values[name],
                sensitive=kind.fields[name].codec.sensitive,
            )
            for name in (name for by in sorted(moved) for name in kind.shared_by[by])
            if name in declared.values and name not in {each.name for each in changes}
        ]

    def _sent_along(
        self, kind: Kind, declared: Declared, observed: Observed, changes: list[FieldChange]
    ) -> list[FieldChange]:
        """What must be sent with the changes, although it cannot be compared: the server keeps none of it otherwise.

        That is what an edit of the same route would reset, or everything where the resource is made anew.
        """
        sent = {each.name for each in changes}
        routes = {kind.fields[name].mark.route for name in sent}
        anew = kind.is_replaced_by(sent)
        return [
            FieldChange(name, Absent.NOT_READABLE, value, sensitive=kind.fields[name].codec.sensitive)
            for name, value in declared.values.items()
            if name not in sent and name not in observed.values and name not in kind.key and name != kind.replaceable
            if anew or (kind.fields[name].mark.repeated and kind.fields[name].mark.route in routes)
            if kind.fields[name].supported(self.sides.capabilities)
        ]

    def _compare_field(
        self, kind: Kind, declared: Declared, each: Field, observed: Observed
    ) -> tuple[list[FieldChange], Reason]:
        """Compare a field that is not equal as it stands: it may be unreadable, secret, or mean the same."""
        name, value = each.name, declared.values[each.name]
        blind = [FieldChange(name, Absent.NOT_READABLE, value, sensitive=each.codec.sensitive)]
        if self.sides.options.resends(declared.address, name) and not each.immutable:
            return blind, Reason.RESEND
        if name not in observed.values:
            always_there = kind.main_source(self.sides.capabilities) is None
            follows_creation = not (each.taken_by_add(self.sides.capabilities) or each.immutable)
            if self._redeclared(declared, name, value, always_there=always_there) or (
                follows_creation and self._may_be_half_made(declared)
            ):
                return blind, Reason.REDECLARED
            self.sides.not_compared(kind, name, self._why_unreadable(each))
            return [], Reason.DIFFERS
        live = observed.values[name]
        if each.codec.sensitive:
            return self._compare_secret(kind, declared, name, live), Reason.DIFFERS
        additive = name in declared.options.additive
        if compare.same(each, value, live, additive=additive):
            return [], Reason.DIFFERS
        change = FieldChange(name, live, compare.joined(each, value, live) if additive else value)
        return ([] if self._settled(kind, change, observed) else [change]), Reason.DIFFERS

    def _settled(self, kind: Kind, change: FieldChange, observed: Observed) -> bool:
        """Whether the server would never show this difference as gone."""
        if kind.settled is None:
            return False
        situation = self.sides.situation(Change(Action.UPDATE, observed.address, (change,)), observed)
        beside = {name: self._as_declared(name) for name in kind.fields[change.name].mark.beside}
        future = replace(self.sides.live, resources={**self.sides.live.resources, **beside})
        return kind.settled(change.name, replace(situation, future=future))

    def _as_declared(self, kind: str) -> Mapping[str, Observed]:
        """The live resources of a kind as they will be when they are as declared."""
        if kind not in self.as_declared:
            declared, live = self.sides.desired.of(kind), self.sides.live.of(kind)
            there = self.as_declared[kind] = Amended(live)
            for key in doubtful(self.sides.kinds[kind], declared, live):
                if key in live:
                    observed = live[key]
                    there.put(replace(observed, values={**observed.values, **declared[key].values}))
        return self.as_declared[kind]

    def _compare_secret(self, kind: Kind, declared: Declared, name: str, live: Value) -> list[FieldChange]:
        source = declared.values[name]
        known = self.sides.options.secret(source, declared.address)
        if known is None:
            if self._redeclared(declared, name, source):
                return [FieldChange(name, Absent.HIDDEN, source, sensitive=True)]
            self.sides.not_compared(kind, name, "secret not resolved")
            return []
        if isinstance(live, Secret) and kind.fields[name].codec.same(known, live):
            return []
        return [FieldChange(name, Absent.HIDDEN, source, sensitive=True)]

    def _redeclared(self, declared: Declared, name: str, value: Value, *, always_there: bool = False) -> bool:
        """Whether the base declared the field otherwise, or not at all, while it declared the resource.

        A resource that is always there and cannot be read counts as declared at the base, without any fields. What a
        narrowed apply has made so since stands for the base.
        """
        options, address = self.sides.options, declared.address
        parts = [part for part in options.parts if part.declared.get(address) is not None]
        settled = any(part.settles for part in parts)
        whole = [*options.attempted, *([options.base] if options.base is not None and not settled else ())]
        found = [state.get(address) for state in (*whole, *(part.declared for part in parts))]
        return any(always_there if before is None else before.values.get(name) != value for before in found)

    def _may_be_half_made(self, declared: Declared) -> bool:
        """Whether the apply that was to make the resource, or to send it for the first time, did not converge.

        What follows its creation in calls of their own may not have been sent then, and nothing shows it.
        """
        options, address = self.sides.options, declared.address
        settled = (part.declared for part in options.parts if part.settles)
        if any(
            state.get(address) is not None for state in (*settled, *(() if options.base is None else (options.base,)))
        ):
            return False
        if options.applied is not None:  # somebody else's, or of an apply of which nothing was kept
            return not any(part.converged and part.declared.get(address) is not None for part in options.parts)
        begun = (part.declared for part in options.parts if not part.converged)
        return any(attempt.get(address) is not None for attempt in (*options.attempted, *begun))

    def _why_unreadable(self, each: Field) -> str:
        if each.mark.read and each.mark.readable_since is not None and not each.readable(self.sides.capabilities):
            return f"not readable before {each.mark.readable_since}"
        return "not readable"
