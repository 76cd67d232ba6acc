"""Transports."""

from dataclasses import replace
from typing import Annotated, Any, Final, Required, TypedDict

from reconciler.model.address import Address
from reconciler.model.operation import HandleOf, Verb
from reconciler.model.resource import Observed
from reconciler.model.state import LiveState
from reconciler.spec.codecs import Flag, Line, State, Text
from reconciler.spec.kind import Attributes, Kind, Situation, crud, listed
from reconciler.spec.mark import field
from reconciler.spec.secrets import SecretText
from reconciler.spec.step import Stage, Step


class Transport(TypedDict, total=False):
    """A way mail to some destination takes."""

    destination: Required[
        Annotated[
            Line,
            field(
                "Where the mail goes: a domain, `.domain`, an address, `*`, or a pattern of MX names.",
                "destination",
                edit=None,
            ),
        ]
    ]
    nexthop: Required[Annotated[Line, field("The server it is handed to: `[mx.example]:25`.", "nexthop")]]
    username: Annotated[
        Text,
        field(
            "The account there. It belongs to the nexthop: all transports that use it share it.", "username", absent=""
        ),
    ]
    password: Annotated[
        SecretText,
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


def _at(state: LiveState, situation: Situation) -> dict[Address, Observed]:
    """Find the other transports with the same nexthop: the server gives them the same credentials (all versions)."""
    nexthop = situation.after["nexthop"]
    found = {each.address: each for each in state.of(situation.address.kind).values()}
    return {
        address: each
        for address, each in found.items()
        if each.values.get("nexthop") == nexthop and address != situation.address
    }


def _credentials(situation: Situation) -> dict[str, Any]:
    """What the nexthop's credentials will be: what this or another change makes them, else what they are."""
    found: dict[str, Any] = {}
    now, then = _at(situation.live, situation), _at(situation.future, situation)
    stay = [address for address in then if address in now]
    new = [address for address in then if situation.live.get(address) is None]
    for name in ("username", "password"):
        made_so = [each for each in stay if then[each].values.get(name) != now[each].values.get(name)]
        telling = [then[each].values for each in (*made_so, *new, *stay) if name in then[each].values]
        if name in situation.changed:
            found[name] = situation.after[name]
        elif telling:
            found[name] = telling[0][name]
        elif situation.before and "nexthop" not in situation.changed and name in situation.before:
            found[name] = situation.before[name]
    return found


def _with_credentials(attributes: Attributes, situation: Situation) -> Attributes:
    """Repeat the nexthop's credentials when a transport comes to it: it would give them its own."""
    return {**attributes, **_credentials(situation)} if "nexthop" in situation.changed else attributes


def _by_way_of_a_placeholder(steps: tuple[Step, ...], situation: Situation) -> tuple[Step, ...]:
    """Add it switched off and with another nexthop, where there are credentials; then edit what they are for.

    Add refuses a nexthop that has another user name now, and writes colons with a backslash before them, so that it
    refuses its own nexthop too. Edit does neither (2022-01a to 2026-07a, functions.transports.inc.php).
    """
    credentials = _credentials(situation)
    accounts = [
        credentials.get("username"),
        *(each.values.get("username") for each in _at(situation.live, situation).values()),
    ]
    if situation.verb is not Verb.ADD or not any(accounts):
        return steps
    add, *edits = steps
    meant = {name: value for each in (add, *edits) for name, value in each.attributes.items()} | credentials
    kept = {name: value for name, value in add.attributes.items() if name not in ("username", "password")}
    return (
        replace(add, attributes={**kept, "nexthop": _PLACEHOLDER, "active": 0}),
        Step(
            verb=Verb.EDIT,
            route=add.route,
            item=HandleOf(situation.address),
            attributes={name: value for name, value in meant.items() if name != "destination"},
            successes=KIND.routes.edited,
            stage=Stage.FOLLOW,
            alone=True,
            fields=situation.changed - {"destination"},
        ),
    )


def _clashes(situation: Situation) -> tuple[tuple[str, str, str], ...]:
    """Say that a password needs a user name beside it (2022-01a to 2026-07a, ``edit/transport``)."""
    named = _credentials(situation).get("username") or situation.after.get("username")
    if "password" not in situation.changed or named:
        return ()
    return (("password", "mailcow keeps none where there is no user name", "write `username` too"),)


def _effects(situation: Situation) -> tuple[str, ...]:
    if not situation.changed & {"username", "password"}:
        return ()
    return tuple(
        f"gives the transport for `{address.key}` the same credentials, because it uses the same nexthop"
        for address in _at(situation.live, situation)
    )


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
    on_edit=_with_credentials,
    on_steps=_by_way_of_a_placeholder,
    effects=_effects,
    clashes=_clashes,
    also_called={"active": "state"},
)
