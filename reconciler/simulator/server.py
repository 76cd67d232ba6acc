"""One running server: its version, its memory, its clock and its dice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import TYPE_CHECKING

from .profile import Profile
from .state import State

if TYPE_CHECKING:
    from .protocol import Answer


@dataclass(slots=True)
class Server:
    """What every behaviour may use.

    Attributes:
        profile: The version's abilities.
        state: Its memory.
        clock: Gives the server's local time.
        random: Gives keys, names and secrets; seeded, so that a run can be repeated.
        names: The hosts that send mail for a name, as DNS would tell; other names are unknown.
        said: Answers to reads that a fault may give once more, by path.
        half_created: Number of coming `add/mailbox` calls that shall be left half done (a fault; consumed by them).
    """

    profile: Profile
    state: State
    clock: Callable[[], datetime]
    random: Random
    half_created: int = field(default=0)
    names: dict[str, tuple[str, ...]] = field(default_factory=dict)
    said: dict[str, Answer] = field(default_factory=dict, repr=False)

    def has(self, feature: str) -> bool:
        """Tell whether this server's version has a feature of `profile.FEATURES`."""
        return self.profile.has(feature)

    def now(self) -> str:
        """The time as the database writes it: ``2026-11-22 07:03:25``, local, without a zone."""
        return self.clock().strftime("%Y-%m-%d %H:%M:%S")

    def unix_time(self) -> int:
        """The time in seconds since 1970."""
        return int(self.clock().timestamp())
