"""Administrators."""

from typing import Required, TypedDict

from reconciler.model.operation import Verb
from reconciler.spec.accounts import FORCE_TWO_FACTOR, force_password_change, password_of, renamed_by
from reconciler.spec.codecs import COLUMN, Flag, State, text
from reconciler.spec.kind import Kind, Situation, crud, listed
from reconciler.spec.language import Annotated
from reconciler.spec.mark import Owner, field
from reconciler.spec.secrets import Password


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
    password: Annotated[Password, password_of(Owner.USER)]
    force_two_factor: Annotated[Flag, FORCE_TWO_FACTOR]
    force_password_change: Annotated[Flag, force_password_change(Owner.USER)]


def _clashes(situation: Situation) -> tuple[tuple[str, str, str], ...]:
    """Say that nothing of one who is off can be edited while only one is active (2022-01a to 2026-07a)."""
    if situation.after.get("state") != "off":
        return ()
    from reconciler.model.amended import those_with  # noqa: PLC0415  only where one is off

    active = those_with(situation.future.of("admin"), "state", "active")
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
    on_move=renamed_by("admin", successes=("admin_modified",)),
    clashes=_clashes,
    also_called={"active": "state", "name": "username"},
)
"""Protected: nothing keeps the last administrator from being deleted (2022-01a to 2026-07a, recorded exchanges)."""
