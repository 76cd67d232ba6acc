"""``reconciler explain``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reconciler.cli.exits import Exit
from reconciler.cli.options import format_option
from reconciler.cli.session import JSON, TEXT, Session
from reconciler.cli.words import Argument
from reconciler.errors import UsageError
from reconciler.model.reference import FieldReference, KindReference
from reconciler.render.plan_json import json_text
from reconciler.render.reference_json import field_document, kind_document
from reconciler.render.reference_text import field_text, kind_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from reconciler.cli.commands import Given

WORDS = (Argument("what", metavar="KIND[.FIELD]"), format_option(TEXT, JSON))


def act(session: Session, given: Given) -> int:
    """Explain a kind, or one of its fields.

    KIND is a section of a manifest such as `mailboxes`, or the word for one of them. It tells who usually changes a
    field, which versions of mailcow have and show it, what it takes, and what the API calls it.
    """
    kind_name, dot, field_name = given["what"].partition(".")
    kind = _kind(kind_name, session.pipeline.references())
    if dot:
        field = _field(field_name, kind)
        as_json = session.format == JSON
        session.give(json_text(field_document(kind, field)) if as_json else field_text(kind, field, session.style))
    else:
        session.give(json_text(kind_document(kind)) if session.format == JSON else kind_text(kind, session.style))
    return Exit.DONE


def _kind(word: str, kinds: Sequence[KindReference]) -> KindReference:
    name = word.replace("-", "_")
    found = next((each for each in kinds if name in (each.name, each.section)), None)
    if found is None:
        hint = _meant(word, (name for each in kinds for name in (each.section, each.name)))
        raise UsageError(f"there is no kind `{word}`", id="kind-unknown", hint=hint or "see `reconciler kinds`")
    return found


def _field(word: str, kind: KindReference) -> FieldReference:
    found = kind.field(word.replace("-", "_"))
    if found is None:
        names = [each.name for each in kind.fields]
        hint = _called(word, kind) or _meant(word, names) or f"it has: {', '.join(names)}"
        raise UsageError(f"`{kind.section}` has no field `{word}`", id="field-unknown", hint=hint)
    return found


def _called(word: str, kind: KindReference) -> str:
    """What we call a field that was asked for by the server's name."""
    for field in kind.fields:
        if word in {name.rpartition(".")[2] for use in field.api for name in use.names}:
            return f"mailcow calls it `{word}`; here it is `{field.name}`"
    return ""


def _meant(word: str, names: Iterable[str]) -> str:
    # what finds likenesses knows the kinds, which take long to import; most runs never need it
    from reconciler.manifest.suggest import close_to  # noqa: PLC0415

    meant = close_to(word, names)
    return f"did you mean `{meant}`?" if meant else ""
