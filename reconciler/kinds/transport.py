"""Transports."""

from typing import Annotated, Any, Required, TypedDict

from reconciler.model.operation import Verb
from reconciler.model.resource import Observed
from reconciler.spec.codecs import Flag, Line, State, Text
from reconciler.spec.kind import Attributes, Kind, Situation, crud, listed
from reconciler.spec.mark import field
from reconciler.spec.secrets import SecretText


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


def _siblings(situation: Situation) -> tuple[Observed, ...]:
    """Find the live transports with the same nexthop: the server gives them the same credentials (all versions)."""
    nexthop = situation.after["nexthop"]
    live = situation.live.of(situation.address.kind).values()
    return tuple(each for each in live if each.values.get("nexthop") == nexthop and each.address != situation.address)


def _credentials(situation: Situation) -> dict[str, Any]:
    """What the nexthop's credentials are to be: what is declared, else what it has."""
    sibling = next(iter(_siblings(situation)), None)
    found = dict(sibling.values) if sibling is not None else {}
    for name in ("username", "password"):
        if name in situation.changed or (name in situation.before and "nexthop" not in situation.changed):
            found[name] = situation.after[name]
    return {name: found[name] for name in ("username", "password") if name in found}


def _with_credentials_on_add(attributes: Attributes, situation: Situation) -> Attributes:
    """Repeat what the nexthop has: add refuses another user name there, and overwrites all its passwords."""
    return {**attributes, **_credentials(situation)}


def _with_credentials_on_edit(attributes: Attributes, situation: Situation) -> Attributes:
    """Repeat the credentials: add escapes colons, edit does not, and a move would overwrite those of the nexthop."""
    moved = situation.verb is Verb.ADD or "nexthop" in situation.changed
    return {**attributes, **_credentials(situation)} if moved else attributes


def _effects(situation: Situation) -> tuple[str, ...]:
    if not situation.changed & {"username", "password"}:
        return ()
    return tuple(
        f"gives the transport for `{each.address.key}` the same credentials, because it uses the same nexthop"
        for each in _siblings(situation)
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
    on_add=_with_credentials_on_add,
    on_edit=_with_credentials_on_edit,
    effects=_effects,
    also_called={"active": "state"},
)
