"""Administrators."""

from typing import Required, TypedDict

from reconciler.model.address import Address
from reconciler.model.operation import Verb
from reconciler.spec.codecs import COLUMN, Flag, State, text
from reconciler.spec.kind import Kind, Situation, crud, listed
from reconciler.spec.language import Annotated
from reconciler.spec.mark import Owner, field
from reconciler.spec.secrets import Password
from reconciler.spec.step import Stage, Step


class Admin(TypedDict, total=False):
    """Somebody who runs the whole server, in mailcow's own pages."""

    username: Required[
        Annotated[
            str,
            text(least=1, most=COLUMN, pattern=r"^(?:[a-z1-9]|0[a-z0-9_.-]|[_.-]+[a-z0-9])[a-z0-9_.-]*$"),
            field("The name they log in with, in lowercase.", read="username", add="username"),
        ]
    ]
    state: Annotated[State, field("`off` does not let them log in; the last one stays.", "active", default="active")]
    password: Annotated[
        Password,
        field(
            "The password, sent when the account is created. The server never shows it.",
            add=("password", "password2"),
            edit=("password", "password2"),
            owner=Owner.USER,
        ),
    ]
    force_two_factor: Annotated[
        Flag,
        field(
            "Ask for a second factor to be set up at the next login.",
            read="attributes.force_tfa",
            edit="force_tfa",
            since="2026-03",
            default=False,
            repeated=True,
        ),
    ]
    force_password_change: Annotated[
        Flag,
        field(
            "Ask for a new password at the next login. The server clears it once that is done.",
            read="attributes.force_pw_update",
            edit="force_pw_update",
            since="2026-03",
            default=False,
            repeated=True,
            owner=Owner.USER,
        ),
    ]


def _rename(source: Address, situation: Situation) -> tuple[Step, ...]:
    """Rename in place (2022-01a to 2026-07a, ``edit/admin`` with ``username_new``)."""
    return (
        Step(
            verb=Verb.EDIT,
            route="admin",
            item=source.key,
            attributes={"username_new": situation.address.key},
            successes=KIND.routes.edited,
            stage=Stage.FREE,
            alone=True,
        ),
    )


def _clashes(situation: Situation) -> tuple[tuple[str, str, str], ...]:
    """Say that nothing of one who is off can be edited while only one is active (2022-01a to 2026-07a)."""
    if situation.after.get("state") != "off":
        return ()
    active = [each for each in situation.future.of("admin").values() if each.values.get("state") == "active"]
    wants_more = any(map(situation.after.get, ("force_two_factor", "force_password_change")))
    made_so = situation.verb is Verb.ADD and wants_more
    stays_so = situation.verb is Verb.EDIT and situation.before.get("state") == "off"
    if situation.verb is Verb.EDIT and not active:
        return (("state", "mailcow does not switch off its last administrator", "leave one who is active"),)
    if len(active) > 1 or not (made_so or stays_so):
        return ()
    why = "mailcow changes nothing of an administrator who is off while there are not two who are active"
    return (("state", why, "switch it on, or leave it as it is"),)


KIND = Kind(
    name="admin",
    plural="admins",
    record=Admin,
    example={"username": "olga", "force_two_factor": True, "initial": {"password": {"env": "ADMIN_OLGA"}}},
    key=("username",),
    sources=listed("admin"),
    routes=crud("admin", added="admin_added", edited="admin_modified", deleted="admin_removed"),
    handle="username",
    space="account",
    protected=True,
    serial=True,
    needed=lambda _values: ("password",),
    on_move=_rename,
    clashes=_clashes,
    also_called={"active": "state", "name": "username"},
)
"""Protected: nothing keeps the last administrator from being deleted (2022-01a to 2026-07a, recorded exchanges)."""
