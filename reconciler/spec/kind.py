"""Kinds: a record, what its fields are to the server, its routes and its oddities, as one value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any, get_args

from reconciler.model.address import Address
from reconciler.model.operation import Verb
from reconciler.records import field, record
from reconciler.spec.codec import Codec
from reconciler.spec.mark import MAIN, TEMPLATE, UNSET, Mark, Owner
from reconciler.spec.names import container_in, domain_of
from reconciler.spec.refusal import InvalidError
from reconciler.spec.step import Step

if TYPE_CHECKING:
    from pydantic_core import SchemaValidator

    from reconciler.model.operation import Operation
    from reconciler.model.resource import Observed, Values
    from reconciler.model.state import LiveState
    from reconciler.model.version import Version
    from reconciler.spec.capabilities import Capabilities
    from reconciler.spec.codec import Scope


@record(frozen=True, slots=True)
class Field:
    """A field of a record: its type and its mark."""

    name: str
    codec: Codec
    mark: Mark
    required: bool

    def supported(self, capabilities: Capabilities) -> bool:
        """Whether the server knows the field at all."""
        mark = self.mark
        return (mark.since is None and mark.until is None) or capabilities.knows(mark.since, mark.until)

    def readable(self, capabilities: Capabilities) -> bool:
        """Whether the server shows the field."""
        return bool(self.mark.read) and self.supported(capabilities) and capabilities.knows(self.mark.readable_since)

    def taken_by_add(self, capabilities: Capabilities) -> bool:
        """Whether the body of an add takes it; else it is sent in a call of its own, after the resource is there."""
        return bool(self.mark.add) and capabilities.knows(self.mark.added_since)

    @property
    def immutable(self) -> bool:
        """Whether it can be set only when the resource is created."""
        return not self.mark.edit and self.mark.elements is None


@record(frozen=True, slots=True, kw_only=True)
class Source:
    """One GET, or one for each domain or resource, that shows some fields.

    Attributes:
        path: below ``get/``; ``{domain}`` or ``{handle}`` makes it one request for each.
        by_domain: the same list narrowed to one domain, with ``{domain}``, where there is such a route.
        weighed_by: the measure of a domain that best tells how long the list narrowed to it is.
        whole: the list that shows more of the same, which costs the server more; what a snapshot keeps.
        join: where a row of a further source names the resource's handle.
        row_handle: where a row has an id of its own (rows of a list field).
        many: the rows of one resource together are the value of the field.
        since: the version the route came with.
        each: for a main source that is no list of everything: the field whose value it is asked for, one request each,
            where the path has ``{each}``. Rows have that value under `ASKED`. The values come from what is declared;
            where all is wanted, they are the keys of the kind the field refers to, or else of those it is within.
    """

    path: str
    by_domain: str | None = None
    weighed_by: str = ""
    whole: str | None = None
    join: str | None = None
    row_handle: str | None = None
    many: bool = False
    since: Version | None = None
    each: str | None = None


@record(frozen=True, slots=True, kw_only=True)
class Routes:
    """The paths below ``add/``, ``edit/`` and ``delete/``, and the message keys that mean success there."""

    add: str | None = None
    edit: str | None = None
    delete: str | None = None
    added: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()

    def adds(self, call: Step | Operation) -> bool:
        """Whether a call is what makes resources of the kind."""
        return call.verb is Verb.ADD and call.route == self.add

    def deletes(self, call: Step | Operation) -> bool:
        """Whether a call is what deletes resources of the kind: elements of their fields have other routes."""
        return call.verb is Verb.DELETE and call.route == self.delete


@record(frozen=True, slots=True, kw_only=True)
class Situation:
    """All a hook may know: pure values, nothing to call.

    Attributes:
        before: the live values; empty for a creation.
        after: what the values will be: the live ones, overlaid with what the change sets.
        changed: the fields the change sets.
        observed: the live resource; None for a creation.
        live: everything that was read.
        future: the same as it will be once the plan is carried out, as far as is known while this is asked.
    """

    verb: Verb
    address: Address
    before: Values
    after: Values
    changed: frozenset[str]
    observed: Observed | None
    live: LiveState
    future: LiveState
    capabilities: Capabilities


Attributes = dict[str, Any]
AttributesHook = Callable[[Attributes, Situation], Attributes]
StepsHook = Callable[[tuple[Step, ...], Situation], tuple[Step, ...]]


@record(frozen=True, kw_only=True)
class Kind:
    """A kind of resource.

    Attributes:
        name: singular, as in addresses; ``plural`` is the key in manifests.
        record: a TypedDict whose fields are ``Annotated[type, codec, Mark]``; its docstring says what the kind is.
        key: the fields that name a resource; ``key_text`` makes one text of their values.
        sources: where it is read from; ``main`` lists the resources. A kind without it cannot be read: its resources
            are taken for being there always, are never created or deleted, and are written when they are declared
            otherwise than at the base.
        handle: where a row has what the API calls the resource by.
        present: where a row has a value if it is a resource at all.
        singleton: there is always exactly one; its key is the kind's name.
        within: the kinds whose key is the domain a resource belongs to, and without which it cannot be.
        domain_field: the field that tells, behind its last ``@``, the domain a resource belongs to, for lanes, for
            reading less, and for scopes.
        after: the kinds that are created before and deleted after it.
        space: resources of kinds with the same space cannot have the same key.
        shadows: (a key, what will be there) -> another key of the space that must be free for it; None for none.
        protected: deleted only by a ``removed:`` entry or a flag naming the kind.
        serial: its writes never run beside each other.
        unique: whether the server keeps keys unique; otherwise equal rows may exist.
        made: where a row shows when it was made, for equal rows whose handles do not tell which came first.
        fold_key: keys that differ only in case are the same resource.
        kept: what every edit must repeat: name in the edit -> where a row shows it.
        measures: what a deletion would destroy: name -> where a row shows it; the largest number of several places.
        witnesses: a field that is never shown -> where a row shows when it was set last.
        template: the kind of the server's templates a creation can start from, since the version ``template_since``.
        alone: edits are sent one resource a call.
        joined_by: the attribute of an add that may name several resources, separated by commas, which are all made with
            the rest of the attributes; empty where an add makes one.
        left_half_made: what an add says that finds the remains of one that was answered with nothing; deleting it by
            its handle and adding again heals that.
        untouched: values -> whether a row with a placeholder's name (see `placeholder`) is as the add has left it; None
            for a kind that needs none.
        shared_by: field -> the fields that all resources with the same value of it share on the server.
        consumes: a limit of the kind it is within -> its field that uses the limit up; None where each is one.
        on_move: (the address before, situation) -> steps that give it another key without losing it, if that can be;
            ``moves_since`` the version that can.
        derives: (declared values, what will be there) -> values a creation takes from others, where none are declared.
        needed: (declared and initial values) -> the fields without which it cannot be created.
        refuses: (situation) -> (field, why, hint) for each change the server would answer with success and not make.
        clashes: (situation) -> (field, why, hint) for each reason the server would refuse the change, seeing what else
            will be there.
        settled: (field, situation) -> whether the server never shows this difference, so that nothing is to do.
        sugar: words an entry may use besides its fields: word -> the field it stands for; ``on_entry`` replaces them.
        on_entry: (an entry as written, the scope) -> the entry with sugar replaced; before validation.
        on_read: (row, capabilities) -> the row in the shape the marks describe; None if it is no resource.
        on_add, on_edit: (attributes, situation) -> attributes.
        on_steps: (steps, situation) -> steps, for what no mark can say.
        on_check: (a valid entry) -> (field, message, hint) for each combination that makes no sense.
        effects: (situation) -> what the server will do besides, a sentence each.
        replaceable: the field that says, by being true, that what cannot be changed may be deleted and made anew.
        also_called: what else people may call a field who know the server, for suggestions: word -> field.
        rivals: values -> what only one declared resource of the kind may have; None for one that has no rivals.
        stays: whether the server keeps a resource for good, so that it is never deleted.
        outlived_by: the fields that stay on the server when it is deleted: they are read, and taken away, before.
        example: an entry as people would write it, for `explain`.
    """

    name: str
    plural: str
    record: type
    key: tuple[str, ...]
    key_text: Callable[[Values], str] | None = None
    sources: Mapping[str, Source]
    routes: Routes
    handle: str = ""
    present: str = ""
    singleton: bool = False
    within: tuple[str, ...] = ()
    domain_field: str = ""
    after: tuple[str, ...] = ()
    space: str | None = None
    shadows: Callable[[str, LiveState], str | None] | None = None
    protected: bool = False
    serial: bool = False
    unique: bool = True
    made: str = ""
    fold_key: bool = False
    since: Version | None = None
    kept: Mapping[str, str] = field(default_factory=dict)
    measures: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    witnesses: Mapping[str, str] = field(default_factory=dict)
    template: str | None = None
    template_since: Version | None = None
    alone: bool = False
    joined_by: str = ""
    left_half_made: str | None = None
    untouched: Callable[[Values], bool] | None = None
    shared_by: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    needed: Callable[[Values], tuple[str, ...]] | None = None
    derives: Callable[[Values, LiveState], Values] | None = None
    consumes: Mapping[str, str | None] = field(default_factory=dict)
    moves_since: Version | None = None
    on_move: Callable[[Address, Situation], tuple[Step, ...]] | None = None
    sugar: Mapping[str, str] = field(default_factory=dict)
    on_entry: Callable[[dict[str, Any], Scope], dict[str, Any]] | None = None
    on_read: Callable[[Mapping[str, Any], Capabilities], Mapping[str, Any] | None] | None = None
    on_add: AttributesHook | None = None
    on_edit: AttributesHook | None = None
    on_steps: StepsHook | None = None
    on_check: Callable[[Values], tuple[tuple[str, str, str], ...]] | None = None
    effects: Callable[[Situation], tuple[str, ...]] | None = None
    settled: Callable[[str, Situation], bool] | None = None
    refuses: Callable[[Situation], tuple[tuple[str, str, str], ...]] | None = None
    clashes: Callable[[Situation], tuple[tuple[str, str, str], ...]] | None = None
    replaceable: str | None = None
    rivals: Callable[[Values], str | None] | None = None
    stays: Callable[[Values], bool] | None = None
    outlived_by: tuple[str, ...] = ()
    also_called: Mapping[str, str] = field(default_factory=dict)
    example: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def fields(self) -> Mapping[str, Field]:
        """The record's fields by name, in the order they are declared."""
        return _fields_of(self.record)

    @cached_property
    def places(self) -> Mapping[str, int]:
        """Where each field stands in the order of the record, behind the template a creation starts from."""
        return {name: place for place, name in enumerate((TEMPLATE, *self.fields))}

    @cached_property
    def secret_fields(self) -> Mapping[str, Codec]:
        """The codecs of the fields in which there may be secrets."""
        return {name: each.codec for name, each in self.fields.items() if each.codec.sensitive or each.codec.parts}

    @cached_property
    def defaults(self) -> Values:
        """What a creation sends for fields of which nothing is declared."""
        return {name: each.mark.default for name, each in self.fields.items() if each.mark.default is not UNSET}

    @cached_property
    def is_called_by_key(self) -> bool:
        """Whether the API calls a resource by its key, so that one with a new key has a new handle."""
        return len(self.key) == 1 and self.fields[self.key[0]].mark.read == (self.handle,)

    @cached_property
    def reader(self) -> SchemaValidator:
        """What checks an entry carefully and brings it into canonical form."""
        return _validator(self._entry_schema())

    @cached_property
    def list_reader(self) -> SchemaValidator:
        """`reader` for a whole list of entries, which takes half the time of one by one."""
        return _validator({"type": "list", "items_schema": self._entry_schema()})

    @cached_property
    def part_reader(self) -> SchemaValidator:
        """What checks some of an entry's fields, none of them required: inherited and initial ones."""
        return _validator(self._entry_schema(partly=True))

    def read_entries(self, entries: Sequence[Any], scope: Scope) -> list[Values]:
        """Read entries one by one, carefully.

        Raises:
            InvalidError: with all that is wrong; ``loc`` starts with the entry's index.
        """
        read: list[Values] = _validated(self.list_reader, entries, scope)
        return read

    def read_some(self, written: Mapping[str, Any], scope: Scope) -> Values:
        """Read some of an entry's fields, none of them required: quickly where they are surely right, else carefully.

        Raises:
            InvalidError: with all that is wrong.
        """
        with suppress(Exception):
            if written.keys() <= self.fields.keys():
                some = ((name, each.codec) for name, each in self.fields.items() if name in written)
                return {name: codec.accept_all((written[name],), scope)[0] for name, codec in some}
        read: Values = _validated(self.part_reader, written, scope)
        return read

    def _entry_schema(self, *, partly: bool = False) -> dict[str, Any]:
        fields = {
            name: {
                "type": "typed-dict-field",
                "schema": each.codec.careful(),
                "required": each.required and not partly,
            }
            for name, each in self.fields.items()
        }
        return {"type": "typed-dict", "fields": fields, "extra_behavior": "forbid"}

    @property
    def about(self) -> str:
        """What the kind is, for people."""
        lines = (self.record.__doc__ or "").strip().splitlines()
        return "\n".join(map(str.strip, lines))  # Python leaves them indented before 3.13

    @property
    def owner(self) -> Owner:
        """Who usually makes such resources: the operator, unless every field is usually changed by others."""
        owners = [each.mark.owner for each in self.fields.values()]
        return Owner.OPERATOR if Owner.OPERATOR in owners else owners[0]

    def is_replaced_by(self, changed: Iterable[str]) -> bool:
        """Whether a change of some fields can be made only by deleting a resource and making it anew."""
        return self.replaceable is not None and any(self.fields[name].immutable for name in changed)

    def main_source(self, capabilities: Capabilities) -> Source | None:
        """The list of the kind's resources on this server; None where it cannot be read."""
        source = self.sources.get(MAIN)
        return source if source is not None and capabilities.knows(source.since) else None

    def domain_of(self, values: Values) -> str | None:
        """The domain a resource with these values belongs to; None for kinds that belong to none."""
        return domain_of(str(values[self.domain_field])) if self.domain_field else None

    def domain_of_key(self, key: str) -> str | None:
        """The domain a resource belongs to, where its key alone tells; for a pattern of keys, one of domains."""
        if self.listed_by is not None:
            return self.domain_of({self.listed_by: container_in(key)})
        if self.singleton or self.key_text is not None or len(self.key) != 1 or self.domain_field != self.key[0]:
            return None
        return self.domain_of({self.key[0]: key})

    @property
    def listed_by(self) -> str | None:
        """The field whose value the list is asked for, where it is asked for once for each container."""
        return self.sources[MAIN].each if MAIN in self.sources else None

    def key_of(self, values: Values) -> str:
        """The key of a resource with these values."""
        if self.singleton:
            return self.name
        text = self.key_text(values) if self.key_text is not None else str(values[self.key[0]])
        return text.lower() if self.fold_key else text

    def address_of(self, values: Values) -> Address:
        """The address of a resource with these values."""
        return Address(self.name, self.key_of(values))

    def keys_taken(self, key: str, future: LiveState) -> tuple[str, ...]:
        """The keys of its space that must be free for a resource with a key."""
        also = self.shadows(key, future) if self.shadows is not None else None
        return (key,) if also is None else (key, also)

    def server_names(self) -> Mapping[str, str]:
        """Give our name for each of the server's own, for suggestions."""
        names: dict[str, str] = dict(self.also_called)
        for name, each in self.fields.items():
            for wire in (*each.mark.add, *each.mark.edit, *(path.rpartition(".")[2] for path in each.mark.read)):
                if wire not in self.fields:
                    names.setdefault(wire, name)
        return names

    def problems(self, kinds: Mapping[str, Kind]) -> list[str]:
        """What is wrong with the declaration itself; empty when it is sound."""
        marks = [each.mark for each in self.fields.values()]
        named = (*self.after, *self.within, *(name for mark in marks for name in (*mark.beside, *mark.renamed_with)))
        named += tuple(name for mark in marks for each in mark.follows for name in each.kinds)
        found = [f"{name} is not a kind" for name in named if name not in kinds]
        found += [f"key field {name} is not in the record" for name in self.key if name not in self.fields]
        for name, each in self.fields.items():
            mark = each.mark
            if mark.read and mark.source not in self.sources:
                found.append(f"{name} is read from {mark.source}, which is not a source")
            if mark.refers is not None and mark.refers not in kinds:
                found.append(f"{name} refers to {mark.refers}, which is not a kind")
            if mark.bound is not None and each.codec.magnitude is None:
                found.append(f"{name} is a bound, but its values have no magnitude")
            if mark.default is not UNSET and not (mark.add or mark.edit):
                found.append(f"{name} has a default that cannot be sent")
        if MAIN not in self.sources and any(each.mark.read for each in self.fields.values()):
            found.append("fields are read, but there is no main source")
        return found


