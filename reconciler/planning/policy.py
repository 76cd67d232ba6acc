"""Which changes are outside what a repository may change on a server that several share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reconciler.model.address import Address
from reconciler.model.change import Action, Change
from reconciler.model.plan import Refusal
from reconciler.model.policy import Policy
from reconciler.model.state import LiveState
from reconciler.spec.kind import Kind


def refusals(
    kinds: Mapping[str, Kind], changes: Sequence[Change], live: LiveState, policy: Policy
) -> tuple[Refusal, ...]:
    """Find the changes that are outside a policy, those for one reason together."""
    found: dict[str, list[Address]] = {}
    for change in changes:
        for why in dict.fromkeys(_reasons(kinds[change.address.kind], change, live, policy)):
            found.setdefault(why, []).append(change.address)
    permit = f"a change of {policy.name}"
    return tuple(
        Refusal("outside-policy", f"{policy.name} does not permit {why}", permit, tuple(addresses))
        for why, addresses in found.items()
    )


def _reasons(kind: Kind, change: Change, live: LiveState, policy: Policy) -> Iterator[str]:
    observed = live.get(change.moved_from or change.address)
    values = {**(observed.values if observed is not None else {}), **change.after}
    what = kind.plural.replace("_", " ")
    domains = [kind.domain_of(values), *((kind.domain_of(observed.values),) if observed is not None else ())]
    for domain in dict.fromkeys(domains):
        if not policy.covers(kind.name, domain):
            yield f"to change {what} {f'in {domain}' if domain else 'of no domain'}"
    permitted = policy.fields.get(kind.name)
    if permitted is None:
        return
    if change.action in (Action.DELETE, Action.MOVE):
        yield f"to {change.action.value} {what}"
    for each in change.fields:
        if each.name not in permitted and each.name not in kind.key:
            yield f"to set `{each.name}` of {what}"
