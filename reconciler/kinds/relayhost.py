"""Relayhosts."""

from typing import Required, TypedDict

from reconciler.model.address import Address
from reconciler.model.operation import HandleOf, Verb
from reconciler.model.resource import Values
from reconciler.records import replace
from reconciler.spec.codecs import State, Trimmed, TrimmedOrEmpty
from reconciler.spec.kind import Kind, Situation, crud, listed
from reconciler.spec.language import Annotated
from reconciler.spec.mark import field
from reconciler.spec.secrets import TrimmedSecretText
from reconciler.spec.step import Step


class Relayhost(TypedDict, total=False):
    """A server that outgoing mail is handed to, for the domains and mailboxes that name it."""

    host: Required[Annotated[Trimmed, field("Host and port: `smtp.example:587`, `[192.0.2.1]:25`.", "hostname")]]
    username: Annotated[TrimmedOrEmpty, field("The account there; leave it out for none.", "username", default="")]
    password: Annotated[
        TrimmedSecretText, field("Its password. The server shows it to anyone with an API key.", "password", add=None)
    ]
    state: Annotated[
        State, field("`off` makes its domains send directly.", read="active", edit="active", default="active")
    ]


def _key(values: Values) -> str:
    username = values.get("username")
    return f"{username}@{values['host']}" if username else str(values["host"])


def _is_nameless(values: Values) -> bool:
    return not values.get("username")


def _escaped_by_add(steps: tuple[Step, ...], situation: Situation) -> tuple[Step, ...]:
    """Write a user name with a colon by an edit: add stores it escaped (2022-01a to 2026-07a, relayhost).

    That is also why the password is never part of an add, and the state follows: add ignores it.
    """
    username = str(situation.after.get("username", ""))
    if situation.verb is not Verb.ADD or ":" not in username:
        return steps
    from reconciler.spec.placeholder import placeholder_for  # noqa: PLC0415  seldom needed

    placeholder = placeholder_for(situation, route="relayhost", untouched=_is_nameless)
    add = replace(steps[0], attributes={**steps[0].attributes, "hostname": placeholder.name, "username": ""})
    rename = Step(
        verb=Verb.EDIT,
        route="relayhost",
        item=HandleOf(Address(situation.address.kind, placeholder.name)),
        attributes={"hostname": situation.after["host"], "username": username},
        successes=KIND.routes.edited,
        stage=steps[-1].stage,
        alone=True,
    )
    return (*placeholder.clearing, add, rename, *steps[1:])


KIND = Kind(
    name="relayhost",
    plural="relayhosts",
    record=Relayhost,
    example={"host": "smtp.example:587", "username": "acme", "password": {"env": "SMTP_ACME"}},
    key=("host", "username"),
    key_text=_key,
    sources=listed("relayhost"),
    routes=crud("relayhost", added="relayhost_added", edited="object_modified", deleted="relayhost_removed"),
    handle="id",
    unique=False,
    serial=True,
    untouched=_is_nameless,
    on_steps=_escaped_by_add,
    also_called={"active": "state"},
)
