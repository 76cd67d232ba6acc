"""What can go wrong, as one tree; each branch has the exit code a pipeline sees.

    ReconcilerError            1   a bug of ours, unless a branch below says otherwise
    ├── UsageError            64   the command line or the project file asks for something impossible
    ├── ManifestError          3   the manifest is wrong: fix the file (holds every finding)
    ├── ApiError               4   the server, or the way to it, failed
    │   ├── ConnectionFailed       it cannot be reached: name, address, TLS, time
    │   ├── AccessDenied           it refuses this key or this address; never tried again
    │   ├── ProtocolError          it answered something that cannot be understood
    │   └── RequestRefused         it understood, and said no
    ├── PlanRefused            5   a guard, a stale plan, another server: nothing was sent
    └── ApplyIncomplete        6   some changes failed; the report names them; running again continues

An error carries data; the sentence a person reads is made where it is shown. This module imports nothing of ours.
"""

from typing import Any, ClassVar

__all__ = [
    "AccessDenied",
    "ApiError",
    "ApplyIncomplete",
    "ConnectionFailed",
    "ManifestError",
    "PlanRefused",
    "ProtocolError",
    "ReconcilerError",
    "RequestRefused",
    "UsageError",
]


class ReconcilerError(Exception):
    """The root: everything this package raises on purpose.

    Attributes:
        exit_code: What the process exits with when nothing handles the error.
        id: Stable kebab-case name, for documentation and scripts.
        summary: What happened, in one sentence without a full stop.
        hint: What to do about it; empty when there is nothing to advise.
        details: Everything else that is known, by name: plain values, never a secret.
    """

    exit_code: ClassVar[int] = 1

    def __init__(
        self,
        summary: str,
        *,
        id: str,  # noqa: A002  the word users meet in messages and documentation
        hint: str = "",
        **details: Any,
    ) -> None:
        super().__init__(summary)
        self.id = id
        self.summary = summary
        self.hint = hint
        self.details: dict[str, Any] = details


class UsageError(ReconcilerError):
    """The command line, the environment or the project file asks for something impossible."""

    exit_code: ClassVar[int] = 64


class ManifestError(ReconcilerError):
    """What people wrote is wrong; every finding is told at once.

    Attributes:
        diagnostics: The findings, each with its own id, place and hint (`model.Diagnostic` values; typed loosely
            because this module imports nothing of ours).
    """

    exit_code: ClassVar[int] = 3

    def __init__(
        self,
        diagnostics: tuple[Any, ...],
        *,
        summary: str = "the manifests are wrong",
        id: str = "manifest-wrong",  # noqa: A002  as in the root
        hint: str = "",
        **details: Any,
    ) -> None:
        super().__init__(summary, id=id, hint=hint, **details)
        self.diagnostics = diagnostics


class ApiError(ReconcilerError):
    """The server, or the way to it, failed."""

    exit_code: ClassVar[int] = 4


class ConnectionFailed(ApiError):  # noqa: N818  named for what happened
    """The server cannot be reached, or went silent: name, address, TLS, time, or a failing server behind it."""


class AccessDenied(ApiError):  # noqa: N818  named for what happened
    """The server refuses this key or this address (401, 403).

    Never tried again: ten refusals get an address banned (mailcow all versions, fail2ban's default).
    """


class ProtocolError(ApiError):
    """The server answered something that cannot be understood."""


class RequestRefused(ApiError):  # noqa: N818  named for what happened
    """The server understood the request and said no; `details` hold its own words."""


class PlanRefused(ReconcilerError):  # noqa: N818  named for what happened
    """The plan may not be carried out: a guard, a stale plan, another server. Nothing was sent."""

    exit_code: ClassVar[int] = 5


class ApplyIncomplete(ReconcilerError):  # noqa: N818  named for what happened
    """Some changes failed or are unknown; the report names them, and running again continues."""

    exit_code: ClassVar[int] = 6
