"""TLS policies."""

import re
from typing import Any, Final, Required, TypedDict

from reconciler.model.address import Address
from reconciler.model.operation import HandleOf, Verb
from reconciler.model.resource import Values
from reconciler.records import replace
from reconciler.spec.codec import Codec, Scope, refuse
from reconciler.spec.codecs import COLUMN, State, choice, text
from reconciler.spec.kind import Kind, Situation, crud, listed
from reconciler.spec.language import Annotated
from reconciler.spec.mark import field
from reconciler.spec.names import domain_for_people, domain_for_wire
from reconciler.spec.step import Stage, Step

_FORMS: Final = (
    r"(\.?)([^\s@\[\]]+?)((?::[\w-]+)?)",
    r"(\[)([^\s@\[\]]+)(\](?::[\w-]+)?)",
)
_LABEL: Final = r"(?!-)[^.:]{1,63}(?<!-)"
_ADDRESS: Final = r"[0-9a-f:.]+"


def _parts(text: str) -> tuple[str, str, str] | None:
    """What stands before the host, the host, and what stands behind it."""
    match = next(filter(None, (re.fullmatch(form, text) for form in _FORMS)), None)
    return None if match is None else (match[1], match[2], match[3])


def _accept(value: Any, _scope: Scope) -> str:
    parts = _parts(value) if isinstance(value, str) and len(value) <= COLUMN and "\0" not in value else None
    if parts is not None and _is_host(parts[1], bracketed=parts[0] == "["):
        return _decode(value)
    hint = "write a domain, `.domain` for all below it, or `[host]:port`"
    raise refuse("destination-malformed", f"`{value}` is not a destination", hint=hint)


def _is_host(text: str, *, bracketed: bool) -> bool:
    if bracketed and re.fullmatch(_ADDRESS, text.lower()) is not None:
        return True
    wire = domain_for_wire(text)
    return wire not in ("0", "*") and wire.isascii() and all(re.fullmatch(_LABEL, label) for label in wire.split("."))


def _decode(value: Any) -> str:
    parts = _parts(str(value).strip())
    return str(value).strip().lower() if parts is None else f"{parts[0]}{domain_for_people(parts[1])}{parts[2].lower()}"


def _encode(value: str) -> str:
    parts = _parts(value)
    return value if parts is None else f"{parts[0]}{domain_for_wire(parts[1])}{parts[2]}"


DESTINATION: Final = Codec(
    accept=_accept,
    decode=_decode,
    encode=_encode,
    schema={"type": "string", "examples": ["partner.example", ".partner.example", "[mx.partner.example]:25"]},
)


PARAMETERS: Final = text(most=COLUMN, pattern=r"^(?:[^\s=]+=\S+(?: [^\s=]+=\S+)*)?$")


class TlsPolicy(TypedDict, total=False):
    """How safely mail to a destination must travel."""

    destination: Required[
        Annotated[
            str,
            DESTINATION,
            field(
                "Where the mail goes: a domain, `.domain` for all below it, or `[host]:port`.", read="dest", add="dest"
            ),
        ]
    ]
    policy: Required[
        Annotated[
            str,
            choice("none", "may", "encrypt", "dane", "dane-only", "fingerprint", "verify", "secure"),
            field("Postfix's TLS security level.", "policy"),
        ]
    ]
    parameters: Annotated[
        str,
        PARAMETERS,
        field("Further attributes of the level, as `name=value` separated by blanks.", "parameters", absent=""),
    ]
    state: Annotated[State, field("`off` puts the policy out of force.", "active", default="active")]


def _is_off(values: Values) -> bool:
    return bool(values["state"] == "off")


def _subdomains_by_way_of_a_placeholder(steps: tuple[Step, ...], situation: Situation) -> tuple[Step, ...]:
    """Add `.domain` under another name first: add refuses it, edit stores it (2022-01a to 2026-07a, tls-policy-map)."""
    destination = situation.address.key
    if situation.verb is not Verb.ADD or not destination.startswith("."):
        return steps
    from reconciler.spec.placeholder import placeholder_for  # noqa: PLC0415  seldom needed

    placeholder = placeholder_for(situation, route="tls-policy-map", untouched=_is_off)
    attributes = steps[0].attributes
    add = replace(steps[0], attributes={**attributes, "dest": placeholder.name, "active": 0})
    rename = Step(
        verb=Verb.EDIT,
        route="tls-policy-map",
        item=HandleOf(Address(situation.address.kind, placeholder.name)),
        attributes={"dest": _encode(destination), "active": attributes["active"]},
        successes=KIND.routes.edited,
        stage=Stage.FOLLOW,
        alone=True,
    )
    return (*placeholder.clearing, add, rename, *steps[1:])


KIND = Kind(
    name="tls_policy",
    plural="tls_policies",
    record=TlsPolicy,
    example={"destination": "partner.example", "policy": "encrypt"},
    key=("destination",),
    sources=listed("tls-policy-map"),
    routes=crud(
        "tls-policy-map",
        added="tls_policy_map_entry_saved",
        edited="tls_policy_map_entry_saved",
        deleted="tls_policy_map_entry_deleted",
    ),
    handle="id",
    serial=True,
    untouched=_is_off,
    on_steps=_subdomains_by_way_of_a_placeholder,
    also_called={"active": "state"},
)
