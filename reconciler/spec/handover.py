"""What an identity provider checks: how it is let go of, and what it has no use for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from reconciler.model.address import Address
from reconciler.model.operation import Verb
from reconciler.model.version import Version
from reconciler.spec.step import Stage, Step

if TYPE_CHECKING:
    from reconciler.spec.kind import Situation, StepsHook

OWN: Final = "mailcow"
"""The word for passwords that the server checks itself."""

_SECOND_FACTOR_SINCE: Final = Version(2026, 3, "b")


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


def without_use(situation: Situation, provider: Address) -> Iterator[tuple[str, str, str]]:
    """Find what the server drops where the password is an identity provider's (2025-03 to 2026-07a).

    Asking for a second factor was dropped for every provider until 2026-03b (functions.mailbox.inc.php).
    """
    after, changed = situation.after, situation.changed
    source = after.get("authentication", OWN)
    there_is = situation.future.value(provider, "provider")
    if source == OWN:
        return
    if "authentication" in changed and situation.future.was_read(provider.kind) and there_is != source:
        yield "authentication", f"the server's identity provider is `{there_is or 'none'}`", "declare that provider too"
    for name, nothing in (("force_password_change", False), ("recovery_email", "none")):
        if name in changed and after[name] != nothing:
            yield name, f"the password is `{source}`'s, so mailcow drops it", "leave it out"
    leaves_it = source == "generic-oidc" or situation.capabilities.version < _SECOND_FACTOR_SINCE
    if leaves_it and "force_two_factor" in changed and after["force_two_factor"]:
        yield "force_two_factor", f"mailcow leaves that to `{source}`", "leave it out"
