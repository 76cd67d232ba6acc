"""``reconciler kinds``."""

from __future__ import annotations

from reconciler.cli.exits import Exit
from reconciler.cli.options import format_option
from reconciler.cli.session import JSON, TEXT, Session
from reconciler.render.plan_json import json_text
from reconciler.render.reference_json import kinds_document
from reconciler.render.reference_text import kinds_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from reconciler.cli.commands import Given

WORDS = (format_option(TEXT, JSON),)


def act(session: Session, _given: Given) -> int:
    """List everything a manifest can declare.

    Each kind is a section of a manifest. `reconciler explain KIND` tells the rest.
    """
    kinds = session.pipeline.references()
    session.give(json_text(kinds_document(kinds)) if session.format == JSON else kinds_text(kinds, session.style))
    return Exit.DONE