def _validated(reader: SchemaValidator, written: Any, scope: Scope) -> Any:
    from pydantic_core import ValidationError  # noqa: PLC0415  there is a reader, so it is imported

    try:
        return reader.validate_python(written, context=scope)
    except ValidationError as failure:
        raise InvalidError(failure.errors(include_url=False)) from None


def _validator(schema: Any) -> SchemaValidator:
    from pydantic_core import SchemaValidator  # noqa: PLC0415  slow to import, and needed only where something is wrong

    return SchemaValidator(schema)


def _fields_of(record: type) -> Mapping[str, Field]:
    if not hasattr(record, "__required_keys__"):
        raise TypeError(f"{record.__name__} is not a TypedDict")
    found: dict[str, Field] = {}
    for name, hint in record.__annotations__.items():
        required = not hasattr(hint, "__metadata__")  # then it is `Required`, around what is annotated
        annotated = get_args(hint)[0] if required and get_args(hint) else hint
        metadata: tuple[Any, ...] = getattr(annotated, "__metadata__", ())
        codec = next((each for each in metadata if isinstance(each, Codec)), None)
        mark = next((each for each in metadata if isinstance(each, Mark)), None)
        if codec is None or mark is None:
            needed = "a codec type and a mark, in the `Annotated` of spec.language, not postponed"
            raise TypeError(f"{record.__name__}.{name} needs {needed}")
        found[name] = Field(name, codec, mark, required)
    return found


def crud(route: str, *, added: str, edited: str, deleted: str) -> Routes:
    """Make the routes of a kind whose add, edit and delete share a path."""
    return Routes(add=route, edit=route, delete=route, added=(added,), edited=(edited,), deleted=(deleted,))


def listed(path: str, *, by_domain: bool = False, **more: Any) -> Mapping[str, Source]:
    """Make the sources of a kind that one list shows, perhaps narrowed with ``path/{domain}``.

    Args:
        path: below ``get/``; ``/all`` is appended where it does not end in ``reduced`` or ``all``.
    """
    whole = path if path.rpartition("/")[2] in ("all", "reduced") else f"{path}/all"
    return {MAIN: Source(path=whole, by_domain=f"{whole}/{{domain}}" if by_domain else None, **more)}


__all__ = ["AttributesHook", "Field", "Kind", "Routes", "Situation", "Source", "crud", "listed"]
