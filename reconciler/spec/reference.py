"""The kinds as plain values for people: everything here is read off their declarations, so a new kind needs nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from inspect import cleandoc
from typing import Any, Final

from reconciler.model.operation import Verb
from reconciler.model.reference import ApiUse, Deletion, FieldReference, KindReference
from reconciler.model.resource import Value
from reconciler.model.secret import SourceKind
from reconciler.records import record
from reconciler.spec.forms import allowed_words, described, example_of
from reconciler.spec.kind import Field, Kind
from reconciler.spec.mark import ASKED, MAIN, UNSET, WHOLE
from reconciler.spec.step import Step

__all__ = ["References"]

_GET: Final = "get"
_HANDLE: Final = "{handle}"
_ROW: Final = "{id}"


@record(frozen=True, slots=True)
class References:
    """What describes kinds.

    Attributes:
        kinds: by name.
        initial: the word under which an entry says what matters only when it is created.
        write: makes YAML of a manifest, for the examples.
    """

    kinds: Mapping[str, Kind]
    initial: str
    write: Callable[[Mapping[str, Any]], str]

    def all(self) -> tuple[KindReference, ...]:
        """Every kind, in the order of their sections' names."""
        return tuple(self.of(kind) for kind in sorted(self.kinds.values(), key=lambda kind: kind.plural))

    def of(self, kind: Kind) -> KindReference:
        """One kind."""
        about, _, more = cleandoc(kind.about).partition("\n\n")
        example = dict(kind.example)
        return KindReference(
            name=kind.name,
            section=kind.plural,
            about=" ".join(about.split()),
            more=" ".join(more.split()),
            key=kind.key,
            within=tuple(self.kinds[name].plural for name in kind.within),
            deletion=_deletion(kind),
            creatable=kind.routes.add is not None,
            readable=MAIN in kind.sources,
            since=kind.since,
            moves=kind.on_move is not None,
            moves_since=kind.moves_since,
            sugar=kind.sugar,
            api=tuple(_routes(kind)),
            fields=tuple(self._field(kind, each) for each in kind.fields.values()),
            example=self.write({kind.plural: example if kind.singleton else [example]}),
        )

    def _field(self, kind: Kind, field: Field) -> FieldReference:
        mark, codec = field.mark, field.codec
        return FieldReference(
            name=field.name,
            about=mark.about,
            form=described(codec.schema, secret=codec.sensitive),
            schema=codec.schema,
            words=() if codec.sensitive else allowed_words(codec.schema),
            is_key=field.name in kind.key,
            required=field.required,
            needed=kind.needed is not None and field.name in kind.needed({}),
            immutable=field.immutable and bool(mark.add),
            secret=codec.sensitive,
            default=None if mark.default is UNSET else mark.default,
            owner=mark.owner.value,
            since=mark.since,
            until=mark.until,
            readable=bool(mark.read),
            readable_since=mark.readable_since,
            refers=self.kinds[mark.refers].plural if mark.refers is not None else None,
            api=tuple(_uses(kind, field)),
            example=self._example(kind, field),
        )

    def _example(self, kind: Kind, field: Field) -> Value:
        """A value of the field, as a person would write it; None where nothing tells one."""
        for written in (kind.example, kind.example.get(self.initial, {})):
            if field.name in written:
                return written[field.name]
        if field.codec.sensitive:
            return {SourceKind.ENV.value: f"{kind.name}_{field.name}".upper()}
        default = field.mark.default
        if default not in (UNSET, "", ()):
            return list(default) if isinstance(default, tuple) else default
        return example_of(field.codec.schema)


def _deletion(kind: Kind) -> Deletion:
    if kind.routes.delete is None:
        return Deletion.NEVER
    return Deletion.PROTECTED if kind.protected else Deletion.FREE


def _routes(kind: Kind) -> Iterator[ApiUse]:
    paths = {
        _GET: kind.sources[MAIN].path if MAIN in kind.sources else None,
        Verb.ADD.value: kind.routes.add,
        Verb.EDIT.value: kind.routes.edit,
        Verb.DELETE.value: kind.routes.delete,
    }
    return (ApiUse(verb, path) for verb, path in paths.items() if path is not None)


def _uses(kind: Kind, field: Field) -> Iterator[ApiUse]:
    mark = field.mark
    if mark.read:
        yield ApiUse(_GET, kind.sources[mark.source].path, _names(mark.read))
    if mark.add and kind.routes.add is not None:
        yield ApiUse(Verb.ADD.value, kind.routes.add, _names(mark.add))
    route = mark.route or kind.routes.edit
    if mark.edit and route is not None:
        yield ApiUse(Verb.EDIT.value, route, _names(mark.edit))
    if mark.elements is not None:
        element = ("",)
        for step in (*mark.elements.add(_HANDLE, element), *mark.elements.remove(_HANDLE, element, (_ROW,))):
            yield _use_of(step)


def _use_of(step: Step) -> ApiUse:
    return ApiUse(step.verb.value, step.route, tuple(step.attributes))


def _names(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if name not in (WHOLE, ASKED))
