"""Recipient maps."""

from typing import Final, Required, TypedDict

from reconciler.model.version import Version
from reconciler.spec.addresses import DomainOrAddress
from reconciler.spec.codecs import State
from reconciler.spec.kind import Kind, Situation, crud, listed
from reconciler.spec.language import Annotated
from reconciler.spec.mark import field

RecipientMap = TypedDict(
    "RecipientMap",
    {
        "for": Required[
            Annotated[
                DomainOrAddress,
                field(
                    "The recipient as mail arrives: an address, or a whole domain.",
                    read="recipient_map_old",
                    add="recipient_map_old",
                    renamed_with=("mailbox",),
                ),
            ]
        ],
        "to": Required[
            Annotated[
                DomainOrAddress,
                field(
                    "The recipient it is rewritten to: an address, or (since 2025-02) a whole domain.",
                    "recipient_map_new",
                    renamed_with=("mailbox",),
                ),
            ]
        ],
        "state": Annotated[State, field("`off` rewrites nothing.", "active", default="active")],
    },
    total=False,
)
RecipientMap.__doc__ = "A rewriting of the recipient of all mail that passes through, whether it is local or not."


_DOMAINS_SINCE: Final = Version(2025, 2)


def _clashes(situation: Situation) -> tuple[tuple[str, str, str], ...]:
    """Say that earlier servers rewrite to addresses only (until 2025-02, functions.address_rewriting.inc.php)."""
    target = str(situation.after.get("to", "@"))
    if "to" not in situation.changed or "@" in target or situation.capabilities.version >= _DOMAINS_SINCE:
        return ()
    return (("to", f"mailcow rewrites to a whole domain since {_DOMAINS_SINCE} only", "name an address"),)


KIND = Kind(
    name="recipient_map",
    plural="recipient_maps",
    record=RecipientMap,
    example={"for": "old-office@acme.example", "to": "office@acme.example"},
    key=("for",),
    sources=listed("recipient_map"),
    routes=crud(
        "recipient_map",
        added="recipient_map_entry_saved",
        edited="recipient_map_entry_saved",
        deleted="recipient_map_entry_deleted",
    ),
    handle="id",
    fold_key=True,
    serial=True,
    clashes=_clashes,
    also_called={"active": "state", "from": "for"},
)
