"""Aliases."""

from collections.abc import Sequence
from typing import Any, Final, Required, TypedDict

from reconciler.model.address import Address
from reconciler.model.operation import HandleOf, Verb
from reconciler.model.resource import Observed, Value
from reconciler.model.state import LiveState
from reconciler.spec.addresses import ALIAS_ADDRESS, MAIL_ADDRESS, AliasAddress
from reconciler.spec.codec import Codec, Many, Refusal, Scope, refuse
from reconciler.spec.codecs import TEXT_COLUMN, Flag, State, a_set_of, text
from reconciler.spec.decode_many import Types
from reconciler.spec.kind import Attributes, Kind, Situation, crud, listed
from reconciler.spec.language import Annotated
from reconciler.spec.mark import Follows, field
from reconciler.spec.step import Stage, Step

_SPECIAL: Final = {"discard": "goto_null", "spam": "goto_spam", "ham": "goto_ham"}
_SPECIAL_READ: Final = {"null@localhost": "discard", "spam@localhost": "spam", "ham@localhost": "ham"}
_LIST: Final = a_set_of(MAIL_ADDRESS, wire="text", least=1, most_bytes=TEXT_COLUMN)


def _accept_targets(value: Any, scope: Scope) -> Value:
    if isinstance(value, str):
        if value in _SPECIAL:
            return value
        meant = _special_meant(value)
        hint = f"write `{meant}`" if meant else f"write `[{value}]`, or one of: {', '.join(_SPECIAL)}"
        raise refuse("targets-malformed", f"`{value}` is not a list", hint=hint)
    try:
        return _LIST.accept(value, scope)
    except Refusal:
        meant = _special_meant(value[0]) if isinstance(value, list) and len(value) == 1 else None
        if meant is None:
            raise
        hint = f"write `to: {meant}`, without brackets and by itself"
        raise refuse("targets-malformed", f"`{value[0]}` is no address here", hint=hint) from None


def _special_meant(text: Any) -> str | None:
    """The word somebody means who writes it otherwise, or as the server does."""
    known = text.lower() if isinstance(text, str) else ""
    return _SPECIAL_READ.get(known, known if known in _SPECIAL else None)


def _accept_many_targets(values: Sequence[Any], scope: Scope) -> Sequence[Value]:
    found = iter(_LIST.accept_all([value for value in values if value.__class__ is list], scope))
    return [next(found) if value.__class__ is list else _accept_targets(value, scope) for value in values]


def _decode_targets(value: Any) -> Value:
    return _SPECIAL_READ.get(value) or _LIST.decode(value)


def _decode_many_targets(values: Sequence[Any], types: Types) -> Sequence[Value]:
    lists = list(_LIST.decode_all(values, types))
    for special, word in _SPECIAL_READ.items():
        if special in values:
            lists = [word if value == special else found for value, found in zip(values, lists, strict=True)]
    return lists


TARGETS: Final = Codec(
    accept=_accept_targets,
    decode=_decode_targets,
    encode=lambda value: value if value in _SPECIAL else _LIST.encode(value),
    fold=lambda value: value if isinstance(value, str) else _LIST.fold(value) if _LIST.fold else value,
    schema={"oneOf": [{"enum": list(_SPECIAL)}, dict(_LIST.schema)]},
    elements=True,
    accept_many=Many(_accept_targets, _accept_many_targets),
    shown=_LIST.shown,
    decode_many=Many(_decode_targets, _decode_many_targets),
)

Comment = Annotated[str, text(most_bytes=160)]
"""Longer ones are refused when an alias is added, in bytes (2022-01a to 2026-07a, functions.mailbox.inc.php)."""


