"""Calls to one server: who may be asked what, what comes back, and what is done when nothing does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Self

from reconciler.api.access import ServerAccess
from reconciler.api.envelope import Answer
from reconciler.api.exchange import ExchangeFailed, Transport
from reconciler.api.failures import Failure, FailureReason
from reconciler.api.pace import Pace
from reconciler.api.paths import get_path, kind_of_get, kind_of_post, post_path
from reconciler.api.reading import Reading, ReadingState, reading_of
from reconciler.api.retry import Patience, Timing
from reconciler.api.statistics import Statistics, Tally
from reconciler.api.transport import transport_for
from reconciler.errors import AccessDenied, RequestRefused
from reconciler.records import record

if TYPE_CHECKING:
    from reconciler.api.denial import Denial
    from reconciler.api.jsontext import Body, Typed
    from reconciler.api.verdict import Verdict

__all__ = ["Client"]

_USER_AGENT = "mailcow-reconciler"
_PASSING_STATUSES = frozenset({429, 500, 502, 503, 504})
_BUSY_STATUSES = frozenset({429, 502, 503, 504})
_BUSY_REASONS = frozenset({FailureReason.READ_TIMEOUT, FailureReason.CONNECT_TIMEOUT})


@record(frozen=True, slots=True)
class _Call:
    """One request.

    Attributes:
        kind: what is counted together.
        typed: what makes records of the rows of a long answer.
    """

    method: str
    kind: str
    path: bytes
    content: bytes | None = None
    typed: Typed | None = None


class Client:
    """The one way to a server; safe to use from many threads.

    There are as many requests under way as `access` allows, fewer while the server labours under them (`pace`). The
    first request is answered before a second one is sent, and after a refused key nothing more is sent: each
    refusal counts towards a ban of the address. Cookies are neither kept nor sent (a session stays an administrator's
    without any key, and mixes the answers of different calls), redirects are not followed, and no setting comes from
    the environment. This holds because nothing here does those things, not because it is switched off.

    Attributes:
        pace: How many requests may be under way at once.
    """

    def __init__(
        self,
        access: ServerAccess,
        *,
        timing: Timing,
        patience: Patience | None = None,
        transport: Transport | None = None,
    ) -> None:
        """Prepare the way; nothing is sent yet.

        Args:
            access: The server, its key, and the limits.
            timing: The clock.
            patience: How often reads are tried; a few seconds' worth by default.
            transport: Another way than our own, such as a test's.
        """
        self.access = access
        self._timing = timing
        self._patience = patience or Patience()
        self._transport = transport or transport_for(access, now=timing.now)
        common = {"Accept": "application/json", "User-Agent": _USER_AGENT, "X-API-Key": access.key}
        self._headers = {
            "GET": common | {"Accept-Encoding": "gzip"},
            "POST": common | {"Content-Type": "application/json"},
        }
        self.pace = Pace(access.parallelism)
        self._first = threading.Lock()
        self._answered = False
        self._locked_out: Denial | None = None
        self._read_only: Denial | None = None
        self._tally = Tally()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def prepare(self) -> None:
        """Make a connection before it is needed; nothing is sent but what TLS itself says."""
        self._transport.prepare()

    def rest(self) -> None:
        """Close the connections for now: whoever has read may not come back, and leaves none behind."""
        self._transport.rest()

    @property
    def statistics(self) -> Statistics:
        """What the calls so far have cost."""
        return self._tally.snapshot()

    def get(self, *segments: str, query: Mapping[str, str] | None = None, typed: Typed | None = None) -> Reading:
        """Read something, trying again where a failure may pass.

        Args:
            segments: The path behind `get/`, in pieces and unencoded, such as a collection, `all`, a domain.
            query: Parameters behind the path; versions before 2022-05 drop them.
            typed: What makes records of the objects of a list, where mappings would be a waste.

        Returns:
            The answer: its state is `CONTENT`, `EMPTY`, `SILENT` or `NO_ROUTE`.

        Raises:
            AccessDenied: The key or the address was refused, now or earlier.
            ConnectionFailed: No answer came, however often it was tried; or the server is failing.
            ProtocolError: What came is no answer of the API.
            RequestRefused: The server sent an error object, or the route is not among the readable ones.
        """
        kind = kind_of_get(segments, self.access.readable)
        if kind is None:
            raise RequestRefused(
                "this route is not among those that may be read",
                id="api-route-not-readable",
                route=segments[0] if segments else "",
            )
        path = get_path(segments, query)
        attempt = 1
        while True:
            outcome = self._read(_Call("GET", f"get {kind}", path, typed=typed))
            if isinstance(outcome, Reading):
                return outcome
            pause = self._patience.pause_after(outcome, attempt=attempt, answered_before=self._answered)
            if pause is None:
                from reconciler.api.trouble import error_of  # noqa: PLC0415  most runs have none

                raise error_of(outcome, origin=self.access.origin, call=f"get {kind}")
            attempt += 1
            self._timing.sleep(pause)

    def post(self, *segments: str, body: Any) -> Verdict:
        """Write something, once; whatever becomes of it is a value, since only the caller can find out more.

        Args:
            segments: The path, verb first (`add`, `edit`, `delete`), in pieces and unencoded.
            body: The JSON value to send.

        Returns:
            What the server said; `UNKNOWN` when the answer was lost, empty or not JSON, `UNSENT` when no connection
            could be made.

        Raises:
            AccessDenied: The key or the address was refused, now or earlier, or the key may not write. Where something
                before the server seems to have denied it, this is raised from the next request on.
        """
        from reconciler.api.jsontext import encode_json  # noqa: PLC0415  a plan writes nothing
        from reconciler.api.verdict import Judgement, Verdict, verdict_of  # noqa: PLC0415  as above

        if self._read_only is not None:
            raise self._refusal(self._read_only)
        content = encode_json(body)
        outcome = self._exchange(_Call("POST", f"post {kind_of_post(segments)}", post_path(segments), content))
        if isinstance(outcome, Failure):
            judgement = Judgement.UNKNOWN if outcome.sent else Judgement.UNSENT
            return Verdict(judgement, status=outcome.status, cause=outcome.reason)
        return verdict_of(outcome)

    def _read(self, call: _Call) -> Reading | Failure:
        outcome = self._exchange(call)
        if isinstance(outcome, Failure):
            return outcome
        if outcome.is_redirect:
            return Failure(FailureReason.REDIRECTED, detail=outcome.location, status=outcome.status)
        reading = reading_of(outcome, call.typed)
        if reading.state is ReadingState.FAILED:
            reason = FailureReason.SERVER if outcome.status in _PASSING_STATUSES else FailureReason.UNINTELLIGIBLE
            return Failure(reason, detail=outcome.content_type, status=outcome.status)
        if reading.state is ReadingState.REFUSED:
            raise RequestRefused(
                "the server refuses the request",
                id="api-refused",
                origin=self.access.origin,
                call=call.kind,
                message=reading.message,
            )
        return reading

    def _exchange(self, call: _Call) -> Answer | Failure:
        """Send one request, alone until the server has answered one, and see to it that a refusal is the last."""
        if not self._answered:
            with self._first:
                if not self._answered:
                    return self._admitted(call)
        return self._admitted(call)

    def _admitted(self, call: _Call) -> Answer | Failure:
        entered = self.pace.enter()
        size, seconds, busy = 0, None, False
        try:
            if self._locked_out is not None:
                raise self._refusal(self._locked_out)
            outcome, size, seconds = self._send(call)
            busy = _is_too_busy(outcome)
        finally:
            self.pace.leave(entered, call.kind, size=size, seconds=seconds, refused=busy)
        if isinstance(outcome, Failure):
            return outcome
        if outcome.is_denied:
            refusal = self._remember(outcome)
            if call.method != "POST" or outcome.speaks_json:
                raise refusal
            # not mailcow's words: what stands before it may have taken its answer away once it had written
        if not outcome.is_failure and not outcome.is_redirect:
            self._answered = True
        return outcome

    def _remember(self, answer: Answer) -> AccessDenied:
        from reconciler.api.denial import DenialReason, denial_of  # noqa: PLC0415  most runs meet none

        denial = denial_of(answer)
        if denial.reason is DenialReason.READ_ONLY_KEY:
            self._read_only = denial  # reading goes on, so that what happened can be told
        else:
            self._locked_out = denial
        return self._refusal(denial)

    def _refusal(self, denial: Denial) -> AccessDenied:
        from reconciler.api.denial import denied  # noqa: PLC0415  as above

        return denied(denial, origin=self.access.origin)

    def _send(self, call: _Call) -> tuple[Answer | Failure, int, float | None]:
        """Send one request; what came, how many bytes went over the wire, and how long a whole answer took."""
        aside = _Aside(call.typed, self._timing.now) if call.typed is not None else None
        begin = self._timing.now()
        outcome: Answer | Failure
        size = 0
        try:
            received = self._transport.exchange(
                call.method, call.path, self._headers[call.method], call.content, typed=aside
            )
        except ExchangeFailed as ended:
            outcome = ended.failure
        else:
            told, size = received.headers, received.size
            content_type, location = told.get("content-type", ""), told.get("location", "")
            outcome = Answer(received.status, received.body, content_type, location, received.ahead)
        seconds = self._timing.now() - begin - (aside.seconds if aside is not None else 0.0)
        failed = isinstance(outcome, Failure) or outcome.is_failure
        sent = len(call.content or b"")
        self._tally.add(call.kind, failed=failed, sent=sent, received=size, seconds=seconds)
        return outcome, sent + size, None if failed else seconds


class _Aside:
    """Decodes rows while an answer comes, and counts the seconds: they say nothing of the server."""

    def __init__(self, typed: Typed, now: Callable[[], float]) -> None:
        self._typed = typed
        self._now = now
        self.seconds = 0.0

    def __call__(self, text: Body | memoryview) -> list[Any] | None:
        begin = self._now()
        rows = self._typed(text)
        self.seconds += self._now() - begin
        return rows


def _is_too_busy(outcome: Answer | Failure) -> bool:
    """Whether fewer requests at once may fare better."""
    if isinstance(outcome, Failure):
        return outcome.reason in _BUSY_REASONS
    return outcome.status in _BUSY_STATUSES
