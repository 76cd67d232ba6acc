"""Which behaviour answers a call, and what it is given.

Behaviours register themselves with `reads`, `adds`, `edits` and `deletes`; the package's docstring says how to write
one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from . import php
from .php import Row
from .profile import Profile
from .server import Server
from .state import State, Table


class _Echo:
    """Where a log shows the request."""


ECHO: Final = _Echo()
"""Stands in a log template for the echo of the request."""

EMPTY: Final = b""
"""A read that prints nothing at all: status 200 and an empty body."""

Log = tuple[Any, ...]
Read = Callable[["Call"], Any]
Write = Callable[["Call"], bool | bytes | None]


class ServerCrash(Exception):  # noqa: N818 it models the server's failure, it is none of ours
    """PHP's uncaught exception: status 200, an empty body, and the message kept in the session for the next answer.

    What was stored before it was raised stays stored; mailcow uses no transactions.
    """

    def __init__(self, message: Any) -> None:
        super().__init__(message)
        self.message = message

    @classmethod
    def sql(cls, state: str, number: int, text: str) -> ServerCrash:
        """A database error, such as ``sql("23000", 1062, "Duplicate entry 'a' for key 'PRIMARY'")``."""
        return cls(["mysql_error", {"errorInfo": [state, number, text]}])

    @classmethod
    def php(cls, text: str) -> ServerCrash:
        """Any other exception or error, such as ``php("TypeError: explode(): ...")``."""
        return cls(f"An unknown error occured: {text}")


class Missing(Exception):  # noqa: N818 an answer, not an error of ours
    """A behaviour finds that this version has no such route: 404 ``route not found``."""


@dataclass(slots=True)
class Call:
    """One call of a behaviour, or of a part of one (see `within`).

    Attributes:
        server: The server it happens on.
        verb: get, add, edit, delete or search.
        category: Second path segment: ``domain`` of ``get/domain/all``.
        object: Third segment, ``all``; None where the path ends before.
        extra: Fourth segment; further ones are ignored by the server.
        data: What the PHP function gets as its data: for an add the attr, for an edit and a delete the items under
            the route's `key`, and for an edit the attr merged over it (so that attr can replace the items).
        attr: The attr of an add or edit alone.
        query: The query string's parameters.
        role: The session's role: "admin", or "" for a caller without a key.
        log: Template of the log element of pushed entries.
        masks: Keys of `data` whose value the log shows as ``*``.
        entries: What has been pushed so far.
    """

    server: Server
    verb: str
    category: str
    object: str | None
    extra: str | None
    data: Row
    key: str = ""
    attr: Row = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    role: str = "admin"
    access: str = "rw"
    session: Row = field(default_factory=dict)
    log: Log = ()
    masks: tuple[str, ...] = ()
    entries: list[Row] = field(default_factory=list)

    @property
    def state(self) -> State:
        """The server's memory."""
        return self.server.state

    def table(self, name: str) -> Table:
        """A table of the server."""
        return self.server.state.table(name)

    def has(self, feature: str) -> bool:
        """Tell whether the server's version has a feature of `profile.FEATURES`."""
        return self.server.profile.has(feature)

    @property
    def items(self) -> list[Any]:
        """The objects to work on: `data`'s value under the route's key, as a list.

        It is not simply the request's items: a key of that name in the attr has replaced them.
        """
        return php.values(self.data.get(self.key))

    def success(self, message: Any, *, log: Log | None = None) -> None:
        """Push an entry of type success; a message is a key, or a tuple of a key and its arguments."""
        self.push("success", message, log)

    def danger(self, message: Any, *, log: Log | None = None) -> None:
        """Push an entry of type danger; the caller decides whether to go on."""
        self.push("danger", message, log)

    def warning(self, message: Any, *, log: Log | None = None) -> None:
        """Push an entry of type warning."""
        self.push("warning", message, log)

    def push(self, kind: str, message: Any, log: Log | None = None) -> None:
        """Push an entry of any type; `log` replaces the route's template."""
        echo = self._echo()
        template = self.log if log is None else log
        filled = [echo if part is ECHO else part for part in template]
        self.entries.append({"type": kind, "log": filled, "msg": message})

    def _echo(self) -> Row:
        return {key: "*" if key in self.masks and value is not None else value for key, value in self.data.items()}

    def within(self, log: Log, data: Row, *, key: str = "", masks: tuple[str, ...] = ()) -> Call:
        """A call of another function of the server from inside this one: same answer, own data and log."""
        return Call(
            server=self.server,
            verb=self.verb,
            category=self.category,
            object=self.object,
            extra=self.extra,
            data=data,
            key=key,
            attr=data,
            query=self.query,
            role=self.role,
            access=self.access,
            session=self.session,
            log=log,
            masks=masks,
            entries=self.entries,
        )