class Alias(TypedDict, total=False):
    """An address that hands its mail on."""

    address: Required[
        Annotated[
            AliasAddress,
            field(
                "The address itself; `@acme.example` (or `catch_all: acme.example`) takes what no other address takes.",
                "address",
                edit=None,
                follows=(Follows(("domain", "alias_domain"), by_domain=True),),
            ),
        ]
    ]
    to: Required[
        Annotated[
            Value,
            TARGETS,
            field(
                "Who gets the mail: a list of addresses, or `discard`, `spam` or `ham` (to be learned).",
                "goto",
                follows=(Follows(("mailbox",)),),
                renamed_with=("mailbox",),
            ),
        ]
    ]
    state: Annotated[State, field("`off` bounces mail to it.", "active", default="active")]
    webmail_visible: Annotated[
        Flag, field("Its recipients may choose it as sender in webmail.", "sogo_visible", default=True)
    ]
    sender_allowed: Annotated[
        Flag, field("Its recipients may send mail from it.", "sender_allowed", since="2026-01", default=True)
    ]
    internal: Annotated[
        Flag, field("Only this server's own people can write to it.", "internal", since="2025-09", default=False)
    ]
    comment: Annotated[Comment, field("A note its recipients can see.", "public_comment", absent="")]
    private_comment: Annotated[Comment, field("A note only administrators see.", "private_comment", absent="")]


def _catch_all(entry: dict[str, Any], _scope: Scope) -> dict[str, Any]:
    if "catch_all" not in entry or "address" in entry:
        return entry
    rest = dict(entry)
    domain = rest.pop("catch_all")
    return {"address": f"@{domain}" if isinstance(domain, str) else domain, **rest}


def _flag_for_a_special_target(attributes: Attributes, situation: Situation) -> Attributes:
    """Say `discard` and its like by their flag, in every edit: without it nothing is saved (2022-01a to 2026-07a)."""
    flag = _SPECIAL.get(str(situation.after.get("to")))
    if flag is None:
        return attributes
    return {name: value for name, value in attributes.items() if name != "goto"} | {flag: 1}


def _readdress(source: Address, situation: Situation) -> tuple[Step, ...]:
    """Change the address in place (all versions, ``edit/alias``).

    Nobody can take away the right to send as an address that is gone, so that is done before. As somebody's rights are
    written as a whole, those to every alias that goes are taken in one breath, lest one move gives back the other's.
    """
    attributes = _flag_for_a_special_target({"address": ALIAS_ADDRESS.encode(situation.address.key)}, situation)
    item = situation.observed.handle if situation.observed is not None else HandleOf(situation.address)
    from reconciler.model.amended import those_naming  # noqa: PLC0415  seldom needed

    mailboxes, aliases = situation.live.of("mailbox"), situation.live.of("alias")
    staying = situation.future.of("alias")
    entitled = map(mailboxes.__getitem__, those_naming(mailboxes, "send_as", _lowered, source.key))

    def stays(right: str) -> bool:
        return right != source.key and (right not in aliases or right in staying)

    taken = (
        _rights_step(each, [right for right in each.values["send_as"] if stays(right.lower())], Stage.FREE)
        for each in entitled
    )
    move = Step(
        verb=Verb.EDIT,
        route="alias",
        item=item,
        attributes=attributes,
        successes=KIND.routes.edited,
        stage=Stage.FREE,
        alone=True,
    )
    return (*taken, move)


def _lowered(listed: Value) -> tuple[str, ...]:
    return tuple(map(str.lower, listed)) if isinstance(listed, tuple) else ()


def _keeping_rights(steps: tuple[Step, ...], situation: Situation) -> tuple[Step, ...]:
    """Write anew who may send as an alias that does not allow it by itself, and gets mail for it.

    Every edit of the alias takes that right from its recipients (2022-01a to 2026-07a, ``edit/alias``), which shows
    since 2026-07a.
    """
    targets = situation.after.get("to")
    known = "send_as" in situation.future.fields_read.get("mailbox", ())
    if situation.verb is not Verb.EDIT or not isinstance(targets, tuple) or not known:
        return steps
    future = (situation.future.get(Address("mailbox", each.lower())) for each in targets)
    lost = (
        _rights_step(each, rights, Stage.CONNECT)
        for each in future
        if each is not None and situation.address.key in map(str.lower, rights := each.values.get("send_as", ()))
    )
    return (*steps, *lost)


