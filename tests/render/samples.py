"""Model values the views are tried on."""

from __future__ import annotations

from reconciler.model.address import Address
from reconciler.model.change import Absent, Action, Change, FieldChange, Reason
from reconciler.model.diagnostic import Diagnostic, Origin, Severity
from reconciler.model.operation import HandleOf, Operation, Verb
from reconciler.model.plan import NotCompared, Plan, Refusal, ServerIdentity
from reconciler.model.reference import ApiUse, Deletion, FieldReference, KindReference
from reconciler.model.report import ChangeEnded, Leftover, Outcome, Report
from reconciler.model.secret import SecretSource, SourceKind
from reconciler.model.version import Version

SERVER = ServerIdentity("https://mail.acme.example", "2026-07a")
ANNA = Address("mailbox", "anna@acme.example")
SALES = Address("alias", "sales@acme.example")
DORA = Address("mailbox", "dora@acme.example")
RELAY = Address("relayhost", "acme@smtp.example:587")
PASSWORD = SecretSource(SourceKind.ENV, ("ANNA_PASSWORD",))

CREATE_ANNA = Change(
    Action.CREATE,
    ANNA,
    fields=(
        FieldChange("name", Absent.NOT_SET, "Anna Ahlers"),
        FieldChange("quota", Absent.NOT_SET, "20GiB"),
        FieldChange("state", Absent.NOT_SET, "active"),
        FieldChange("tags", Absent.NOT_SET, ("on", "staff")),
        FieldChange("password", Absent.NOT_SET, PASSWORD, sensitive=True),
    ),
    reason=Reason.MISSING,
    origin=Origin("mail/users.yaml", 14, 5),
)
UPDATE_SALES = Change(
    Action.UPDATE,
    SALES,
    fields=(
        FieldChange(
            "to",
            ("ben@acme.example", "carl@acme.example", "dora@acme.example"),
            ("anna@acme.example", "ben@acme.example", "crm@elsewhere.example"),
        ),
        FieldChange("state", "active", "off"),
        FieldChange("public_comment", Absent.NOT_SET, "sales, all of them"),
    ),
    origin=Origin("mail/aliases.yaml", 3, 5),
    precondition="sha256:4f0c",
)
UPDATE_RELAY = Change(
    Action.UPDATE,
    RELAY,
    fields=(FieldChange("password", Absent.HIDDEN, SecretSource(SourceKind.FILE, ("secrets/smtp",)), sensitive=True),),
    reason=Reason.RESEND,
    origin=Origin("mail/relay.yaml", 2),
)
MOVE_BEN = Change(
    Action.MOVE,
    Address("mailbox", "ben@acme.example"),
    reason=Reason.MOVED,
    origin=Origin("mail/users.yaml", 80, 5),
    moved_from=Address("mailbox", "benjamin@acme.example"),
    effects=("the alias benjamin@acme.example stays and delivers to it",),
)
DELETE_DORA = Change(
    Action.DELETE,
    DORA,
    reason=Reason.REMOVED,
    origin=Origin("mail/removed.yaml", 2, 5),
    effects=("alias/sales@acme.example loses a recipient", "alias/dd@acme.example is deleted: it has no other target"),
    cost=(("bytes", 3_328_599_654), ("messages", 12_480), ("last_login", 1_793_700_000)),
    precondition="sha256:99aa",
)

PLAN = Plan(
    SERVER,
    changes=(UPDATE_SALES, CREATE_ANNA, MOVE_BEN, DELETE_DORA, UPDATE_RELAY),
    unchanged=42,
    unmanaged={"mailbox": 3, "alias": 0},
    not_compared=(
        NotCompared("mailbox", "password", "not readable", 12),
        NotCompared("domain", "footer", "not readable before 2024-08", 1),
    ),
    diagnostics=(
        Diagnostic(
            "field-unsupported",
            Severity.WARNING,
            "`tags` is left out: the server does not know it",
            hint="it came with 2022-05",
            origin=Origin("mail/users.yaml", 14, 5),
            address=ANNA,
        ),
    ),
    refusals=(
        Refusal("delete-protected", "a mailbox with mail would be deleted", "--allow-delete mailbox=1", (DORA,)),
    ),
    desired_digest="sha256:d1d2",
)
EMPTY = Plan(SERVER, unchanged=42, unmanaged={"alias": 3})

OPERATIONS = (
    Operation(
        Verb.EDIT,
        "relayhost",
        (RELAY,),
        items=("7",),
        attributes={"password": SecretSource(SourceKind.FILE, ("secrets/smtp",))},
        phase=2,
    ),
    Operation(
        Verb.ADD,
        "alias",
        (SALES,),
        attributes={"address": "sales@acme.example", "goto": "anna@acme.example", "active": 1, "tags": ["a"]},
        phase=1,
        lanes=frozenset({"acme.example"}),
    ),
    Operation(
        Verb.EDIT,
        "alias",
        (SALES,),
        items=(HandleOf(SALES), "12"),
        attributes={"relayhost": HandleOf(RELAY, default="0")},
        phase=2,
        note="null aliases repeat their flag",
    ),
)

