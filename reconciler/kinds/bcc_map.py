"""BCC maps."""

from typing import Annotated, Required, TypedDict

from reconciler.spec.addresses import DomainOrAddress, MailAddress
from reconciler.spec.codecs import State, words
from reconciler.spec.kind import Kind, crud, listed
from reconciler.spec.mark import field
from reconciler.spec.names import domain_of

BccMap = TypedDict(
    "BccMap",
    {
        "for": Required[
            Annotated[
                DomainOrAddress,
                field(
                    "Whose mail is copied: a whole domain, or one mailbox or alias.",
                    read="local_dest",
                    add="local_dest",
                ),
            ]
        ],
        "direction": Required[
            Annotated[
                str,
                words({"outgoing": "sender", "incoming": "rcpt"}),
                field("Which mail is copied: what they send, or what they get.", read="type", add="type"),
            ]
        ],
        "to": Required[Annotated[MailAddress, field("Where the copies go; one address.", "bcc_dest")]],
        "state": Annotated[State, field("`off` copies nothing.", "active", default="active")],
    },
    total=False,
)
BccMap.__doc__ = "A copy of all mail from or to someone, sent to an archive."


KIND = Kind(
    name="bcc_map",
    plural="bcc_maps",
    record=BccMap,
    example={"for": "acme.example", "direction": "outgoing", "to": "archive@vault.example"},
    key=("for", "direction"),
    key_text=lambda values: f"{values['direction']}:{values['for']}",
    sources=listed("bcc"),
    routes=crud("bcc", added="bcc_saved", edited="bcc_edited", deleted="bcc_deleted"),
    handle="id",
    domain_of=lambda values: domain_of(str(values["for"])),
    within=("domain", "alias_domain"),
    after=("mailbox", "alias"),
    fold_key=True,
    serial=True,
    also_called={"active": "state"},
)
