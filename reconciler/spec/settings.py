"""Settings of the whole server that it takes and never shows, each route all at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from reconciler.model.version import Version
from reconciler.spec.kind import Kind, Routes
from reconciler.spec.mark import UNSET, Mark, field

if TYPE_CHECKING:
    from reconciler.spec.kind import AttributesHook, Situation

__all__ = ["setting", "settings"]


def setting(about: str, *names: str, reset_to: Any = UNSET) -> Mark:
    """Mark a field of such settings.

    Args:
        names: on the wire.
        reset_to: what the server makes of it where it is not sent; UNSET where that is its own affair.
    """
    return field(about, edit=names, default=reset_to, repeated=True)


def _resets(situation: Situation, kind: Kind) -> tuple[str, ...]:
    left = [f"`{name}`" for name, each in kind.fields.items() if name not in situation.after and each.mark.repeated]
    return (f"resets what is not declared: {', '.join(left)}",) if left else ()


def settings(
    name: str,
    record: type,
    *,
    route: str,
    said: str,
    example: Mapping[str, Any],
    since: Version | None = None,
    on_edit: AttributesHook | None = None,
) -> Kind:
    """Make the kind of such settings: there is one, always; it is written when it is declared otherwise than before.

    Args:
        route: the edit route.
        said: the message key of its success.
        example: an entry as people would write it.
    """
    kind: Kind

    def effects(situation: Situation) -> tuple[str, ...]:
        return _resets(situation, kind)

    kind = Kind(
        name=name,
        plural=name,
        record=record,
        key=(),
        sources={},
        routes=Routes(edit=route, edited=(said,)),
        singleton=True,
        since=since,
        on_edit=on_edit,
        effects=effects,
        example=example,
    )
    return kind
