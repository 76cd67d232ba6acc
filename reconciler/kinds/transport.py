"""Transports."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from ipaddress import ip_address
from itertools import islice
from typing import Any, Final, NamedTuple, Required, TypedDict

from reconciler.model.address import Address
from reconciler.model.operation import HandleOf, Verb
from reconciler.model.resource import Observed, Value, Values
from reconciler.model.state import LiveState
from reconciler.records import replace
from reconciler.spec.capabilities import Capabilities
from reconciler.spec.codec import Codec, Refusal, Scope, refuse
from reconciler.spec.codecs import ACTIVE, COLUMN, TRIMMED, Flag, State, Trimmed, text, truthy
from reconciler.spec.kind import Attributes, Kind, Situation, crud, listed
from reconciler.spec.language import Annotated
from reconciler.spec.mark import field
from reconciler.spec.names import read_address, readable_domain
from reconciler.spec.patterns import breaks_off
from reconciler.spec.secrets import TrimmedSecretText
from reconciler.spec.step import Stage, Step

_NOTHING: Final = ("", "0")
"""To PHP (2022-01a to 2026-07a: empty())."""


def _is_line(value: str) -> bool:
    return value == value.strip() and not {"\n", "\0"} & {*value} and len(value) <= COLUMN


def _accept_nexthop(value: Any, _scope: Scope) -> str:
    if isinstance(value, str) and value not in _NOTHING and _is_line(value):
        return f"[{value}]" if _is_address(value) else value
    hint = "write a host, `[host]:port` or an address, without blanks around it"
    raise refuse("nexthop-malformed", f"`{value}` is not a nexthop", hint=hint)


def _is_address(text: str) -> bool:
    try:
        return bool(ip_address(text)) and "%" not in text
    except ValueError:
        return False


NEXTHOP: Final = Codec(
    accept=_accept_nexthop,
    schema={"type": "string", "minLength": 1, "maxLength": COLUMN, "examples": ["[mx.partner.example]:25"]},
)
"""A bare address is stored with brackets around it (2022-01a to 2026-07a, functions.transports.inc.php)."""


USER_NAME: Final = text(most=COLUMN, pattern=f"^(?:{TRIMMED})?$")
"""With a user name of `0` mailcow keeps no password (2022-01a to 2026-07a: empty())."""


class Transport(TypedDict, total=False):
    """A way mail to some destination takes."""

    destination: Required[
        Annotated[
            Trimmed,
            field(
                "Where the mail goes: a domain, `.domain`, an address, `*`, or a pattern of MX names.",
                "destination",
                edit=None,
            ),
        ]
    ]
    nexthop: Required[Annotated[str, NEXTHOP, field("The server it is handed to: `[mx.example]:25`.", "nexthop")]]
    username: Annotated[
        str,
        USER_NAME,
        field(
            "The account there. It belongs to the nexthop: all transports that use it share it.", "username", absent=""
        ),
    ]
    password: Annotated[
        TrimmedSecretText,
        field(
            "Its password. It belongs to the nexthop too. The server shows it to anyone with an API key.",
            "password",
            add=None,
        ),
    ]
    mx_pattern: Annotated[
        Flag, field("The destination is a pattern for the names of mail exchangers.", "is_mx_based", default=False)
    ]
    state: Annotated[State, field("`off` puts it out of force.", "active", default="active")]


_PLACEHOLDER: Final = "placeholder.invalid"
_WAITING: Final = "waiting"
_SEPARATORS: Final = r"[ ,;]"
_BRACKETED: Final = r"\[(.+)\]"
_SHOWN: Final = 3
"""Of how many transports that change along with one the names are told."""


class _Shared(NamedTuple):
    """What the transports of a nexthop say about its credentials; of as many as there are, the first two tell.

    Whoever asks is one of them perhaps, and then the other one tells.

    Attributes:
        accounts: those with a user name now.
        told: by field, who will say what it is, in the order of whose word counts.
        brought: by field, who comes from another nexthop with a user name there, and what it had.
    """

    accounts: Sequence[Address]
    told: Mapping[str, Sequence[tuple[Address, Value]]]
    brought: Mapping[str, Sequence[tuple[Address, Value]]]


def _shared(situation: Situation) -> _Shared:
    """What those at the nexthop say about its credentials: the server gives all the same (all versions)."""
    from reconciler.model.amended import once_of  # noqa: PLC0415  only where one changes

    kind, nexthop = situation.address.kind, str(situation.after["nexthop"])
    now, then = situation.live.of(kind), situation.future.of(kind)

    def begun() -> tuple[Mapping[str, Observed], dict[str, _Shared]]:
        return now, {}

    _, known = once_of(then, ("credentials", id(now)), begun)
    if nexthop not in known:
        known[nexthop] = _told_of(nexthop, situation)
    return known[nexthop]


def _told_of(nexthop: str, situation: Situation) -> _Shared:
    kind = situation.address.kind
    now, then = (
        {key: state.of(kind)[key] for key in _users(state.of(kind)).get(nexthop, ())}
        for state in (situation.live, situation.future)
    )
    come = [key for key in then if key not in now]
    before = {**now, **{key: each for key in come if (each := situation.live.of(kind).get(key)) is not None}}
    new = [key for key in come if key not in before]
    old = [key for key in then if key in before]
    staying = [key for key in old if key in now]
    bringing = {key: before[key] for key in come if key in before and before[key].values.get("username")}
    told: dict[str, Sequence[tuple[Address, Value]]] = {}
    brought: dict[str, Sequence[tuple[Address, Value]]] = {}
    for name in ("username", "password"):
        made_so = [key for key in old if then[key].values.get(name) != before[key].values.get(name)]
        told[name] = _first_two({key: then[key] for key in (*made_so, *new, *staying)}, name)
        brought[name] = _first_two(bringing, name)
    accounts = [each.address for each in now.values() if each.values.get("username")]
    return _Shared(accounts[:2], told, brought)


def _first_two(found: Mapping[str, Observed], name: str) -> Sequence[tuple[Address, Value]]:
    telling = ((each.address, each.values[name]) for each in found.values() if name in each.values)
    return tuple(islice(telling, 2))


def _users(there: Mapping[str, Observed]) -> Mapping[str, Sequence[str]]:
    """By nexthop, the keys of the transports that use it, in order."""
    from reconciler.model.amended import once_of, values_of  # noqa: PLC0415  as above

    def found() -> Mapping[str, Sequence[str]]:
        users: dict[str, list[str]] = defaultdict(list)
        for key, (nexthop,) in sorted(values_of(there, "nexthop")):
            if isinstance(nexthop, str):
                users[nexthop].append(key)
        return users

    return once_of(there, "users", found)


def _inside(nexthop: str) -> str | None:
    match = re.search(_BRACKETED, nexthop)
    return match[1] if match else None


def _by_inside(there: Mapping[str, Observed]) -> Mapping[str, Sequence[str]]:
    """The nexthops with brackets, by what is inside."""
    from reconciler.model.amended import once_of  # noqa: PLC0415  as above

    def found() -> Mapping[str, Sequence[str]]:
        nexthops: dict[str, list[str]] = defaultdict(list)
        for each in _users(there):
            inside = _inside(each)
            if inside is not None:
                nexthops[inside].append(each)
        return nexthops

    return once_of(there, "nexthops by what is inside", found)


def _credentials(situation: Situation) -> dict[str, Any]:
    """What the nexthop's credentials will be: what this or another change makes them, else what they are.

    Of those that come to it together and bring what they had, the first that has any decides for all.
    """
    found: dict[str, Any] = {}
    shared, own, before = _shared(situation), situation.address, situation.before
    comes = "nexthop" in situation.changed
    for name in ("username", "password"):
        told = [value for address, value in shared.told[name] if address != own]
        brought = dict(shared.brought[name])
        if comes and before.get("username") and name in before:
            brought[own] = before[name]
        if name in situation.changed:
            found[name] = situation.after[name]
        elif told:
            found[name] = told[0]
        elif brought:
            found[name] = brought[min(brought)]
        elif name in before and not comes:
            found[name] = before[name]
    return found


def _with_credentials(attributes: Attributes, situation: Situation) -> Attributes:
    """Repeat the nexthop's credentials when a transport comes to it: it would give them its own."""
    if "nexthop" not in situation.changed:
        return attributes
    waited = {"active": ACTIVE.encode(_state(situation))} if _waits(situation.before) else {}
    return {**waited, **attributes, **_credentials(situation)}