@dataclass(frozen=True, slots=True)
class Route:
    """A behaviour with what its decorator said."""

    verb: str
    path: str
    behaviour: Callable[[Call], Any]
    since: str | None = None
    until: str | None = None
    key: str = ""
    log: Log = ()
    masks: tuple[str, ...] = ()
    public: bool = False

    def exists_in(self, profile: Profile) -> bool:
        """Tell whether a version has this route."""
        return (self.since is None or profile.has(self.since)) and (self.until is None or not profile.has(self.until))


_ROUTES: list[Route] = []


def reads(
    path: str, *, since: str | None = None, until: str | None = None, public: bool = False
) -> Callable[[Read], Read]:
    """Register what answers ``get/PATH``; what it returns is printed, nothing and empty collections as ``{}``.

    Args:
        path: Category, or category and object (and extra) for a route that answers for that object alone.
        since: Feature without which the route is absent.
        until: Feature with which the route is gone.
        public: It answers without a key too.
    """

    def register(behaviour: Read) -> Read:
        _ROUTES.append(Route("get", path, behaviour, since, until, public=public))
        return behaviour

    return register


def adds(
    path: str, *, log: Log, masks: tuple[str, ...] = (), since: str | None = None, until: str | None = None
) -> Callable[[Write], Write]:
    """Register what answers ``add/PATH``; it gets the request's body as `Call.data`.

    Returning False says failure, which shows only where nothing was pushed ("Cannot add item").
    """
    return _writes("add", path, log=log, masks=masks, since=since, until=until)


def edits(
    path: str,
    *,
    log: Log,
    key: str = "",
    masks: tuple[str, ...] = (),
    since: str | None = None,
    until: str | None = None,
) -> Callable[[Write], Write]:
    """Register what answers ``edit/PATH``; `key` names the items in `Call.data`, "" where the server drops them."""
    return _writes("edit", path, log=log, key=key, masks=masks, since=since, until=until)


def deletes(
    path: str,
    *,
    log: Log,
    key: str,
    masks: tuple[str, ...] = (),
    since: str | None = None,
    until: str | None = None,
) -> Callable[[Write], Write]:
    """Register what answers ``delete/PATH``; `key` names the items in `Call.data`."""
    return _writes("delete", path, log=log, key=key, masks=masks, since=since, until=until)


def searches(path: str, *, since: str | None = None) -> Callable[[Read], Read]:
    """Register what answers ``search/PATH``; it gets the request's body as `Call.data` and returns what is printed."""

    def register(behaviour: Read) -> Read:
        _ROUTES.append(Route("search", path, behaviour, since))
        return behaviour

    return register


def _writes(verb: str, path: str, **facts: Any) -> Callable[[Write], Write]:
    def register(behaviour: Write) -> Write:
        _ROUTES.append(Route(verb, path, behaviour, **facts))
        return behaviour

    return register


class Routes:
    """The routes one version has."""

    def __init__(self, profile: Profile) -> None:
        self._by_path: dict[tuple[str, str], Route] = {}
        for route in _ROUTES:
            if route.exists_in(profile):
                place = route.verb, route.path
                assert self._by_path.setdefault(place, route) is route, f"two behaviours answer {'/'.join(place)}"

    def find(self, verb: str, segments: list[str]) -> Route | None:
        """The most particular route for a path's segments after the verb.

        A sub-route the version lacks is answered by its parent, which does not look at the rest of the path: that is
        how ``delete/domain/tag/ex.org`` deletes domains on 2022-01a.
        """
        for length in (3, 2, 1):
            if length <= len(segments) and (route := self._by_path.get((verb, "/".join(segments[:length])))):
                return route
        return None
