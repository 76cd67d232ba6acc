"""The published shape of a plan as a JSON document, described once: the schema file is generated from these types.

A minor version adds names, a major one changes them.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from typing_extensions import NotRequired, TypedDict

from reconciler.model.change import Action
from reconciler.model.diagnostic import Severity
from reconciler.records import record

FORMAT_VERSION: Final = "1.0"


@record(frozen=True, slots=True)
class About:
    """A description that ends up in the schema; pydantic calls the method, nothing here needs pydantic."""

    text: str

    def __get_pydantic_json_schema__(self, core_schema: Any, handler: Any) -> dict[str, Any]:
        """Add the description to what pydantic makes of the type."""
        schema: dict[str, Any] = handler(core_schema)
        return {**schema, "description": self.text}


AddressText = Annotated[str, About("KIND/KEY, such as `mailbox/anna@acme.example`.")]
ReasonName = Literal[
    "missing", "differs", "resend", "redeclared", "removed", "moved", "undeclared", "no-longer-declared"
]
ValueDocument = Annotated[
    Any,
    About(
        'A value as a manifest would say it. `{"$absent": "not-set" | "not-readable" | "hidden"}` stands for no value, '
        '`{"$secret": {"env": "NAME"}}` and its siblings for where a secret comes from, '
        '`{"$mapping": {...}}` for a mapping that has a name with `$` in front.'
    ),
]


class OriginDocument(TypedDict):
    """A place in the input."""

    file: str
    line: Annotated[int | None, About("Counted from 1.")]
    column: Annotated[int | None, About("Counted from 1.")]
    excerpt: Annotated[str | None, About("That line, where the file itself does not show it (a rendered template).")]


class DiagnosticDocument(TypedDict):
    """One finding."""

    id: Annotated[str, About("Stable and kebab-case.")]
    severity: Severity
    summary: str
    detail: str | None
    hint: str | None
    origin: OriginDocument | None
    related: list[OriginDocument]
    address: AddressText | None


class FieldDocument(TypedDict):
    """One field before and after."""

    name: str
    before: ValueDocument
    after: ValueDocument
    sensitive: Annotated[bool, About("Either value is a secret.")]


class ChangeDocument(TypedDict):
    """What is to be done with one resource."""

    action: Action
    address: AddressText
    moved_from: Annotated[AddressText | None, About("For a move, the address it has now.")]
    reason: ReasonName
    origin: Annotated[OriginDocument | None, About("Where it is declared.")]
    fields: list[FieldDocument]
    effects: Annotated[list[str], About("What the server will do besides.")]
    cost: Annotated[dict[str, Any], About("What a deletion destroys: `bytes`, `messages`, `last_login`.")]
    precondition: Annotated[str | None, About("The digest of the live record it was planned from.")]


class NotComparedDocument(TypedDict):
    """Declared fields that could not be compared."""

    kind: str
    field: str
    reason: str
    count: int


class RefusalDocument(TypedDict):
    """A guard's objection."""

    id: str
    summary: str
    permit: Annotated[str, About("The flag, or flags, that would allow exactly this.")]
    addresses: list[AddressText]


class ServerDocument(TypedDict):
    """Which server the plan was made for."""

    origin: str
    version: str


class SummaryDocument(TypedDict):
    """How many changes there are of each action, and how many resources need none."""

    create: int
    update: int
    delete: int
    move: int
    unchanged: int


class CallDocument(TypedDict):
    """One call of the server's API, without secrets."""

    verb: str
    route: Annotated[str, About("The path behind `add/`, `edit/` or `delete/`.")]
    items: Annotated[list[str], About("What an edit or delete is about; `<id of KIND/KEY>` is known once that exists.")]
    attributes: dict[str, Any]
    phase: Annotated[int, About("Calls of a lower phase are finished first.")]
    lanes: Annotated[list[str], About("What it must have for itself while it runs.")]
    changes: list[AddressText]
    note: str | None


class PruneDocument(TypedDict):
    """Where undeclared resources are deleted."""

    kind: str
    domains: list[str]


class TermsDocument(TypedDict):
    """What the plan was made with; carrying it out later takes the same."""

    revision: Annotated[str | None, About("The commit that was checked out.")]
    changed: Annotated[list[str], About("What was read and was not as that commit has it.")]
    base: Annotated[list[str], About("The revisions that said what was declared before.")]
    named_base: Annotated[bool, About("A person named them.")]
    domains: Annotated[list[str], About("Patterns of domains the run was narrowed to.")]
    targets: Annotated[list[str], About("Patterns of addresses the run was narrowed to.")]
    resend: list[str]
    skip_unsupported: bool
    prune: list[PruneDocument]
    allowed_deletes: list[str]
    allowed_kinds: list[str]
    allowed_vanished: list[str]
    limits: Annotated[dict[str, int], About("How much the plan may do, by the guards' names.")]


class PlanDocument(TypedDict):
    """What would be done to one server."""

    format_version: Annotated[str, About("MAJOR.MINOR; a minor version only adds names.")]
    server: ServerDocument
    desired_digest: Annotated[str, About("Stands for the declarations the plan was made from.")]
    terms: Annotated[TermsDocument | None, About("In a plan that is kept: what it was made with.")]
    summary: SummaryDocument
    changes: list[ChangeDocument]
    fingerprint: NotRequired[Annotated[str, About("Stands for all of the file that keeps the plan; not in that file.")]]
    unmanaged: Annotated[
        dict[str, int], About("Live resources nothing declares, by kind; a missing kind was not read.")
    ]
    unmanaged_keys: NotRequired[Annotated[dict[str, list[str]], About("With `--show-unmanaged`: their keys.")]]
    not_compared: list[NotComparedDocument]
    diagnostics: list[DiagnosticDocument]
    calls: NotRequired[Annotated[list[CallDocument], About("With `--show-calls`: what the changes come down to.")]]
    refusals: Annotated[list[RefusalDocument], About("Not empty: the plan may not be applied as it is.")]
