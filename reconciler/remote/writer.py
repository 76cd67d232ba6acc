"""Operations as calls: what is known only now is filled in, and the answer is judged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from reconciler.api import Client, Entry, Judgement, Verdict
from reconciler.errors import AccessDenied, ApiError, ReconcilerError
from reconciler.model.address import Address
from reconciler.model.operation import HandleOf, Operation, Verb
from reconciler.model.reply import Reply
from reconciler.model.report import Outcome
from reconciler.model.secret import MASK, Resolve, Secret, SecretSource
from reconciler.records import field, record, replace
from reconciler.remote.handles import Handles, HandleUnknownError
from reconciler.spec.kind import Kind

_PLAIN: Final = frozenset((bool, float, int, str, type(None)))
_PATIENCE: Final = 100
"""How often a call is sent again that is refused for what earlier requests left behind: PHP keeps up to 16 such errors
in each of its workers, of which mailcow has 15 at most, and each answer takes one away."""


_IN_WORDS: Final[Mapping[str, str]] = {
    "password_complexity": "it is not what the server's password policy asks for",
}
"""What the server's word for a refusal does not say by itself, and no plan can foresee."""


class _DifferError(Exception):
    """The resources of one call need secrets of their own."""


@record(frozen=True, slots=True, kw_only=True)
class ApiWriter:
    """Sends operations; safe to use from many threads. Nothing is sent twice that may have done something.

    Attributes:
        client: the way to the server.
        kinds: every kind by name.
        handles: what the API calls resources by.
        resolve: finds a secret's text. What it gives is sent, and masked in whatever the server answers.
    """

    client: Client
    kinds: Mapping[str, Kind]
    handles: Handles
    resolve: Resolve

    def send(self, operation: Operation) -> Reply:
        """Send one operation.

        Raises:
            AccessDenied: the server refuses the key or the address; nothing more should be sent.
        """
        filled = _Filling(operation, self.handles, self.resolve)
        try:
            body = filled.body()
        except AccessDenied:
            raise
        except _DifferError:
            return Reply(Outcome.UNKNOWN, ("not sent: each of these needs a secret of its own",), sent=False)
        except HandleUnknownError as missing:
            return Reply(Outcome.FAILED, (f"not sent: {missing}",), sent=False)
        except ApiError as error:
            return Reply(Outcome.UNKNOWN, (f"not sent: {error.summary}",), sent=False)
        except ReconcilerError as error:
            return Reply(Outcome.FAILED, (f"not sent: {error.summary}",), sent=False)
        segments = (operation.verb.value, *operation.route.split("/"))
        verdict = self.client.post(*segments, body=body)
        for _ in range(_PATIENCE):
            if not _passes(operation, verdict):
                break
            verdict = self.client.post(*segments, body=body)
        self._take_down(operation, verdict)
        reply = reply_of(operation, verdict, filled.revealed)
        return replace(reply, confirmed=self._confirmed(operation, verdict)) if operation.names else reply

    def _confirmed(self, operation: Operation, verdict: Verdict) -> frozenset[Address]:
        """Of several that were to be added, those of which the server says by name that it has added them."""
        told = {
            str(entry.arguments[0]).lower()
            for entry in verdict.entries
            if entry.is_success and entry.message in operation.successes and entry.arguments
        }
        named = zip(operation.names, operation.changes, strict=True)
        return frozenset(address for name, address in named if name.lower() in told)

    def _take_down(self, operation: Operation, verdict: Verdict) -> None:
        """Remember what the call did to handles, whether or not it is known to have worked."""
        for address in operation.changes:
            kind = self.kinds[address.kind]
            if kind.routes.deletes(operation) or kind.routes.adds(operation):
                self.handles.forget(address)
            else:
                self.handles.outdate(address.kind)
            handle = _told_handle(operation, verdict, kind, address)
            if handle is not None:
                self.handles.learn(address, handle)


