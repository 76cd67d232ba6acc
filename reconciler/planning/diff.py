"""From two states to the changes between them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import field, replace
from typing import Final

from reconciler.model.address import Address
from reconciler.model.change import Absent, Action, Change, FieldChange, Reason
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.plan import NotCompared
from reconciler.model.resource import Declared, Observed, Value
from reconciler.model.secret import Secret
from reconciler.model.state import DesiredState, LiveState, Relocation
from reconciler.planning import compare, digest
from reconciler.planning.difference import Difference, Findings
from reconciler.planning.equality import doubtful
from reconciler.planning.options import PlanOptions
from reconciler.planning.ownership import Departure, departures, homes_left, kept, step_today, unmanaged
from reconciler.planning.reach import Reach, reach_of
from reconciler.records import record
from reconciler.spec.capabilities import Capabilities
from reconciler.spec.encode import is_replacement, situation_of
from reconciler.spec.kind import Field, Kind, Situation
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
    return _Diff(kinds, desired, live, capabilities, options).run()


@record(frozen=True, slots=True)
class _Diff:
    kinds: Mapping[str, Kind]
    desired: DesiredState
    live: LiveState
    capabilities: Capabilities
    options: PlanOptions
    findings: Findings = field(default_factory=Findings)
    as_declared: dict[str, Mapping[str, Observed]] = field(default_factory=dict)

    def run(self) -> Difference:
        found = self.findings
        reach = reach_of(self.kinds, self.desired, self.options.focus)
        moves = {each.target: each for each in self.desired.relocations if self._is_about(each.source, each.target)}
        loose: dict[str, tuple[Address, ...]] = {}
        left = homes_left(self.kinds, self.desired, self.options)
        spoken_of = {each.address.kind for each in self.desired.removals}
        for name in self.kinds:
            if not (self.desired.of(name) or self.live.was_read(name) or name in spoken_of):
                continue
            kind = self.kinds[name]
            first = len(found.changes)
            for key in self._doubtful(kind):
                declared = self.desired.of(kind.name)[key]
                if self._is_in(reach, kind, declared):
                    self._declared(kind, key, declared, moves.pop(declared.address, None))
            self._steps_down(kind)
            found.changes += [
                self._departure(kind, each) for each in departures(kind, self.desired, self.live, self.options, left)
            ]
            self._note_kept(kind)
            found.changes[first:] = sorted(found.changes[first:], key=lambda change: change.address.key)
            if self.live.was_read(kind.name):
                loose[kind.name] = tuple(unmanaged(kind, self.desired, self.live))
        for move in moves.values():
            self._undeclared_move(move)
        return Difference(
            changes=tuple(found.changes),
            unchanged=found.unchanged,
            unmanaged=loose,
            not_compared=tuple(NotCompared(*what, count) for what, count in sorted(found.not_compared.items())),
            diagnostics=tuple(found.diagnostics),
        )

    def _doubtful(self, kind: Kind) -> Collection[str]:
        """The keys of declared resources that must be looked at; the others are counted as unchanged."""
        declared = self.desired.of(kind.name)
        if self.options.focus or not self.capabilities.knows(kind.since):
            return declared
        found = doubtful(kind, declared, self.live.of(kind.name))
        self.findings.unchanged += len(declared) - len(found)
        return found

    def _is_in(self, reach: Reach, kind: Kind, declared: Declared) -> bool:
        """Whether the run is about it, or cannot do without it and it is not there yet."""
        if self.options.focus.covers(declared.address, kind.domain_of(declared.values)):
            return True
        return declared.address in reach.needed and self.live.get(declared.address) is None

    def _is_about(self, *addresses: Address) -> bool:
        """Whether the run is about one of these, by what their keys tell."""
        focus = self.options.focus
        return not focus or any(focus.covers(each, self.kinds[each.kind].domain_of_key(each.key)) for each in addresses)

    def _declared(self, kind: Kind, key: str, declared: Declared, move: Relocation | None) -> None:
        observed = self.live.of(kind.name).get(key)
        if not self.capabilities.knows(kind.since):
            self._unsupported(kind, declared, None)
        elif observed is None and move is not None and self.live.get(move.source) is not None:
            self._move(kind, move, declared)
        elif observed is None:
            self._create(kind, declared)
        else:
            changes, reason = self._compare(kind, declared, observed)
            if changes:
                self._change(kind, Action.UPDATE, declared, changes, reason=reason, observed=observed)
            else:
                self.findings.unchanged += 1

    def _create(self, kind: Kind, declared: Declared) -> None:
        values = {**declared.options.initial, **declared.values}
        absent = [name for name in (kind.needed(values) if kind.needed is not None else ()) if name not in values]
        for name in absent:
            self._complain(
                "field-needed",
                f"`{declared.address}` cannot be created without `{name}`",
                declared,
                hint=f"write it under `initial:`, here or under `defaults:`: `initial: {{{name}: ...}}`",
            )
        changes = []
        if declared.options.template is not None and kind.template is not None and self._has_templates(kind, declared):
            changes.append(FieldChange(TEMPLATE, Absent.NOT_SET, declared.options.template))
        for name, each in kind.fields.items():
            if name in values and name != kind.replaceable and self._known(kind, declared, each):
                changes.append(FieldChange(name, Absent.NOT_SET, values[name], sensitive=each.codec.sensitive))
        if not absent:
            self._change(kind, Action.CREATE, declared, changes, reason=Reason.MISSING, observed=None)

    def _compare(self, kind: Kind, declared: Declared, observed: Observed) -> tuple[list[FieldChange], Reason]:
        """Compare every declared field; the reason is that of the last difference."""
        reason = Reason.DIFFERS
        changes: list[FieldChange] = []
        live = observed.values
        for name, value in declared.values.items():
            if name in kind.key or name == kind.replaceable or live.get(name, self) == value:
                continue
            each = kind.fields[name]
            if name in declared.options.ignore:
                self._not_compared(kind, name, "ignored")
            elif compare.is_masked(live.get(name)) and not self.options.resends(declared.address, name):
                self._not_compared(kind, name, "masked in the snapshot")
            elif self._known(kind, declared, each):
                found, why = self._compare_field(kind, declared, each, observed)
                changes += found
                reason = why if found else reason
        changes += self._shared(kind, declared, observed, changes)
        return [*changes, *self._sent_along(kind, declared, observed, changes)], reason

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
        anew = is_replacement(kind, sent)
        return [
            FieldChange(name, Absent.NOT_READABLE, value, sensitive=kind.fields[name].codec.sensitive)
            for name, value in declared.values.items()
            if name not in sent and name not in observed.values and name not in kind.key and name != kind.replaceable
            if anew or (kind.fields[name].mark.repeated and kind.fields[name].mark.route in routes)
            if kind.fields[name].supported(self.capabilities)
        ]

    def _compare_field(
        self, kind: Kind, declared: Declared, each: Field, observed: Observed
    ) -> tuple[list[FieldChange], Reason]:
        """Compare a field that is not equal as it stands: it may be unreadable, secret, or mean the same."""
        name, value = each.name, declared.values[each.name]
        blind = [FieldChange(name, Absent.NOT_READABLE, value, sensitive=each.codec.sensitive)]
        if self.options.resends(declared.address, name) and not each.immutable:
            return blind, Reason.RESEND
        if name not in observed.values:
            if self._redeclared(declared, name, value, always_there=kind.main_source(self.capabilities) is None):
                return blind, Reason.REDECLARED
            self._not_compared(kind, name, self._why_unreadable(each))
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
        situation = self._situation(Action.UPDATE, observed.address, [change], observed)
        beside = {name: self._as_declared(name) for name in kind.fields[change.name].mark.beside}
        future = replace(self.live, resources={**self.live.resources, **beside})
        return kind.settled(change.name, replace(situation, future=future))

    def _as_declared(self, kind: str) -> Mapping[str, Observed]:
        """The live resources of a kind as they will be when they are as declared."""
        if kind not in self.as_declared:
            declared = self.desired.of(kind)
            self.as_declared[kind] = {
                key: replace(each, values={**each.values, **declared[key].values}) if key in declared else each
                for key, each in self.live.of(kind).items()
            }
        return self.as_declared[kind]

    def _compare_secret(self, kind: Kind, declared: Declared, name: str, live: Value) -> list[FieldChange]:
        source = declared.values[name]
        known = self.options.secret(source, declared.address)
        if known is None:
            if self._redeclared(declared, name, source):
                return [FieldChange(name, Absent.HIDDEN, source, sensitive=True)]
            self._not_compared(kind, name, "secret not resolved")
            return []
        if isinstance(live, Secret) and known.same_as(live):
            return []
        return [FieldChange(name, Absent.HIDDEN, source, sensitive=True)]

    def _redeclared(self, declared: Declared, name: str, value: Value, *, always_there: bool = False) -> bool:
        """Whether the base declared the field otherwise, or not at all, while it declared the resource.

        A resource that is always there and cannot be read counts as declared at the base, without any fields.
        """
        found = [state.get(declared.address) for state in self.options.earlier]
        return any(always_there if before is None else before.values.get(name) != value for before in found)

    def _note_kept(self, kind: Kind) -> None:
        """Say what was declared, is not any more, and stays, because its kind is deleted only on demand."""
        for address in kept(kind, self.desired, self.live, self.options):
            self.findings.diagnostics.append(
                Diagnostic(
                    "no-longer-declared",
                    Severity.NOTE,
                    f"`{address}` is not declared any more, and is left alone with all that is in it",
                    hint=f"to delete it: `removed: [{{{kind.name}: {address.key}}}]`; if it is somebody else's now: "
                    f"`removed: [{{{kind.name}: {address.key}, step: forget}}]`",
                    address=address,
                )
            )

    def _why_unreadable(self, each: Field) -> str:
        if each.mark.read and each.mark.readable_since is not None and not each.readable(self.capabilities):
            return f"not readable before {each.mark.readable_since}"
        return "not readable"

    def _move(self, kind: Kind, move: Relocation, declared: Declared | None) -> None:
        if kind.on_move is None or not self.capabilities.knows(kind.moves_since):
            since = f" before {kind.moves_since}" if kind.moves_since is not None else ""
            self.findings.diagnostics.append(
                Diagnostic(
                    "move-impossible",
                    Severity.ERROR,
                    f"mailcow cannot rename `{move.source}`{since}",
                    hint="declare the new one, move its contents, and list the old one under `removed:`",
                    origin=self.options.locate(move.place),
                    address=move.source,
                )
            )
            return
        observed = self.live.of(kind.name)[move.source.key]
        fields = [FieldChange(KEEP_ALIAS, Absent.NOT_SET, True)] if move.keep_alias else []
        if declared is not None:
            fields += self._compare(kind, declared, observed)[0]
        self.findings.changes.append(
            Change(
                Action.MOVE,
                move.target,
                tuple(fields),
                Reason.MOVED,
                origin=self.options.locate(move.place),
                moved_from=move.source,
                precondition=digest.of_record(kind, observed, [each.name for each in fields]),
            )
        )

    def _undeclared_move(self, move: Relocation) -> None:
        kind = self.kinds[move.target.kind]
        if self.live.get(move.source) is not None and self.live.get(move.target) is None:
            self._move(kind, move, None)

    def _steps_down(self, kind: Kind) -> None:
        """Switch off what is listed under ``removed:`` with a step short of deletion."""
        for removal in self.desired.removals:
            step = step_today(removal, self.options.today)
            observed = self.live.get(removal.address)
            if removal.address.kind != kind.name or step in ("forget", "delete") or observed is None:
                continue
            if not self.options.focus.covers(removal.address, kind.domain_of(observed.values)):
                continue
            before = observed.values.get("state")
            if before is not None and before not in (step, "off"):
                self.findings.changes.append(
                    Change(
                        Action.UPDATE,
                        removal.address,
                        (FieldChange("state", before, step),),
                        Reason.REMOVED,
                        origin=self.options.locate(removal.place),
                        precondition=digest.of_record(kind, observed, ["state"]),
                    )
                )

    def _departure(self, kind: Kind, departure: Departure) -> Change:
        observed = departure.observed
        change = Change(
            Action.DELETE,
            observed.address,
            reason=departure.reason,
            origin=self.options.locate(departure.removal.place) if departure.removal is not None else None,
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
        situation = self._situation(action, declared.address, fields, observed)
        possible = True
        for each in fields:
            immutable = action is Action.UPDATE and each.name in kind.fields and kind.fields[each.name].immutable
            if immutable and not (kind.replaceable is not None and declared.values.get(kind.replaceable) is True):
                possible = False
                self._complain(
                    "field-immutable",
                    f"`{each.name}` of `{declared.address}` cannot be changed once it exists",
                    declared,
                    hint=f"it is `{each.before}` on the server; declare that, or {_anew(kind)}",
                )
        for name, why, hint in kind.refuses(situation) if kind.refuses is not None else ():
            possible = False
            self._complain("change-impossible", f"`{name}` of `{declared.address}`: {why}", declared, hint=hint)
        if possible:
            order = {name: place for place, name in enumerate((TEMPLATE, *kind.fields))}
            change = Change(
                action,
                declared.address,
                tuple(sorted(fields, key=lambda each: order[each.name])),
                reason,
                origin=self.options.locate(declared.place),
                precondition=None if observed is None else digest.of_record(kind, observed, situation.changed),
            )
            self.findings.changes.append(self._with_effects(kind, change, observed))

    def _with_effects(self, kind: Kind, change: Change, observed: Observed | None) -> Change:
        if change.action is Action.UPDATE and is_replacement(kind, change.after):
            change = replace(change, effects=("it is deleted and made anew",))
        if kind.effects is None:
            return change
        situation = self._situation(change.action, change.address, list(change.fields), observed)
        return replace(change, effects=(*change.effects, *kind.effects(situation)))

    def _situation(
        self, action: Action, address: Address, fields: list[FieldChange], observed: Observed | None
    ) -> Situation:
        change = Change(action, address, tuple(fields))
        return situation_of(change, observed, live=self.live, future=self.live, capabilities=self.capabilities)

    def _known(self, kind: Kind, declared: Declared, each: Field) -> bool:
        if each.supported(self.capabilities):
            return True
        self._unsupported(kind, declared, each)
        return False

    def _has_templates(self, kind: Kind, declared: Declared) -> bool:
        template = self.kinds.get(kind.template or "")
        if template is None or self.capabilities.knows(template.since):
            return True
        self._complain(
            "unsupported",
            f"the server ({self.capabilities.version}) does not know templates; they came with {template.since}",
            declared,
            hint="leave `template` out, or upgrade the server",
        )
        return False

    def _unsupported(self, kind: Kind, declared: Declared, each: Field | None) -> None:
        """Say that the server is too old, or too new, for a field or for the whole kind."""
        what = f"`{each.name}` of `{declared.address}`" if each is not None else f"`{declared.address}`"
        since = each.mark.since if each is not None else kind.since
        if self.options.skip_unsupported:
            self._not_compared(kind, each.name if each is not None else "*", "not known to this server")
            return
        came = (
            f"it came with {since}" if since is not None and self.capabilities.version < since else "it is gone since"
        )
        self._complain(
            "unsupported",
            f"the server ({self.capabilities.version}) does not know {what}; {came}",
            declared,
            hint="leave it out, upgrade the server, or pass `--skip-unsupported`",
        )

    def _not_compared(self, kind: Kind, name: str, reason: str) -> None:
        self.findings.not_compared[kind.name, name, reason] += 1

    def _complain(self, identifier: str, summary: str, declared: Declared, *, hint: str) -> None:
        self.findings.diagnostics.append(
            Diagnostic(
                identifier,
                Severity.ERROR,
                summary,
                hint=hint,
                origin=self.options.locate(declared.place),
                address=declared.address,
            )
        )


def _anew(kind: Kind) -> str:
    """What to do for a resource to be made anew."""
    if kind.replaceable is not None:
        return f"write `{kind.replaceable}: true`, and it is deleted and made anew"
    return "remove the resource and make it anew"
