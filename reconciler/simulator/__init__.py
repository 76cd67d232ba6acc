"""A mailcow of our own, to rehearse on and to test against: the real server's behaviour, quirks included.

    simulator = Simulator("2026-07a", api_key="secret")
    answer = simulator.handle("POST", "/api/v1/add/domain", {"X-API-Key": "secret", ...}, b'{"domain": "a.example"}')

Nothing here knows the product's kinds. What a behaviour does was recorded from, or read in, the real servers of
2022-01a, 2024-08a and 2026-07a; `tests/contract` replays the recordings.

How to write a behaviour
------------------------

A behaviour is a function in a module of `behaviours`, registered for its route::

    declare("bcc", indexes=("local_dest",))                     # a table, key "id" counted by the server

    BCC_ADD = ("bcc", "add", ECHO, None)                        # the "log" of its entries; ECHO is the request

    @adds("bcc", log=BCC_ADD)
    def add_bcc(call: Call) -> bool | None:
        if not php.truthy(call.data.get("bcc_dest")):
            call.danger("bcc_empty")                            # {"type": "danger", "log": [...], "msg": ...}
            return False                                        # matters only where nothing was pushed
        call.table("bcc").insert({"local_dest": ..., "created": call.server.now()})
        call.success("bcc_saved")
        return None

    @edits("bcc", log=("bcc", "edit", ECHO, None), key="id")    # call.items: data["id"], which attr.id replaces
    def edit_bcc(call: Call) -> bool | None:
        for item in call.items: ...

    @deletes("bcc", log=..., key="id")
    @reads("bcc/all")                                           # a route for one object; returns what is printed
    @reads("bcc")                                               # any other: call.object, call.extra (None if absent)
    @adds("domain/template", log=..., since="templates")        # since/until: names in profile.FEATURES

- A version without the sub-route ``domain/template`` runs the route ``domain`` instead, as the real one does, with
  call.object == "template". A version without a whole category answers 404.
- `call.data` is what the PHP function is given. Sub-routes whose data has another shape build it themselves:
  ``call.within(log, data, key="tags")`` gives a call with other data and log whose entries land in the same answer; it
  is also how one function of the server calls another (a rate limit while adding a domain).
- `masks=("password", "password2")` shows those keys of `data` as ``*`` in the log.
- `call.has("tags")` asks the version; add a feature to `profile.FEATURES`, with its version and source, for each
  difference.
- `raise ServerCrash.sql("23000", 1062, "...")` or `ServerCrash.php("TypeError")` is an exception nobody catches in PHP:
  200, empty body, what was stored before stays. `raise Missing` is 404.
- A read returns plain values; nothing and empty collections are printed as ``{}``; return `EMPTY` (bytes) to print
  nothing, or any bytes to print them as they are (``b"[]"``, ``json_encode(...)`` for what PHP prints compact).
- Values: use `php.intval`, `php.truthy`, `php.isset`, `php.is_email`, ... never Python's own notions. An empty PHP
  array is printed ``[]`` in a read's inside and in logs; `php.EmptyObject()` prints ``{}``.
- Time is `call.server.now()`, chance is `call.server.random`.
- Redis-like memory is `call.state.redis` (strings, hashes, lists); singletons without a table may use
  `call.state.values`.
- What a fresh server has is put there by a function marked `@seeds` (given the `Server`).
- State that a GET answer can rebuild is loaded by a function marked `@restores("get/domain/all")`, or
  `@restores_each("get/dkim/")` for answers by domain or mailbox (see `snapshot`).
- `@reads(..., public=True)` answers without a key; `@searches("domain")` is for ``POST search/domain``.
- Put your module into the folder `behaviours`: every module there is imported. Import with full names
  (``from reconciler.simulator.routing import ECHO, Call, adds``).
- See differences with ``python -m tests.contract.replay [RECORDING] [--first-differences N] [--path PREFIX]``.

What is left out
----------------

Nothing is mailed, filtered, fetched or banned: containers, disk, queue and quarantine show a server at rest; quota in
use, last logins and sync job runs stay as they were loaded; Pushover, identity providers and look-ups on the internet
(``get/status/host/ip``) answer as without a network. Security keys are never registered. mailcow's own texts
(examples of filters, ``get/presets``) are not ours to give.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from random import Random

from . import behaviours
from .keys import BannedError, Keys
from .profile import Profile, UnknownVersionError, Version
from .protocol import Answer, Protocol
from .server import Server
from .state import State, sow

__all__ = ["Answer", "BannedError", "Simulator", "State", "UnknownVersionError", "Version", "behaviours"]

ANYWHERE = ("0.0.0.0/0", "::/0")


class Simulator:
    """A server of one version with its own memory.

    Args:
        version: Any of mailcow's versions from 2022-01 to 2026-07a.
        api_key: The key that may read and write.
        read_only_key: The key that may only read; none by default.
        allow_from: Addresses and networks the keys may be used from.
        clock: Gives the server's local time.
        random: Source of keys, secrets and names; pass a seeded one to repeat a run.
        state: What it remembers; a freshly installed server's by default.
        ban_local: Let fail2ban ban private and loopback addresses too, which the real one never does.

    Raises:
        UnknownVersionError: No such version.
    """

    def __init__(
        self,
        version: str = "2026-07a",
        *,
        api_key: str,
        read_only_key: str | None = None,
        allow_from: tuple[str, ...] = ANYWHERE,
        clock: Callable[[], datetime] = datetime.now,
        random: Random | None = None,
        state: State | None = None,
        ban_local: bool = False,
    ) -> None:
        self.server = Server(Profile(version), state or State(), clock, random or Random(0))  # noqa: S311 made to repeat
        if state is None:
            sow(self.server)
        self._protocol = Protocol(self.server, Keys(api_key, read_only_key, allow_from), ban_local=ban_local)

    @property
    def version(self) -> str:
        """The version it behaves like."""
        return str(self.server.profile.version)

    @property
    def state(self) -> State:
        """Everything it remembers."""
        return self.server.state

    def handle(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"", peer: str = "127.0.0.1"
    ) -> Answer:
        """Answer one HTTP request.

        Args:
            method: As sent.
            path: The request target with its query string, still percent-encoded.
            headers: By name in any case.
            body: The bytes sent.
            peer: The address it came from.

        Raises:
            BannedError: fail2ban has banned the address: there is no answer.
        """
        return self._protocol.handle(method, path, headers, body, peer)

    def handle_in_vain(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"", peer: str = "127.0.0.1"
    ) -> Answer:
        """Answer one HTTP request as `handle` does, and keep nothing of it."""
        before = self.state.copy()
        given = self.handle(method, path, headers, body, peer)
        self.server.state = before
        return given
