"""What is said when an exchange did not come about, once that is the end of it: imported only then."""

from _socket import gaierror
from collections.abc import Iterator

from reconciler.api.failures import Failure, FailureReason
from reconciler.errors import ApiError, ConnectionFailed, ProtocolError

__all__ = ["error_of", "not_connected", "why_not_connected"]

_HINTS = {
    FailureReason.NAME: "check the server's name and this machine's DNS",
    FailureReason.REFUSED: "check the port, and that the server is running",
    FailureReason.UNREACHABLE: "check the server's address, and this machine's network",
    FailureReason.PROXY: "check the proxy that `--proxy` or MAILCOW_PROXY names: address, password, what it lets pass",
    FailureReason.CERTIFICATE: "look at its names and dates; if it comes from an authority of your own, name the file "
    "of that with `--ca-file`, or as `ca_file` of `server` in the project file",
    FailureReason.TLS: "check that the port speaks TLS, and its version",
    FailureReason.CONNECT_TIMEOUT: "check the address, the port and the firewalls between",
    FailureReason.READ_TIMEOUT: "large servers take minutes for their lists: allow more time (`timeout` of `server` in "
    "the project file), or be about less (`--domain`)",
    FailureReason.BROKEN: "check the server's log, and the time limits of a proxy before it",
    FailureReason.TOO_LARGE: "check that the address is that of a mailcow server",
    FailureReason.SERVER: "check the server's containers: its database, Redis or dockerapi may be down",
    FailureReason.UNINTELLIGIBLE: "check that the address is that of a mailcow server, and that its containers run",
    FailureReason.REDIRECTED: "use the address it names, if you trust it; the API key is never sent along a redirect",
}

_SUMMARIES = {
    FailureReason.NAME: "the server's name is not known",
    FailureReason.REFUSED: "the server refuses the connection",
    FailureReason.UNREACHABLE: "the server cannot be reached",
    FailureReason.PROXY: "the server cannot be reached through the proxy",
    FailureReason.CERTIFICATE: "the server's certificate is not trusted",
    FailureReason.TLS: "no encrypted connection to the server could be made",
    FailureReason.CONNECT_TIMEOUT: "the server does not answer",
    FailureReason.READ_TIMEOUT: "the server took too long to answer",
    FailureReason.BROKEN: "the connection broke before the answer was complete",
    FailureReason.TOO_LARGE: "the server's answer is too large",
    FailureReason.SERVER: "the server is failing",
    FailureReason.UNINTELLIGIBLE: "the server's answer is not one of mailcow's API",
    FailureReason.REDIRECTED: "the server redirects elsewhere",
}

_NEVER_UNDERSTOOD = (FailureReason.TOO_LARGE, FailureReason.UNINTELLIGIBLE, FailureReason.REDIRECTED)


def not_connected(error: OSError) -> Failure:
    """Read what was raised when a connection was to be made."""
    if isinstance(error, TimeoutError):
        return Failure(FailureReason.CONNECT_TIMEOUT, sent=False)
    return Failure(why_not_connected(error), sent=False, detail=str(error))


def error_of(failure: Failure, *, origin: str, call: str) -> ApiError:
    """Make the error that ends a read.

    Args:
        failure: What broke last.
        origin: The server's address.
        call: The kind of call, without the names it was about.
    """
    kind = ProtocolError if failure.reason in _NEVER_UNDERSTOOD else ConnectionFailed
    return kind(
        _SUMMARIES[failure.reason],
        id=f"api-{failure.reason}",
        hint=_HINTS[failure.reason],
        origin=origin,
        call=call,
        detail=failure.detail,
        **({"status": failure.status} if failure.status else {}),
    )


def why_not_connected(error: Exception) -> FailureReason:
    """Say what kept a connection from being made, from the error and what caused it."""
    for cause in _causes(error):
        if isinstance(cause, gaierror):
            return FailureReason.NAME
        if isinstance(cause, ConnectionRefusedError):
            return FailureReason.REFUSED
        if type(cause).__name__ == "SSLCertVerificationError":  # by name: ssl is imported only where it is used
            return FailureReason.CERTIFICATE
        if type(cause).__module__ == "ssl":
            return FailureReason.TLS
    return FailureReason.UNREACHABLE


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
