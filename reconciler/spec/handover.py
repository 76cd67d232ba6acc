"""What is checked by a provider that can be changed only once nothing is checked by it any more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.model.address import Address
from reconciler.model.operation import Verb
from reconciler.spec.step import Stage, Step

if TYPE_CHECKING:
    from reconciler.spec.kind import Situation, StepsHook

OWN: Final = "mailcow"
"""The word for passwords that the server checks itself."""


def lets_go_of(provider: Address, *, route: str, successes: tuple[str, ...]) -> StepsHook:
    """Make the hook of a kind whose ``authentication`` names the provider there is.

    The server lets a provider be changed or taken away only when no mailbox uses it, and a mailbox name only the one
    there is (2025-03 to 2026-07a, functions.inc.php: identity_provider, functions.mailbox.inc.php). So whatever leaves
    is the server's own in between.
    """

    def let_go(steps: tuple[Step, ...], situation: Situation) -> tuple[Step, ...]:
        now = situation.before.get("authentication", OWN)
        then = situation.future.value(provider, "provider")
        stays = situation.verb is not Verb.DELETE and "authentication" not in situation.changed
        if now == OWN or then in (None, now) or stays or situation.observed is None:
            return steps
        first = Step(
            verb=Verb.EDIT,
            route=route,
            item=situation.observed.handle,
            attributes={**situation.observed.kept, "authsource": OWN},
            successes=successes,
            stage=Stage.FREE,
            optional=True,
            note="leaves the identity provider",
        )
        return (first, *steps)

    return let_go
