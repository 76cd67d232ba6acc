"""Rspamd settings."""

from typing import Any, Final, Required, TypedDict

from reconciler.spec.codec import Codec, Scope, refuse
from reconciler.spec.codecs import ShortLine, State
from reconciler.spec.kind import Kind, crud, listed
from reconciler.spec.language import Annotated
from reconciler.spec.mark import field


def _accept(value: Any, _scope: Scope) -> str:
    if isinstance(value, str) and value.strip() not in ("", "0"):
        return _normal(value)
    raise refuse("content-empty", "the content is empty", hint="write the settings as rspamd wants them")


def _normal(value: str) -> str:
    return value.replace("\r\n", "\n").strip().strip(" \t\n\r\0\v")


CONTENT: Final = Codec(accept=_accept, decode=lambda value: _normal(str(value)), schema={"type": "string"})
"""Edits cut off what is blank at both ends, adds do not (2022-01a to 2026-07a, functions.rspamd.inc.php)."""


class RspamdSetting(TypedDict, total=False):
    """A piece of the spam filter's settings map. The server does not look at its syntax."""

    description: Required[Annotated[ShortLine, field("What people call it.", read="desc", add="desc")]]
    content: Required[Annotated[str, CONTENT, field("The settings themselves.", "content")]]
    state: Annotated[State, field("`off` puts it out of force.", "active", default="active")]


KIND = Kind(
    name="rspamd_setting",
    plural="rspamd_settings",
    record=RspamdSetting,
    example={
        "description": "No limits for the shop",
        "content": 'shop { ip = "192.0.2.30"; apply { groups_disabled = ["ratelimit"]; } }',
    },
    key=("description",),
    sources=listed("rsetting"),
    routes=crud("rsetting", added="settings_map_added", edited="object_modified", deleted="settings_map_removed"),
    handle="id",
    unique=False,
    serial=True,
    also_called={"active": "state", "desc": "description"},
)
