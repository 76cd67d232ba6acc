"""Resources."""

from typing import Any, Final, Required, TypedDict

from reconciler.model.operation import Verb
from reconciler.model.resource import Values
from reconciler.records import replace
from reconciler.spec.addresses import MAIL_ADDRESS
from reconciler.spec.codec import Codec, Scope, refuse
from reconciler.spec.codecs import LARGEST_INT, ShortLine, State, choice, number
from reconciler.spec.kind import Attributes, Kind, Situation, crud, listed
from reconciler.spec.language import Annotated
from reconciler.spec.mappings import or_word
from reconciler.spec.mark import field
from reconciler.spec.names import read_address
from reconciler.spec.step import Stage, Step

_BOOKINGS: Final = {"always-free": "0", "unlimited": "-1"}


def _accept_address(value: Any, scope: Scope) -> str:
    address = read_address(value, scope.domain)
    local = address.rpartition("@")[0]
    if local.isascii() and local.isalnum() and local != "0":
        return address
    hint = "write letters and digits only: mailcow makes the address of a description without anything else"
    raise refuse("resource-address-malformed", f"`{value}` cannot be a resource's address", hint=hint)


ADDRESS: Final = Codec(
    accept=_accept_address,
    decode=MAIL_ADDRESS.decode,
    encode=MAIL_ADDRESS.encode,
    fold=str.lower,
    schema={"type": "string", "examples": ["MeetingRoom1", "MeetingRoom1@acme.example"]},
)


def _decode_bookings(value: Any) -> Any:
    amount = int(value)
    return next((word for word, wire in _BOOKINGS.items() if int(wire) == amount), amount)


BOOKINGS: Final = replace(
    or_word(or_word(number(least=1, most=LARGEST_INT), "always-free", encoded=0), "unlimited", encoded=-1),
    decode=_decode_bookings,
)


class Resource(TypedDict, total=False):
    """A room or a thing that people book in their calendars."""

    address: Required[
        Annotated[
            str,
            ADDRESS,
            field("Its address; letters and digits before the `@`. It never changes.", read="name", add="address"),
        ]
    ]
    description: Required[Annotated[ShortLine, field("What people call it.", "description")]]
    kind: Required[
        Annotated[str, choice("location", "group", "thing"), field("`location`, `group` or `thing`.", "kind")]
    ]
    bookings: Annotated[
        Any,
        BOOKINGS,
        field(
            "How often it can be booked at a time: a number, `unlimited` (shown as busy), or `always-free`.",
            "multiple_bookings",
            default="always-free",
        ),
    ]
    state: Annotated[State, field("`off` cannot be booked.", "active", default="active")]


def _named_by_its_address(attributes: Attributes, situation: Situation) -> Attributes:
    """Describe it by its address at first: the server makes the address of the description, once and for all."""
    local, _, domain = str(attributes["address"]).rpartition("@")
    rest = {name: value for name, value in attributes.items() if name != "address"}
    says_it = _local_part(str(situation.after["description"])) == local
    return {**rest, "domain": domain, "description": rest["description"] if says_it else local}


def _local_part(description: str) -> str:
    """The local part the server makes of a description (2022-01a to 2026-07a, functions.mailbox.inc.php)."""
    return "".join(each for each in description if each.isascii() and each.isalnum())


def _described_afterwards(steps: tuple[Step, ...], situation: Situation) -> tuple[Step, ...]:
    description = situation.after.get("description")
    if situation.verb is not Verb.ADD or steps[0].attributes["description"] == description:
        return steps
    item = ADDRESS.encode(situation.after["address"])
    follow = replace(steps[0], verb=Verb.EDIT, item=item, attributes={"description": description})
    return (steps[0], replace(follow, successes=KIND.routes.edited, stage=Stage.FOLLOW), *steps[1:])


def _check(values: Values) -> tuple[tuple[str, str, str], ...]:
    """Name what is nothing to PHP, and so never stored as a description (2022-01a to 2026-07a)."""
    if values.get("description") == "0":
        return (("description", "mailcow takes this for no description at all", "write another"),)
    return ()


KIND = Kind(
    name="resource",
    plural="resources",
    record=Resource,
    example={
        "address": "MeetingRoom1@acme.example",
        "description": "Meeting Room 1",
        "kind": "location",
        "bookings": 1,
    },
    key=("address",),
    sources=listed("resource"),
    protected=True,
    routes=crud("resource", added="resource_added", edited="resource_modified", deleted="resource_removed"),
    handle="name",
    domain_field="address",
    within=("domain",),
    after=("mailbox",),
    space="mail address",
    fold_key=True,
    on_check=_check,
    on_add=_named_by_its_address,
    on_steps=_described_afterwards,
    also_called={"active": "state", "name": "address", "multiple_bookings": "bookings"},
)
"""A delete takes any mailbox's address too and removes that row (all versions): only what the list of resources shows
is ever deleted."""
