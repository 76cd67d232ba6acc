"""From two states to the changes between them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from reconciler.model.address import Address
from reconciler.model.amended import hold
from reconciler.model.change import Absent, Action, Change, FieldChange, Reason
from reconciler.model.diagnostic import Diagnostic, Origin, Severity, error
from reconciler.model.plan import NotCompared
from reconciler.model.resource import Declared, Observed
from reconciler.model.state import DesiredState, LiveState, Relocation
from reconciler.planning import digest
from reconciler.planning.difference import Difference
from reconciler.planning.equality import doubtful
from reconciler.planning.fieldwise import FieldComparison
from reconciler.planning.options import PlanOptions
from reconciler.planning.ownership import Departure, LetGo, departures, kept, let_go_of, step_today, unmanaged
from reconciler.planning.reach import Reach, is_about, reach_of
from reconciler.planning.sides import Sides
from reconciler.records import record, replace
from reconciler.spec.capabilities import Capabilities
from reconciler.spec.kind import Kind
from reconciler.spec.mark import TEMPLATE

KEEP_ALIAS: Final = "keep_alias"


def diff(
    kinds: Mapping[str, Kind],
    desired: DesiredState,
    live: LiveState,
    *,
    capabilities: Capabilities,
    options: PlanOptions,
) -> Difference:
    """Find what must change for the live state to be as declared.

    Args:
        kinds: every kind, in creation order.
        live: must hold every kind that is declared, referred to, removed or in prune scope.
    """
    sides = Sides(kinds, desired, live, capabilities, options)
    difference = _Diff(sides, FieldComparison(sides)).run()
    hold(live, (change.moved_from or change.address for change in difference.changes))
    return difference


@record(frozen=True, slots=True)
class _Diff:
    sides: Sides
    fields: FieldComparison

    def run(self) -> Difference:
        found, options = self.sides.findings, self.sides.options
        reach = reach_of(self.sides.kinds, self.sides.desired, options.focus)
        due = (each for each in self.sides.desired.relocations if is_about(self.sides.kinds, options.focus, each))
        moves = {each.target: each for each in due}
        loose: dict[str, tuple[Address, ...]] = {}
        let_go = let_go_of(self.sides.kinds, self.sides.desired, self.sides.live, options)
        spoken_of = {each.address.kind for each in self.sides.desired.removals}
        for name in self.sides.kinds:  # not by items: a kind is imported when it is looked at
            was_read = self.sides.live.was_read(name)
            if self.sides.desired.of(name) or was_read or name in spoken_of:
                kind, first = self.sides.kinds[name], len(found.changes)
                self._compare(kind, reach, moves, let_go)
                found.changes[first:] = sorted(found.changes[first:], key=lambda change: change.address.key)
                if was_read:
                    changed = {change.address for change in found.changes[first:]}
                    alone = unmanaged(kind, self.sides.desired, self.sides.live)
                    loose[name] = tuple(each for each in alone if each not in changed)
        for move in moves.values():
            self._undeclared_move(move)
        return Difference(
            changes=tuple(found.changes),
            unchanged=found.unchanged,
            unmanaged=loose,
            not_compared=tuple(NotCompared(*what, count) for what, count in sorted(found.not_compared.items())),
            diagnostics=tuple(found.diagnostics),
        )

    def _compare(self, kind: Kind, reach: Reach, moves: dict[Address, Relocation], let_go: LetGo) -> None:
        """Find what must change of one kind; takes out of the renamings those of what is declared."""
        declared = self.sides.desired.of(kind.name)
        suspects = self._doubtful(kind, reach)
        if suspects is not declared:
            hold(self.sides.live, (Address(kind.name, key) for key in suspects))
        for key in suspects:
            each = declared[key]
            if self._is_in(reach, kind, each):
                self._declared(kind, key, each, moves.pop(each.address, None))
        self._steps_down(kind)
        self._note_nothing_to_remove(kind)
        self.sides.findings.changes += [
            self._departure(kind, each)
            for each in departures(kind, self.sides.desired, self.sides.live, self.sides.options, let_go)
        ]
        self._note_kept(kind, let_go.homes)

    def _doubtful(self, kind: Kind, reach: Reach) -> Collection[str]:
        """The keys of declared resources that must be looked at; the others are counted as unchanged."""
        declared = self.sides.desired.of(kind.name)
        options = self.sides.options
        if options.focus:
            within = reach.within.of(kind.name)
            return [key for key in declared if key in within]
        if options.rotates_anything or not self.sides.capabilities.knows(kind.since):
            return declared
        found = doubtful(kind, declared, self.sides.live.of(kind.name))
        self.sides.findings.unchanged += len(declared) - len(found)
        return found

    def _is_in(self, reach: Reach, kind: Kind, declared: Declared) -> bool:
        """Whether the run is about it, or cannot do without it and it is not there yet."""
        if self.sides.options.focus.covers(declared.address, kind.domain_of(declared.values)):
            return True
        return declared.address in reach.needed and self.sides.live.get(declared.address) is None

    def _declared(self, kind: Kind, key: str, declared: Declared, move: Relocation | None) -> None:
        observed = self.sides.live.of(kind.name).get(key)
        if not self.sides.capabilities.knows(kind.since):
            self.sides.unsupported(kind, declared, None)
        elif observed is None and move is not None and self.sides.live.get(move.source) is not None:
            self._move(kind, move, declared)
        elif observed is None:
            if move is not None:
                self._note_nothing_to_move(move, f"`{declared.address}` is made new")
            self._create(kind, declared)
        else:
            changes, reason = self._differences(kind, declared, observed)
            if changes:
                self._change(kind, Action.UPDATE, declared, changes, reason=reason, observed=observed)
            else:
                self.sides.findings.unchanged += 1

    def _differences(self, kind: Kind, declared: Declared, observed: Observed) -> tuple[list[FieldChange], Reason]:
        """Compare every row the server keeps under one key: all are written alike, so the first that differs tells."""
        found = self.fields.compare(kind, declared, observed)
        for twin in observed.twins:
            found = found if found[0] else self.fields.compare(kind, declared, twin)
        return found

    def _create(self, kind: Kind, declared: Declared) -> None:
        values = {**declared.options.initial, **declared.values}
        absent = [name for name in (kind.needed(values) if kind.needed is not None else ()) if name not in values]
        for name in absent:
            self.sides.complain(
                "field-needed",
                f"`{declared.address}` cannot be created without `{name}`",
                declared,
                hint=f"write it under `initial:`, here or under `defaults:`: `initial: {{{name}: ...}}`",
            )
        changes = []
        if declared.options.template is not None and kind.template is not None and self._has_templates(kind, declared):
            changes.append(FieldChange(TEMPLATE, Absent.NOT_SET, declared.options.template))
        for name, each in kind.fields.items():
            if name in values and name != kind.replaceable and self.sides.known(kind, declared, each):
                changes.append(FieldChange(name, Absent.NOT_SET, values[name], sensitive=each.codec.sensitive))
        if not absent:
            self._change(kind, Action.CREATE, declared, changes, reason=Reason.MISSING, observed=None)

    def _note_kept(self, kind: Kind, left: frozenset[str]) -> None:
        """Say what was declared, is not any more, and stays, because its kind is deleted only on demand."""
        found = kept(kind, self.sides.desired, self.sides.live, self.sides.options, left)
        new = self._may_be_renamed(kind) if found else {}
        but = ", but for what a prune scope covers" if self.sides.options.prune else ""
        for address in found:
            renamed = _perhaps_renamed(address, new.get(kind.domain_of_key(address.key), []))
            summary = f"`{address}` is not declared any more, and is left alone with all that is in it{but}"
            entry = f"{kind.name}: {address.key}"
            hint = f"to delete it: `removed: [{{{entry}}}]`; if it is somebody else's now: "
            self._remark(
                "no-longer-declared", summary, f"{hint}`removed: [{{{entry}, step: forget}}]`{renamed}", address
            )

    def _may_be_renamed(self, kind: Kind) -> Mapping[str | None, list[str]]:
        """The keys that are new, by domain, where the server could have given them to something that is there."""
        new: dict[str | None, list[str]] = {}
        if kind.on_move is not None and self.sides.capabilities.knows(kind.moves_since):
            there = self.sides.live.of(kind.name)
            for key in self.sides.desired.of(kind.name):
                if key not in there:
                    new.setdefault(kind.domain_of_key(key), []).append(key)
        return new

    def _move(self, kind: Kind, move: Relocation, declared: Declared | None) -> None:
        if kind.on_move is None or not self.sides.capabilities.knows(kind.moves_since):
            since = f" before {kind.moves_since}" if kind.moves_since is not None else ""
            self.sides.findings.diagnostics.append(
                error(
                    "move-impossible",
                    f"mailcow cannot rename `{move.source}`{since}",
                    hint="declare the new one, move its contents, and list the old one under `removed:`",
                    origin=self.sides.options.locate(move.place),
                    address=move.source,
                )
            )
            return
        observed = self.sides.live.of(kind.name)[move.source.key]
        fields = [FieldChange(KEEP_ALIAS, Absent.NOT_SET, True)] if move.keep_alias else []
        if declared is not None:
            found = self.fields.compare(kind, declared, observed)[0]
            fields += [each for each in found if not kind.fields[each.name].mark.stays_behind]
            fields += self.fields.left_behind(kind, declared)
        change = Change(
            Action.MOVE,
            move.target,
            tuple(fields),
            Reason.MOVED,
            origin=self.sides.options.locate(move.place),
            moved_from=move.source,
            precondition=digest.of_record(kind, observed, [each.name for each in fields]),
        )
        self.sides.findings.changes.append(self._with_effects(kind, change, observed))

    def _undeclared_move(self, move: Relocation) -> None:
        kind = self.sides.kinds[move.target.kind]
        if self.sides.live.get(move.target) is not None or not self.sides.live.was_read(kind.name):
            return
        if self.sides.live.get(move.source) is not None:
            self._move(kind, move, None)
        else:
            self._note_nothing_to_move(move, f"there is no `{move.target}` either")

    def _note_nothing_to_move(self, move: Relocation, why: str) -> None:
        """Say that what is to be renamed is not there: its name may be mistyped."""
        summary = f"`{move.source}`, which is listed under `moved:`, is not on the server: {why}"
        hint = "mend the name if it is called otherwise; take the entry out once it is renamed on every server"
        self._remark("nothing-to-move", summary, hint, move.target, self.sides.options.locate(move.place))

    def _note_nothing_to_remove(self, kind: Kind) -> None:
        """Say what is to go for the first time and is not there, nor ever was of ours: its name may be mistyped."""
        options, live = self.sides.options, self.sides.live
        if options.base is None or not live.was_read(kind.name):
            return
        removals = [each for each in self.sides.desired.removals if each.address.kind == kind.name]
        known = {each.address for state in options.earlier for each in state.removals} if removals else ()
        for removal in removals:
            address = removal.address
            ours = address in known or any(state.has(address) for state in options.earlier)
            about = options.focus.covers(address, kind.domain_of_key(address.key))
            if ours or not about or live.has(address):
                continue
            summary = f"`{address}`, which is listed under `removed:`, is not on the server"
            hint = "mend the name if it is called otherwise; else take the entry out"
            self._remark("nothing-to-remove", summary, hint, address, options.locate(removal.place))

    def _remark(self, identifier: str, summary: str, hint: str, address: Address, origin: Origin | None = None) -> None:
        self.sides.findings.diagnostics.append(
            Diagnostic(identifier, Severity.NOTE, summary, hint=hint, origin=origin, address=address)
        )

    def _steps_down(self, kind: Kind) -> None:
        """Switch off what is listed under ``removed:`` with a step short of deletion."""
        for removal in self.sides.desired.removals:
            step = step_today(removal, self.sides.options.today)
            if removal.address.kind != kind.name or step in ("forget", "delete"):
                continue
            observed = self.sides.live.get(removal.address)
            if observed is None:
                continue
            if not self.sides.options.focus.covers(removal.address, kind.domain_of(observed.values)):
                continue
            before = observed.values.get("state")
            if before is not None and before not in (step, "off"):
                self.sides.findings.changes.append(
                    Change(
                        Action.UPDATE,
                        removal.address,
                        (FieldChange("state", before, step),),
                        Reason.REMOVED,
                        origin=self.sides.options.locate(removal.place),
                        precondition=digest.of_record(kind, observed, ["state"]),
                    )
                )

    def _departure(self, kind: Kind, departure: Departure) -> Change:
        observed = departure.observed
        change = Change(
            Action.DELETE,
            observed.address,
            reason=departure.reason,
            origin=self.sides.options.locate(departure.removal.place) if departure.removal is not None else None,
            cost=tuple(sorted((name, value) for name, value in observed.measures.items() if value)),
            precondition=digest.of_record(kind, observed),
        )
        return self._with_effects(kind, change, observed)

    def _change(
        self,
        kind: Kind,
        action: Action,
        declared: Declared,
        fields: list[FieldChange],
        *,
        reason: Reason,
        observed: Observed | None,
    ) -> None:
        """Add a change, unless the server could not make it."""
        change = Change(
            action,
            declared.address,
            tuple(sorted(fields, key=lambda each: kind.places[each.name])),
            reason,
            origin=self.sides.options.locate(declared.place),
        )
        possible = True
        for each in fields:
            immutable = action is Action.UPDATE and each.name in kind.fields and kind.fields[each.name].immutable
            if immutable and not (kind.replaceable is not None and declared.values.get(kind.replaceable) is True):
                possible = False
                self.sides.complain(
                    "field-immutable",
                    f"`{each.name}` of `{declared.address}` cannot be changed once it exists",
                    declared,
                    hint=f"it is `{each.before}` on the server; declare that, or {_anew(kind)}",
                )
        for name, why, hint in self._refused(kind, change, observed):
            possible = False
            self.sides.complain("change-impossible", f"`{name}` of `{declared.address}`: {why}", declared, hint=hint)
        if possible:
            if observed is not None:
                change = replace(change, precondition=digest.of_record(kind, observed, change.after))
            self.sides.findings.changes.append(self._with_effects(kind, change, observed))

    def _refused(self, kind: Kind, change: Change, observed: Observed | None) -> tuple[tuple[str, str, str], ...]:
        return () if kind.refuses is None else kind.refuses(self.sides.situation(change, observed))

    def _with_effects(self, kind: Kind, change: Change, observed: Observed | None) -> Change:
        anew = change.action is Action.UPDATE and kind.is_replaced_by(change.after)
        effects: tuple[str, ...] = ("it is deleted and made anew",) if anew else ()
        if kind.effects is not None:
            effects += kind.effects(self.sides.situation(change, observed))
        return replace(change, effects=effects) if effects else change

    def _has_templates(self, kind: Kind, declared: Declared) -> bool:
        if self.sides.capabilities.knows(kind.template_since):
            return True
        self.sides.complain(
            "unsupported",
            f"the server ({self.sides.capabilities.version}) makes nothing from templates; "
            f"that came with {kind.template_since}",
            declared,
            hint="leave `template` out, or upgrade the server",
        )
        return False


def _anew(kind: Kind) -> str:
    """What to do for a resource to be made anew."""
    if kind.replaceable is not None:
        return f"write `{kind.replaceable}: true`, and it is deleted and made anew"
    return "remove the resource and make it anew"


def _perhaps_renamed(address: Address, new: Sequence[str]) -> str:
    """What to write where one that is not declared any more may be one that is new."""
    if not new:
        return ""
    target = new[0] if len(new) == 1 else "..."
    move = f"moved: [{{{address.kind}: {{from: {address.key}, to: {target}}}}}]"
    return f"; if it is only called otherwise now: `{move}`, which keeps what is in it"