FINDINGS = (
    Diagnostic(
        "manifest-unknown-field",
        Severity.ERROR,
        "a mailbox has no field `qouta`",
        hint="did you mean `quota`?",
        origin=Origin("mail/users.yaml", 14, 7),
        address=Address("mailbox", "jane@example.org"),
    ),
    Diagnostic(
        "address-declared-twice",
        Severity.ERROR,
        "`sales@acme.example` is declared twice",
        detail="The union of all files is the desired state.\nOne of the two must go.",
        origin=Origin("mail/aliases.yaml", 30, 5),
        related=(Origin("mail/aliases.yaml", 3, 5),),
        address=SALES,
    ),
    Diagnostic(
        "unit-missing",
        Severity.ERROR,
        "`5` has no unit",
        hint="write a number and its unit: `5GiB`",
        origin=Origin("mail/generated.yaml.j2", 3, 12, "    quota: 5"),
    ),
    Diagnostic("domain-without-postmaster", Severity.WARNING, "nobody receives mail to postmaster@acme.example"),
    Diagnostic(
        "manifest-unknown-field",
        Severity.ERROR,
        "a mailbox has no field `nmae`",
        origin=Origin("mail/users.yaml", 2, 7),
    ),
)

REPORT = Report(
    changes=(
        ChangeEnded(ANNA, Outcome.DONE, ("mailbox_added anna@acme.example",)),
        ChangeEnded(SALES, Outcome.FAILED, ("goto_invalid", "carl@")),
        ChangeEnded(DORA, Outcome.BLOCKED, ("alias/sales@acme.example failed",)),
    ),
    calls=4,
    converged=False,
    leftovers=(Leftover(SALES, "to"), Leftover(SALES, "state"), Leftover(DORA, "state")),
    seconds=1.234,
)

QUOTA = FieldReference(
    name="quota",
    about="How much mail it holds.",
    form="a size such as `512MiB` or `5GiB`, or `unlimited`",
    schema={"type": "string"},
    default="3GiB",
    owner="operator",
    readable=True,
    api=(
        ApiUse("get", "mailbox/reduced", ("quota",)),
        ApiUse("add", "mailbox", ("quota",)),
        ApiUse("edit", "mailbox", ("quota",)),
    ),
    example="20GiB",
)
LOGIN = FieldReference(
    name="address",
    about="The address people log in with.",
    form="text such as `anna` or `anna@acme.example`",
    schema={"type": "string"},
    is_key=True,
    required=True,
    immutable=True,
    owner="operator",
    readable=True,
    api=(ApiUse("get", "mailbox/reduced", ("username",)), ApiUse("add", "mailbox", ("address",))),
    example="anna@acme.example",
)
PASSWORD_FIELD = FieldReference(
    name="password",
    about="The password, sent when the mailbox is created. The server never shows it.",
    form="a secret, by its source: `{env: ...}`, `{file: ...}`, `{command: ...}`, `{hash: ...}`, `{hash_table: ...}`, "
    "`{generate: ...}`",
    schema={"oneOf": []},
    needed=True,
    secret=True,
    owner="user",
    readable=False,
    api=(ApiUse("add", "mailbox", ("password", "password2")), ApiUse("edit", "mailbox", ("password", "password2"))),
    example={"env": "ANNA_PASSWORD"},
)
SEND_AS = FieldReference(
    name="send_as",
    about="Whom they may send as.",
    form="a list, each text such as `sales`",
    schema={"type": "array"},
    owner="operator",
    since=Version(2022, 5),
    until=Version(2027, 1),
    readable=True,
    readable_since=Version(2026, 7, "a"),
    refers="aliases",
    api=(ApiUse("get", "mailbox/{handle}", ("sender_acl",)), ApiUse("delete", "mailbox/send_as")),
    example=None,
)
REPLACE = FieldReference(
    name="replace",
    about="Let another take its place.",
    form="`true` or `false`",
    schema={"type": "boolean"},
    words=(),
    owner="operator",
    readable=False,
    example=True,
)
MAILBOXES = KindReference(
    name="mailbox",
    section="mailboxes",
    about="A person's mailbox: where mail is kept, and who may read and send it.",
    key=("address",),
    within=("domains",),
    deletion=Deletion.PROTECTED,
    creatable=True,
    readable=True,
    moves=True,
    moves_since=Version(2024, 11),
    sugar={"login": "address"},
    api=(ApiUse("get", "mailbox/reduced"), ApiUse("add", "mailbox"), ApiUse("delete", "mailbox")),
    fields=(LOGIN, QUOTA, PASSWORD_FIELD, SEND_AS, REPLACE),
    example="mailboxes:\n  - {address: anna@acme.example, quota: 20GiB}\n",
)
UI_TEXTS = KindReference(
    name="ui_texts",
    section="ui_texts",
    about="What mailcow's own pages say.",
    more="All of it is written at once.",
    key=(),
    deletion=Deletion.NEVER,
    creatable=False,
    readable=False,
    since=Version(2025, 5),
    sugar={},
    api=(ApiUse("edit", "ui_texts"),),
    fields=(
        FieldReference(
            name="title",
            about="The title of the pages.",
            form="text",
            schema={"type": "string"},
            default="",
            owner="operator",
            readable=False,
            api=(ApiUse("edit", "ui_texts", ("title_name",)),),
            example="Acme mail",
        ),
    ),
    example="ui_texts:\n  title: Acme mail\n",
)
KINDS = (MAILBOXES, UI_TEXTS)
