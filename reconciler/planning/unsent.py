"""What a change sets and nothing shows afterwards: where an apply ends too early, only its word tells of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from reconciler.model.address import Address
from reconciler.model.change import Action, Change
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.resource import Declared, Observed, Value
from reconciler.model.secret import Secret
from reconciler.model.state import DesiredState, LiveState
from reconciler.planning import compare
from reconciler.planning.options import PlanOptions
from reconciler.records import field, record
from reconciler.spec.capabilities import Capabilities
from reconciler.spec.kind import Field, Kind

Fields = Mapping[Address, tuple[str, ...]]
"""Names of fields, by what they are of."""

_SHOWN = 3


@record(frozen=True, slots=True)
class Earlier:
    """What is known of earlier applies by those who made them.

    Attributes:
        left: what may not have been sent.
        sent: of what everything was sent that it needed.
    """

    left: Fields = field(default_factory=dict)
    sent: frozenset[Address] = frozenset()


def following(kind: Kind, declared: Declared, capabilities: Capabilities) -> tuple[str, ...]:
    """Of what `initial` says, what a creation sends in calls of their own, and no later plan looks for."""
    return tuple(
        name
        for name, value in declared.options.initial.items()
        if name not in declared.values and _follows(kind.fields[name], value, capabilities)
    )


def unseen(
    kinds: Mapping[str, Kind], desired: DesiredState, changes: Iterable[Change], capabilities: Capabilities
) -> dict[Address, tuple[str, ...]]:
    """What changes set that no later plan would miss, where that may come later than what makes the resource."""
    found = {}
    for change in changes:
        kind, declared = kinds[change.address.kind], desired.get(change.address)
        if declared is not None and change.action is not Action.DELETE:
            names = tuple(
                each.name
                for each in change.fields
                if each.name in kind.fields
                and _is_unseen(kind.fields[each.name], declared, each.after, capabilities)
                and not (change.action is Action.CREATE and kind.fields[each.name].taken_by_add(capabilities))
            )
            if names:
                found[change.address] = names
    return found


def left_unsent(
    kinds: Mapping[str, Kind],
    desired: DesiredState,
    live: LiveState,
    changes: Iterable[Change],
    earlier: Earlier,
    *,
    capabilities: Capabilities,
    options: PlanOptions,
) -> dict[Address, tuple[str, ...]]:
    """What may not have been sent by earlier applies, is still declared, not seen to be there, and not sent by changes.

    Those who made them say so, or revisions whose apply began and did not converge.

    Args:
        live: with what `worth_reading` asks for.
    """
    sent = {change.address: frozenset(change.after) for change in changes}
    found = {}
    for address, names in candidates(kinds, desired, earlier, capabilities=capabilities, options=options).items():
        declared, observed = desired.get(address), live.get(address)
        if declared is None or observed is None:
            continue
        settled = sent.get(address, frozenset()) | _seen_there(kinds[address.kind], declared, observed, names, options)
        left = tuple(name for name in names if name not in settled)
        if left:
            found[address] = left
    return found


def candidates(
    kinds: Mapping[str, Kind],
    desired: DesiredState,
    earlier: Earlier,
    *,
    capabilities: Capabilities,
    options: PlanOptions,
) -> dict[Address, tuple[str, ...]]:
    """What may not have been sent by earlier applies, before anything is looked at."""
    found: dict[Address, tuple[str, ...]] = {}
    for declared in _half_made(kinds, desired, options):
        if declared.address not in earlier.sent:
            names = following(kinds[declared.address.kind], declared, capabilities)
            found |= {declared.address: names} if names else {}
    for address, names in earlier.left.items():
        there = desired.get(address)
        if there is None or address.kind not in kinds:
            continue
        fields, wanted = kinds[address.kind].fields, {**there.options.initial, **there.values}
        known = (each for each in names if each in fields and each in wanted and fields[each].supported(capabilities))
        unsaid = tuple(dict.fromkeys((*found.get(address, ()), *known)))
        found |= {address: unsaid} if unsaid else {}
    return found


def carried(
    kinds: Mapping[str, Kind], desired: DesiredState, live: LiveState, earlier: Earlier, options: PlanOptions
) -> Fields:
    """What is to be remembered on of what may not have been sent: all that is not seen to be there."""
    found: dict[Address, tuple[str, ...]] = {}
    for address, names in earlier.left.items():
        declared, observed = desired.get(address), live.get(address)
        there = frozenset[str]()
        if declared is not None and observed is not None:
            there = _seen_there(kinds[address.kind], declared, observed, names, options)
        left = tuple(name for name in names if name not in there)
        found |= {address: left} if left else {}
    return found


def worth_reading(
    kinds: Mapping[str, Kind], desired: DesiredState, left: Fields, options: PlanOptions
) -> dict[tuple[str, str], set[str]]:
    """The keys, by kind and field, of what is looked at although it matters only at creation."""
    found: dict[tuple[str, str], set[str]] = {}
    for address, names in left.items():
        for name in names:
            found.setdefault((address.kind, name), set()).add(address.key)
    if options.rotates_anything:
        for kind, resources in desired.resources.items():
            for key, declared in resources.items():
                for name in declared.options.initial:
                    if options.names(declared.address, name):
                        found.setdefault((kind, name), set()).add(key)
    return {place: keys for place, keys in found.items() if kinds[place[0]].fields[place[1]].mark.read}


def passed_over(
    kinds: Mapping[str, Kind],
    desired: DesiredState,
    live: LiveState,
    changes: Iterable[Change],
    *,
    capabilities: Capabilities,
    options: PlanOptions,
) -> dict[Address, tuple[str, ...]]:
    """What `initial` says of what was there before any apply that is remembered, and is therefore not sent.

    It may have been made by hand; or by an apply that ended too early where nothing of it was kept.
    """
    if options.applied is None or options.applied is desired:
        return {}
    sent = {change.address: frozenset(change.after) for change in changes}
    found: dict[Address, tuple[str, ...]] = {}
    for name in kinds:  # not by items: a kind is imported when it is looked at
        if not (desired.of(name) and live.was_read(name)):
            continue
        kind = kinds[name]
        if kind.routes.add is None or not any(map(_may_follow, kind.fields.values())):
            continue
        before = (options.applied, *(part.declared for part in options.parts if part.converged))
        there, declared_before = desired.of(name), [state.of(name) for state in before]
        for key in live.of(name):
            if key not in there or any(key in state for state in declared_before):
                continue
            declared = there[key]
            names = following(kind, declared, capabilities)
            settled = sent.get(declared.address, frozenset())
            settled |= _seen_there(kind, declared, live.of(name)[key], names, options)
            left = tuple(each for each in names if each not in settled)
            found |= {declared.address: left} if left else {}
    return found


def told(left: Fields, desired: DesiredState, options: PlanOptions) -> Iterator[Diagnostic]:
    """Tell of what may not have been sent, and how to send it."""
    for name, of in _by_field(left, desired):
        initial = any(name not in each.values for each in of)
        why = "under `initial` it is not sent again" if initial else "the server does not show it"
        yield Diagnostic(
            "initial-unsent" if initial else "setting-unsent",
            Severity.WARNING,
            f"`{name}` of {_listed(of)} may not have been sent, and {why}",
            hint=f"once it is there: `{_resend(of[0].address, name)}`",
            origin=options.locate(of[0].place),
            address=of[0].address,
        )


def told_of_passed_over(over: Fields, desired: DesiredState, options: PlanOptions) -> Iterator[Diagnostic]:
    """Tell of what is not sent because it matters only at a creation."""
    for name, of in _by_field(over, desired):
        was = "they were" if len(of) > 1 else "it was"
        yield Diagnostic(
            "initial-passed-over",
            Severity.NOTE,
            f"`{name}` of {_listed(of)} is under `initial` and not sent: {was} there before any remembered apply",
            hint=f"to send it all the same: `{_resend(of[0].address, name)}`",
            origin=options.locate(of[0].place),
            address=of[0].address,
        )


def _resend(address: Address, name: str) -> str:
    from shlex import quote  # noqa: PLC0415  most plans have nothing of this to tell

    return f"--resend {quote(f'{address}#{name}')}"


def _by_field(left: Fields, desired: DesiredState) -> Iterator[tuple[str, list[Declared]]]:
    found: dict[tuple[str, str], list[Declared]] = {}
    for address, names in left.items():
        declared = desired.get(address)
        if declared is not None:
            for name in names:
                found.setdefault((address.kind, name), []).append(declared)
    return ((name, of) for (_, name), of in found.items())


def _listed(of: list[Declared]) -> str:
    shown = ", ".join(f"`{each.address}`" for each in of[:_SHOWN])
    return f"{shown} and {len(of) - _SHOWN} more" if len(of) > _SHOWN else shown


def _may_follow(each: Field) -> bool:
    """Whether some server takes it only in a call of its own."""
    return not each.immutable and (not each.mark.add or each.mark.added_since is not None)


def _half_made(kinds: Mapping[str, Kind], desired: DesiredState, options: PlanOptions) -> Iterator[Declared]:
    """What the last converged revision did not declare, and one did whose apply began since."""
    begun = (*options.attempted, *(part.declared for part in options.parts if not part.converged))
    if not begun:
        return
    settled = tuple(part.declared for part in options.parts if part.settles)
    before = (*settled, *(() if options.base is None else (options.base,)))
    for name in kinds:  # not by items, as above
        tried = [state.of(name) for state in begun]
        if not any(tried) or kinds[name].routes.add is None or not any(map(_may_follow, kinds[name].fields.values())):
            continue
        there, known = desired.of(name), [state.of(name) for state in before]
        for key in {key: None for state in tried for key in state if key in there}:
            if there[key].options.initial and not any(key in state for state in known):
                yield there[key]


def _seen_there(
    kind: Kind, declared: Declared, observed: Observed, names: Iterable[str], options: PlanOptions
) -> frozenset[str]:
    """Of what is declared, by its initial value where there is no other, what the server is seen to have."""
    wanted, live = {**declared.options.initial, **declared.values}, observed.values
    shown = [kind.fields[name] for name in names if name in wanted and name in live]
    return frozenset(
        each.name for each in shown if _is_there(each, wanted[each.name], live[each.name], declared.address, options)
    )


def _is_there(each: Field, wanted: Value, live: Value, address: Address, options: PlanOptions) -> bool:
    if each.codec.sensitive:
        known = options.secret(wanted, address)
        return known is not None and isinstance(live, Secret) and each.codec.same(known, live)
    return compare.same(each, wanted, live, additive=each.mark.elements is not None)


def _follows(each: Field, value: Value, capabilities: Capabilities) -> bool:
    """Whether a creation sends it in a call of its own; what is so anyway, it does not."""
    known = each.supported(capabilities) and not each.taken_by_add(capabilities)
    return known and not each.immutable and bool(value != each.mark.default)


def _is_unseen(each: Field, declared: Declared, value: Value, capabilities: Capabilities) -> bool:
    """Whether no later plan finds out that it was not sent."""
    initial = each.name in declared.options.initial and each.name not in declared.values
    return (initial or not each.readable(capabilities)) and bool(value != each.mark.default)
