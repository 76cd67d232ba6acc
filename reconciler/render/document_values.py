"""Values to JSON and back. What JSON has no word for is a mapping with one name that begins with ``$``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from reconciler.model.change import Absent
from reconciler.model.secret import MASK, Secret, SecretSource, SourceKind

_ABSENT_NAMES: Final = {Absent.NOT_SET: "not-set", Absent.NOT_READABLE: "not-readable", Absent.HIDDEN: "hidden"}
_ABSENCES: Final = {name: absent for absent, name in _ABSENT_NAMES.items()}
_DEEPEST: Final = 32
"""Lists and mappings inside each other, as in manifests; the server has nothing deeper either."""

_SINGLE: Final = (SourceKind.ENV, SourceKind.FILE, SourceKind.HASH, SourceKind.HASH_TABLE)


def written_value(value: Any, *, sensitive: bool = False, is_set: bool = False) -> Any:
    """A value for JSON. A live secret becomes `Absent.HIDDEN`: it is lost on purpose.

    Args:
        value: a canonical value.
        sensitive: a value that names no source is a secret itself.
        is_set: the value is what a change sets.

    Raises:
        TypeError: when a change would set a secret itself: what is read back could not be sent.
    """
    if isinstance(value, Absent):
        return {"$absent": _ABSENT_NAMES[value]}
    if isinstance(value, SecretSource):
        return {"$secret": _written_source(value)}
    if sensitive or isinstance(value, Secret):
        if is_set:
            raise TypeError("a plan holds where a secret comes from, never the secret")
        return {"$absent": _ABSENT_NAMES[Absent.HIDDEN]}
    if isinstance(value, Mapping):
        plain = {name: written_value(each, is_set=is_set) for name, each in value.items()}
        return {"$mapping": plain} if any(name.startswith("$") for name in plain) else plain
    if isinstance(value, tuple | list):
        return [written_value(each, is_set=is_set) for each in value]
    return value


def read_value(value: Any, *, inside: int = 0) -> Any:
    """The value `written_value` wrote.

    Args:
        value: what stands there.
        inside: how many lists and mappings it is in.

    Raises:
        ValueError: when a ``$`` name is none of ours, or it is deeper than any value.
    """
    if inside > _DEEPEST:
        raise ValueError("a value is too deep")
    inside += 1
    if isinstance(value, list):
        return tuple(read_value(each, inside=inside) for each in value)
    if not isinstance(value, dict):
        return value
    special = next((name for name in value if name.startswith("$")), None)
    if special is None:
        return {name: read_value(each, inside=inside) for name, each in value.items()}
    read = _SPECIAL.get(special)
    if read is None or len(value) != 1:
        raise ValueError(f"`{special}` is not a value of a plan")
    return read(value[special], inside)


def _written_source(source: SecretSource) -> dict[str, Any]:
    name = source.kind.value
    if source.kind is SourceKind.HASH:
        return {name: MASK}  # it is its own source, and would be all an attacker needs to start guessing
    if source.kind is SourceKind.GENERATE:
        return {name: True, **({"deliver": _written_delivery(source)} if source.deliver else {})}
    return {name: source.argument[0] if source.kind in _SINGLE else list(source.argument)}


def _written_delivery(source: SecretSource) -> Any:
    if source.recipients:
        return {"file": source.deliver[0], "recipients": list(source.recipients)}
    return list(source.deliver)


def _read_source(content: Any, _inside: int) -> SecretSource:
    if not isinstance(content, dict):
        raise ValueError("`$secret` takes a source")  # noqa: TRY004  the content of a file, not a programming error
    name, argument = next(iter(content.items()), ("", None))
    kind = SourceKind(name)
    if kind is SourceKind.GENERATE:
        return _read_generated(content.get("deliver", []))
    return SecretSource(kind, _words([argument] if kind in _SINGLE else argument))


def _read_generated(delivery: Any) -> SecretSource:
    if not isinstance(delivery, dict):
        return SecretSource(SourceKind.GENERATE, (), _words(delivery))
    recipients = _words(delivery.get("recipients"))
    return SecretSource(SourceKind.GENERATE, (), _words([delivery.get("file")]), recipients)


def _words(value: Any) -> tuple[str, ...]:
    if isinstance(value, list) and all(isinstance(word, str) for word in value):
        return tuple(value)
    raise ValueError("not a source of a secret")


def _read_absence(content: Any, _inside: int) -> Absent:
    if not isinstance(content, str) or content not in _ABSENCES:
        raise ValueError("`$absent` takes `not-set`, `not-readable` or `hidden`")
    return _ABSENCES[content]


def _read_mapping(content: Any, inside: int) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise ValueError("`$mapping` takes a mapping")  # noqa: TRY004  the content of a file, not a programming error
    return {name: read_value(each, inside=inside) for name, each in content.items()}


_SPECIAL: Final[Mapping[str, Callable[[Any, int], Any]]] = {
    "$absent": _read_absence,
    "$secret": _read_source,
    "$mapping": _read_mapping,
}
