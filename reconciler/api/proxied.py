"""The way through httpx: for what our own connections do not know, which is proxies."""

from __future__ import annotations

import ssl
from collections.abc import Mapping

import httpx

from reconciler.api.access import ServerAccess
from reconciler.api.envelope import OK
from reconciler.api.exchange import ExchangeFailed, Received, Transport
from reconciler.api.failures import Failure, FailureReason
from reconciler.api.intake import Intake
from reconciler.api.jsontext import Typed
from reconciler.api.trouble import why_not_connected
from reconciler.errors import UsageError

__all__ = ["HttpxTransport", "through_proxy"]


def through_proxy(access: ServerAccess, context: ssl.SSLContext | None) -> Transport:
    """Go through the proxy that is asked for.

    Raises:
        UsageError: `proxy-wrong`.
    """
    limits = httpx.Limits(max_connections=access.parallelism)
    try:
        pool = httpx.HTTPTransport(verify=context or True, proxy=access.proxy, limits=limits, trust_env=False)
    except (ValueError, ImportError, httpx.InvalidURL):
        hint = "write it as http://host:port"
        wrong = UsageError("the proxy's address is wrong", id="proxy-wrong", hint=hint)
        raise wrong from None  # what httpx says repeats the address, and the password in it
    return HttpxTransport(access, pool)


class HttpxTransport:
    """Any transport of httpx's, as ours."""

    def __init__(self, access: ServerAccess, transport: httpx.BaseTransport) -> None:
        """Go by another transport.

        Args:
            access: the server and the limits.
            transport: one of httpx's.
        """
        self._access = access
        self._transport = transport
        self._timeouts = httpx.Timeout(access.timeout, connect=access.connect_timeout).as_dict()

    def exchange(
        self,
        method: str,
        path: bytes,
        headers: Mapping[str, str],
        content: bytes | None,
        *,
        typed: Typed | None = None,
    ) -> Received:
        """Send a request, and receive its answer.

        Raises:
            ExchangeFailed: with what broke.
        """
        url = httpx.URL(self._access.origin).copy_with(raw_path=path)
        extensions = {"timeout": self._timeouts}
        request = httpx.Request(method, url, headers=dict(headers), content=content, extensions=extensions)
        try:
            response = self._transport.handle_request(request)
            try:
                return self._received(response, typed)
            finally:
                response.close()
        except httpx.DecodingError as error:
            failure = Failure(FailureReason.UNINTELLIGIBLE, detail="the body is not what its encoding says")
            raise ExchangeFailed(failure) from error
        except httpx.TransportError as error:
            raise ExchangeFailed(_failure_of(error)) from error

    def prepare(self) -> None:
        """Do nothing: httpx connects when it is asked for something."""

    def rest(self) -> None:
        """Close the connections, of which nobody uses any when this is asked for; the next request opens a new one."""
        self._transport.close()

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def _received(self, response: httpx.Response, typed: Typed | None) -> Received:
        intake = Intake(self._access.largest_answer, typed if response.status_code == OK else None)
        for piece in response.iter_bytes():
            intake.take(piece)
        body, ahead = intake.end()
        return Received(response.status_code, dict(response.headers), body, response.num_bytes_downloaded, ahead)


def _why_not_connected(error: httpx.TransportError) -> FailureReason:
    """Blame the proxy, whose name and address it is that are looked up; but for what the server says through it."""
    why = why_not_connected(error)
    return why if why in (FailureReason.CERTIFICATE, FailureReason.TLS) else FailureReason.PROXY


def _failure_of(error: httpx.TransportError) -> Failure:
    """Read what a transport raised; only a failure to connect means that nothing was sent."""
    if isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout):
        return Failure(FailureReason.CONNECT_TIMEOUT, sent=False)
    if isinstance(error, httpx.ConnectError | httpx.ProxyError | httpx.UnsupportedProtocol):
        return Failure(_why_not_connected(error), sent=False, detail=str(error))
    if isinstance(error, httpx.TimeoutException):
        return Failure(FailureReason.READ_TIMEOUT)
    return Failure(FailureReason.BROKEN, detail=str(error))
