"""TLS policies."""

from dataclasses import replace
from typing import Annotated, Any, Final, Required, TypedDict

from reconciler.model.address import Address
from reconciler.model.operation import HandleOf, Verb
from reconciler.spec.codec import Codec, Scope, refuse
from reconciler.spec.codecs import State, Text, choice
from reconciler.spec.kind import Kind, Situation, crud, listed
from reconciler.spec.mark import field
from reconciler.spec.names import domain_for_people, domain_for_wire
from reconciler.spec.step import Stage, Step


def _accept(value: Any, _scope: Scope) -> str:
    if isinstance(value, str) and value and not any(each.isspace() or each == "@" for each in value):
        return domain_for_people(value)
    hint = "write a domain, `.domain` for all below it, or `[host]:port`"
    raise refuse("destination-malformed", f"`{value}` is not a destination", hint=hint)


DESTINATION: Final = Codec(
    accept=_accept,
    decode=lambda value: domain_for_people(str(value).strip()),
    encode=domain_for_wire,
    schema={"type": "string", "examples": ["partner.example", ".partner.example", "[mx.partner.example]:25"]},
)


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
        Text, field("Further attributes of the level, as `name=value` separated by blanks.", "parameters", absent="")
    ]
    state: Annotated[State, field("`off` puts the policy out of force.", "active", default="active")]


def _subdomains_by_way_of_a_placeholder(steps: tuple[Step, ...], situation: Situation) -> tuple[Step, ...]:
    """Add `.domain` under another name first: add refuses it, edit stores it (2022-01a to 2026-07a, tls-policy-map)."""
    destination = situation.address.key
    if situation.verb is not Verb.ADD or not destination.startswith("."):
        return steps
    placeholder = "placeholder" + domain_for_wire(destination)
    add = replace(steps[0], attributes={**steps[0].attributes, "dest": placeholder})
    rename = Step(
        verb=Verb.EDIT,
        route="tls-policy-map",
        item=HandleOf(Address(situation.address.kind, placeholder)),
        attributes={"dest": domain_for_wire(destination)},
        successes=KIND.routes.edited,
        stage=Stage.FOLLOW,
        alone=True,
    )
    return (add, rename, *steps[1:])


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
    on_steps=_subdomains_by_way_of_a_placeholder,
    also_called={"active": "state"},
)