def _seen(row: Mapping[str, Any], _capabilities: Capabilities) -> Mapping[str, Any]:
    """Tell a transport that is off from one that waits for its nexthop, because a run ended before it got that.

    A password without a user name is none: the next edit drops it (2022-01a to 2026-07a, functions.transports.inc.php).
    """
    if row.get("password") and not truthy(row.get("username")):
        row = {**row, "password": ""}
    waits = str(row.get("nexthop")).endswith(_PLACEHOLDER) and not truthy(row.get("active"))
    return {**row, "active": _WAITING} if waits else row


def _waits(values: Values) -> bool:
    return values.get("state") == _WAITING


def _state(situation: Situation) -> str:
    """What a transport's state will be: it is in force, where an earlier run only has put it out of force."""
    return "active" if _waits(situation.after) else str(situation.after.get("state", "active"))


def _interfering(state: LiveState, situation: Situation, nexthop: str) -> list[str]:
    """The nexthops of other transports beside which the server takes none such: ``x`` and ``[x]``, all versions."""
    there = state.of(situation.address.kind)
    users = _users(there)
    inside = _inside(nexthop)
    nexthops = (*_by_inside(there).get(nexthop, ()), *(() if inside is None else (inside,)))
    others = ((key, each) for each in nexthops for key in users.get(each, ())[:2] if key != situation.address.key)
    return [*dict.fromkeys(each for _, each in sorted(others))]


