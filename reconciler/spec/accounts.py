"""Accounts in mailcow's own pages: what administrators of the server and of domains have alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from reconciler.model.address import Address
from reconciler.model.operation import Verb
from reconciler.spec.kind import Situation
from reconciler.spec.mark import Mark, Owner, field
from reconciler.spec.step import Stage, Step

__all__ = ["FORCE_TWO_FACTOR", "force_password_change", "password_of", "renamed_by"]

FORCE_TWO_FACTOR: Final = field(
    "Ask for a second factor to be set up at the next login.",
    read="attributes.force_tfa",
    edit="force_tfa",
    since="2026-03",
    default=False,
    repeated=True,
)


def password_of(owner: Owner) -> Mark:
    """Mark the password of an account."""
    return field(
        "The password, sent when the account is created. The server never shows it.",
        add=("password", "password2"),
        edit=("password", "password2"),
        owner=owner,
    )


def force_password_change(owner: Owner) -> Mark:
    """Mark what asks the owner for a new password."""
    return field(
        "Ask for a new password at the next login. The server clears it once that is done.",
        read="attributes.force_pw_update",
        edit="force_pw_update",
        since="2026-03",
        default=False,
        repeated=True,
        owner=owner,
    )


def renamed_by(route: str, *, successes: tuple[str, ...]) -> Callable[[Address, Situation], tuple[Step, ...]]:
    """Make the way accounts are renamed: in place, by an edit (2022-01a to 2026-07a, ``username_new``)."""

    def rename(source: Address, situation: Situation) -> tuple[Step, ...]:
        return (
            Step(
                verb=Verb.EDIT,
                route=route,
                item=source.key,
                attributes={"username_new": situation.address.key},
                successes=successes,
                stage=Stage.FREE,
                alone=True,
            ),
        )

    return rename
