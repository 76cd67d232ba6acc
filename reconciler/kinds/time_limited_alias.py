"""Time-limited aliases."""

from typing import Final, Required, TypedDict

from reconciler.model.address import Address
from reconciler.model.operation import HandleOf, Verb
from reconciler.model.resource import Values
from reconciler.model.version import Version
from reconciler.records import replace
from reconciler.spec.addresses import Domain, ListedMailbox
from reconciler.spec.amounts import duration
from reconciler.spec.codecs import Flag, Line
from reconciler.spec.kind import Attributes, Kind, Situation, Source, crud
from reconciler.spec.language import Annotated
from reconciler.spec.mark import MAIN, Owner, field
from reconciler.spec.names import domain_for_wire, domain_of, inside
from reconciler.spec.step import Stage, Step

_A_YEAR: Final = 8760
_HEEDED_SINCE: Final = Version(2026, 7, "a")


class TimeLimitedAlias(TypedDict, total=False):
    """A throw-away address that the server invents. It is known by its description; once it has run out it is gone.

    A declared one that is gone is made anew, under another address.
    """

    mailbox: Required[
        Annotated[
            ListedMailbox,
            field("Who gets the mail.", read="goto", add="username", refers="mailbox", owner=Owner.USER),
        ]
    ]
    description: Required[
        Annotated[Line, field("What it is for.", read="description", add="description", owner=Owner.USER)]
    ]
    domain: Annotated[
        Domain,
        field(
            "The domain of the address: the mailbox's own, or one that stands for it.",
            add="domain",
            owner=Owner.USER,
            beside=("alias_domain",),
        ),
    ]
    permanent: Annotated[
        Flag,
        field("It never runs out.", "permanent", default=False, repeated=True, since="2025-12", owner=Owner.USER),
    ]
    valid_for: Annotated[
        str,
        duration(unit="h", least=1, most=87_600),
        field(
            "How long it lasts, counted from when it is written; a year if left out. It cannot be compared.",
            add="validity",
            edit="validity",
            owner=Owner.USER,
        ),
    ]


def _in_its_domain(attributes: Attributes, situation: Situation) -> Attributes:
    """Name the domain: the server does not assume the mailbox's own."""
    return {"domain": domain_for_wire(domain_of(str(situation.after["mailbox"]))), **attributes}


def _until(attributes: Attributes, situation: Situation) -> Attributes:
    """Give one that is to run out a time: without one, nothing is done (2025-01 to 2026-07a, recorded exchanges)."""
    if situation.verb is Verb.ADD or situation.after.get("permanent"):
        return attributes
    return {"validity": _A_YEAR, **attributes}


def _said_twice(steps: tuple[Step, ...], situation: Situation) -> tuple[Step, ...]:
    """Edit what was just added for a time: until 2026-07a an add gives it a year, whatever is said; edit heeds it.

    Source: functions.mailbox.inc.php (add and edit time_limited_alias) of 2025-01, 2026-07 and 2026-07a.
    """
    hours = steps[0].attributes.get("validity")
    lasting = hours is None or situation.after.get("permanent")
    if situation.verb is not Verb.ADD or lasting or situation.capabilities.version >= _HEEDED_SINCE:
        return steps
    item, told = HandleOf(situation.address), KIND.routes.edited
    again = replace(steps[0], verb=Verb.EDIT, item=item, attributes={"validity": hours}, successes=told)
    return (steps[0], replace(again, stage=Stage.FOLLOW), *steps[1:])


def _clashes(situation: Situation) -> tuple[tuple[str, str, str], ...]:
    """Name a domain that is neither the mailbox's own nor one that stands for it (2025-01 to 2026-07a)."""
    future, domain = situation.future, situation.after.get("domain")
    own = domain_of(str(situation.after["mailbox"]))
    if situation.verb is not Verb.ADD or domain in (None, own) or future.domains is not None:
        return ()
    if future.value(Address("alias_domain", str(domain)), "target") == own:
        return ()
    return (("domain", f"`{domain}` does not stand for `{own}`", "name one that does, or leave it out"),)


def _key(values: Values) -> str:
    return inside(str(values["mailbox"]), str(values["description"]))


KIND = Kind(
    name="time_limited_alias",
    plural="time_limited_aliases",
    record=TimeLimitedAlias,
    example={"mailbox": "anna@acme.example", "description": "Trade fair", "valid_for": "30d"},
    key=("mailbox", "description"),
    key_text=_key,
    sources={MAIN: Source(path="time_limited_aliases/{each}", each="mailbox")},
    routes=crud("time_limited_alias", added="mailbox_modified", edited="mailbox_modified", deleted="mailbox_modified"),
    handle="address",
    domain_field="mailbox",
    after=("mailbox", "alias_domain"),
    since=Version(2025, 1),
    unique=False,
    made="created",
    clashes=_clashes,
    on_add=_in_its_domain,
    on_edit=_until,
    on_steps=_said_twice,
)
"""Before 2025-01 there is no description, and so nothing to know one by (functions.mailbox.inc.php)."""