def _in_turn(steps: tuple[Step, ...], situation: Situation) -> tuple[Step, ...]:
    if situation.verb is Verb.ADD:
        return _by_way_of_a_placeholder(steps, situation)
    return _out_of_the_way(steps, situation)


def _by_way_of_a_placeholder(steps: tuple[Step, ...], situation: Situation) -> tuple[Step, ...]:
    """Add it switched off and with another nexthop, where there are credentials; then edit what they are for.

    Add refuses a nexthop that has another user name now, and writes colons with a backslash before them, so that it
    refuses its own nexthop too. It also takes a pattern with a comma, a semicolon or a blank for several. Edit does
    none of this (2022-01a to 2026-07a, functions.transports.inc.php).
    """
    destination = situation.address.key
    credentials = _credentials(situation)
    has_account = credentials.get("username") or any(each != situation.address for each in _shared(situation).accounts)
    is_split = re.search(_SEPARATORS, destination) is not None
    if not has_account and not is_split:
        return steps
    add, *edits = steps
    meant = {name: value for each in (add, *edits) for name, value in each.attributes.items()} | credentials
    kept = {name: value for name, value in add.attributes.items() if name not in ("username", "password")}
    first = destination
    clearing: tuple[Step, ...] = ()
    if is_split:
        from reconciler.spec.placeholder import placeholder_for  # noqa: PLC0415  seldom needed

        first, clearing = placeholder_for(situation, route="transport", untouched=_waits)
    return (
        *clearing,
        replace(add, attributes={**kept, "destination": first, "nexthop": _PLACEHOLDER, "active": 0}),
        Step(
            verb=Verb.EDIT,
            route=add.route,
            item=HandleOf(Address(situation.address.kind, first)),
            attributes={name: value for name, value in meant.items() if name != "destination" or is_split},
            successes=KIND.routes.edited,
            stage=Stage.FOLLOW,
            alone=True,
            fields=situation.changed - {"destination"},
        ),
    )