def _effects(situation: Situation) -> tuple[str, ...]:
    """Say what cannot be written anew because nobody declares it, and before 2026-07a cannot be seen."""
    edited = situation.verb is Verb.EDIT and isinstance(situation.after.get("to"), tuple)
    if not edited or situation.after.get("sender_allowed") is not False:
        return ()
    return ("takes from its recipients the right to send as it, unless their `send_as` is declared and can be read",)


def _rights_step(mailbox: Observed, rights: Sequence[str], stage: Stage) -> Step:
    """Write whom a mailbox may send as."""
    return Step(
        verb=Verb.EDIT,
        route="mailbox",
        item=mailbox.handle or MAIL_ADDRESS.encode(mailbox.address.key),
        attributes={**mailbox.kept, "sender_acl": [MAIL_ADDRESS.encode(each) for each in rights]},
        successes=("mailbox_modified",),
        stage=stage,
        fields=frozenset(("send_as",)),
    )


def _clashes(situation: Situation) -> tuple[tuple[str, str, str], ...]:
    """Find itself or a resource among an alias's targets, which the server drops, and what has its address (all)."""
    targets = situation.after.get("to")
    if "to" in situation.changed and isinstance(targets, tuple):
        own = situation.address.key
        if own in map(str.lower, targets):
            return (("to", "an alias cannot hand mail on to itself", f"leave `{own}` out"),)
        rooms = situation.future.of("resource") if situation.verb is Verb.ADD else ()
        booked = next((each for each in targets if each.lower() in rooms), None) if rooms else None
        if booked is not None:
            return (("to", f"`{booked}` is a resource, to which no new alias hands mail on", "leave it out"),)
    return _taken(situation)


def _seen_through(key: str, future: LiveState) -> str | None:
    """The address that one in an alias domain stands for, which no mailbox may have (all versions, both writes)."""
    local, _, domain = key.rpartition("@")
    target = future.value(Address("alias_domain", domain), "target")
    return f"{local}@{target}".lower() if target is not None else None


def _taken(situation: Situation) -> tuple[tuple[str, str, str], ...]:
    """Find the mailbox whose address it is already, seen through an alias domain."""
    key = situation.address.key
    new = situation.observed is None or situation.observed.address != situation.address
    own = _seen_through(key, situation.future) if new and situation.verb is not Verb.DELETE else None
    if own is None or not situation.future.has(Address("mailbox", own)):
        return ()
    domain, target = key.rpartition("@")[2], own.rpartition("@")[2]
    why = f"`{domain}` stands for `{target}`, so this is the address of `mailbox/{own}`"
    return (("address", why, "choose another address, or remove the mailbox"),)


KIND = Kind(
    name="alias",
    plural="aliases",
    record=Alias,
    example={"address": "sales@acme.example", "to": ["anna@acme.example", "crm@elsewhere.example"]},
    key=("address",),
    sources=listed("alias", by_domain=True, weighed_by="aliases"),
    routes=crud("alias", added="alias_added", edited="alias_modified", deleted="alias_removed"),
    handle="id",
    domain_field="address",
    within=("domain", "alias_domain"),
    after=("mailbox",),
    space="mail address",
    shadows=_seen_through,
    fold_key=True,
    joined_by="address",
    consumes={"max_aliases": None},
    on_move=_readdress,
    sugar={"catch_all": "address"},
    on_entry=_catch_all,
    on_add=_flag_for_a_special_target,
    on_edit=_flag_for_a_special_target,
    on_steps=_keeping_rights,
    effects=_effects,
    clashes=_clashes,
    also_called={"active": "state", "goto": "to", "destination": "to"},
)