@record(slots=True)
class _Filling:
    """One operation with what is known only now; remembers the secrets it met."""

    operation: Operation
    handles: Handles
    resolve: Resolve
    revealed: set[str] = field(default_factory=set)

    def body(self) -> Any:
        attributes = self._filled(self.operation.attributes)
        items = [self._filled(item) for item in self.operation.items]
        if self.operation.verb is Verb.ADD:
            return attributes
        if self.operation.verb is Verb.DELETE:
            return items
        return {"items": items, "attr": attributes}

    def _filled(self, value: Any) -> Any:
        match value:
            case HandleOf():
                return self.handles.of(value)
            case SecretSource():
                texts = {self.resolve(value, address).reveal() for address in self.operation.changes}
                if len(texts) > 1:
                    raise _DifferError
                self.revealed |= texts
                return texts.pop()
            case Secret():
                self.revealed.add(value.reveal())
                return value.reveal()
            case Mapping():
                return {name: each if type(each) in _PLAIN else self._filled(each) for name, each in value.items()}
            case list() | tuple():
                return [self._filled(each) for each in value]
            case _:
                return value


def _passes(operation: Operation, verdict: Verdict) -> bool:
    """Whether the server only tells what an earlier request left behind, and did nothing yet."""
    told = [each.is_failure and operation.passing in _text(each) for each in verdict.entries]
    return bool(operation.passing and told) and all(told)


def reply_of(operation: Operation, verdict: Verdict, secrets: set[str]) -> Reply:
    """Judge an answer: done is what has every expected success and no refusal.

    Args:
        secrets: texts that the server may echo.
    """
    messages = _messages(verdict, secrets)
    keys = frozenset(entry.message for entry in verdict.entries)
    refusals = {entry.message for entry in verdict.entries if entry.is_failure}
    if verdict.judgement is Judgement.UNSENT:
        return Reply(Outcome.UNKNOWN, (f"not sent: {verdict.cause}",), sent=False)
    if verdict.judgement is Judgement.UNKNOWN:
        return Reply(Outcome.UNKNOWN, (f"no usable answer: {verdict.cause}",))
    if operation.optional or (refusals and refusals <= operation.unclear):
        return Reply(Outcome.DONE if operation.optional else Outcome.UNKNOWN, messages, keys)
    expected = sum(entry.is_success and entry.message in operation.successes for entry in verdict.entries)
    if verdict.any_failure:
        return Reply(Outcome.PARTIAL if expected else Outcome.FAILED, messages, keys)
    needed = max(len(operation.items), 1 if operation.verb is not Verb.ADD else len(operation.changes))
    if operation.successes and expected >= needed:
        return Reply(Outcome.DONE, messages, keys)
    return Reply(Outcome.UNKNOWN, messages or ("the server confirms nothing",), keys)


def _messages(verdict: Verdict, secrets: set[str]) -> tuple[str, ...]:
    return tuple(_masked(_text(entry), secrets) for entry in verdict.entries)


def _text(entry: Entry) -> str:
    told = ", ".join(str(argument) for argument in entry.arguments if argument not in ("", None))
    text = f"{entry.message}: {told}" if told else entry.message
    if entry.message in _IN_WORDS:
        text += f" ({_IN_WORDS[entry.message]})"
    return text if entry.is_success or entry.is_failure else f"{entry.type}: {text}"


def _masked(text: str, secrets: set[str]) -> str:
    for secret in sorted(secrets, key=len, reverse=True):
        if secret:
            text = text.replace(secret, MASK)
    return text


_ARGUMENTS_WITH_HANDLE = 2


def _told_handle(operation: Operation, verdict: Verdict, kind: Kind, address: Address) -> str | None:
    """The id an add's answer tells: ``["alias_added", "info@acme.example", "6"]`` (2022-01a to 2026-07a, recorded)."""
    if not kind.routes.adds(operation):
        return None
    for entry in verdict.entries:
        expected = entry.is_success and entry.message in operation.successes
        if expected and len(entry.arguments) == _ARGUMENTS_WITH_HANDLE and str(entry.arguments[1]).isdigit():
            named = str(entry.arguments[0])
            if len(operation.changes) == 1 or (named.lower() if kind.fold_key else named) == address.key:
                return str(entry.arguments[1])
    return None