def _out_of_the_way(steps: tuple[Step, ...], situation: Situation) -> tuple[Step, ...]:
    """Give up a nexthop first that would keep another transport from the one it is to have."""
    now = str(situation.before["nexthop"])
    if not steps or not _interfering(situation.future, situation, now):
        return steps
    if situation.verb is Verb.DELETE:
        return tuple(replace(step, stage=Stage.FREE) for step in steps)
    if "nexthop" not in situation.changed or situation.observed is None:
        return steps
    waiting = f"{situation.observed.handle}.{_PLACEHOLDER}"
    first = replace(
        steps[0], attributes={"nexthop": waiting, "active": 0}, stage=Stage.FREE, fields=frozenset({"nexthop"})
    )
    state = ACTIVE.encode(_state(situation))
    return (first, *(replace(step, attributes={**step.attributes, "active": state}) for step in steps))


def _check(values: Values) -> tuple[tuple[str, str, str], ...]:
    if "password" not in values or values.get("username") != "":
        return ()
    return (("password", "mailcow keeps none where there is no user name", "write a `username` too, or neither"),)


def _clashes(situation: Situation) -> tuple[tuple[str, str, str], ...]:
    """Say what add or edit would refuse (2022-01a to 2026-07a, functions.transports.inc.php)."""
    if situation.verb is Verb.DELETE:
        return ()
    found = []
    username = str(_credentials(situation).get("username") or situation.after.get("username") or "")
    if "password" in situation.changed and username in ("", "0"):
        found.append(("password", "mailcow keeps none where there is no user name", "write `username` too"))
    nexthop = str(situation.after["nexthop"])
    if "nexthop" in situation.changed:
        why = "mailcow takes a nexthop with brackets or one without, not both: there is `{}` too"
        others = _interfering(situation.future, situation, nexthop)
        found += [("nexthop", why.format(other), "write it the same way everywhere") for other in others]
    destination = str(situation.after["destination"])
    if not _is_destination(destination, pattern=bool(situation.after.get("mx_pattern"))):
        hint = "write a domain, `.domain`, an address or `*`; in a pattern, `\\/` for a slash"
        found.append(("destination", f"`{destination}` is no destination to mailcow", hint))
    return tuple(found)


def _is_destination(text: str, *, pattern: bool) -> bool:
    if pattern:
        return not breaks_off(text)
    if "@" not in text:
        return text == "*" or readable_domain(text.removeprefix(".")) is not None
    with suppress(Refusal):
        return bool(read_address(text, None))
    return False


def _effects(situation: Situation) -> tuple[str, ...]:
    revived = ("puts it in force: a run before has ended too early",) if _waits(situation.after) else ()
    if not situation.changed & {"username", "password"}:
        return revived
    beside = _users(situation.live.of(situation.address.kind)).get(str(situation.after["nexthop"]), ())
    first = [key for key in beside[: _SHOWN + 2] if key != situation.address.key]
    if len(first) <= _SHOWN:
        told = "gives the transport for `{}` the same credentials, because it uses the same nexthop"
        return (*revived, *(told.format(key) for key in first))
    number = len(beside) - (situation.before.get("nexthop") == situation.after["nexthop"])
    names = ", ".join(f"`{key}`" for key in first[:_SHOWN])
    told = "gives the transports for {} and {} more the same credentials, because they use the same nexthop"
    return (*revived, told.format(names, number - _SHOWN))


KIND = Kind(
    name="transport",
    plural="transports",
    record=Transport,
    example={"destination": "partner.example", "nexthop": "[mx.partner.example]:25"},
    key=("destination",),
    sources=listed("transport"),
    routes=crud("transport", added="relayhost_added", edited="object_modified", deleted="relayhost_removed"),
    handle="id",
    serial=True,
    alone=True,
    shared_by={"nexthop": ("username", "password")},
    on_read=_seen,
    on_edit=_with_credentials,
    untouched=_waits,
    on_steps=_in_turn,
    effects=_effects,
    clashes=_clashes,
    on_check=_check,
    also_called={"active": "state"},
)
