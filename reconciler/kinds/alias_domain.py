"""Alias domains."""

from typing import Required, TypedDict

from reconciler.model.address import Address
from reconciler.model.operation import Item, Verb
from reconciler.records import replace
from reconciler.spec.addresses import Domain
from reconciler.spec.amounts import UNLIMITED, RateLimit
from reconciler.spec.codecs import State
from reconciler.spec.kind import Kind, Situation, crud, listed
from reconciler.spec.language import Annotated
from reconciler.spec.mark import Follows, Owner, field
from reconciler.spec.names import domain_for_wire
from reconciler.spec.policies import POLICY_SOURCES, Senders, senders_fields, senders_in_both_lists
from reconciler.spec.step import Stage, Step

_ALLOWED_SENDERS, _BLOCKED_SENDERS = senders_fields(
    "domain-policy", name="domain", said=("domain_modified", "item_deleted"), owner=Owner.DOMAIN_ADMIN
)


class AliasDomain(TypedDict, total=False):
    """A domain that stands for another: every address there exists here too."""

    name: Required[Annotated[Domain, field("The domain itself.", read="alias_domain", add="alias_domain")]]
    target: Required[
        Annotated[
            Domain,
            field("The domain it stands for.", "target_domain", refers="domain", follows=(Follows(("domain",)),)),
        ]
    ]
    state: Annotated[State, field("`off` bounces all mail to it.", "active", default="active")]
    rate_limit: Annotated[
        RateLimit,
        field(
            "How much mail it may send: `500/h`, `10/s`, or `unlimited`.",
            read="rl",
            add=("rl_value", "rl_frame"),
            edit=("rl_value", "rl_frame"),
            route="rl-domain",
            successes=("rl_saved",),
        ),
    ]
    allowed_senders: Annotated[Senders, _ALLOWED_SENDERS]
    blocked_senders: Annotated[Senders, _BLOCKED_SENDERS]


def _leaving_nothing(steps: tuple[Step, ...], situation: Situation) -> tuple[Step, ...]:
    """Take its rate limit and its lists of senders away first: they would come back with it (2022-01a to 2026-07a).

    They do where one has gone with its target, and an add takes `unlimited` for nothing said.
    """
    observed = situation.observed
    if situation.verb is Verb.ADD and situation.after.get("rate_limit") == UNLIMITED:
        return (*steps, _without_limit(steps[0], domain_for_wire(situation.address.key)))
    if situation.verb is not Verb.DELETE or observed is None:
        return steps
    made: list[Step] = []
    if observed.values.get("rate_limit", UNLIMITED) != UNLIMITED:
        made.append(_without_limit(steps[0], steps[0].item))
    policy = replace(steps[0], route="domain-policy", successes=("item_deleted",))
    rows = (row for listed in observed.rows.values() for row in listed.values())
    return (*made, *(replace(policy, item=row) for row in rows), *steps)


def _without_limit(step: Step, name: Item | None) -> Step:
    """Take its rate limit away, beside another step about it."""
    stage = Stage.FOLLOW if step.verb is Verb.ADD else step.stage
    limit = {"rl_value": "", "rl_frame": "s"}
    return replace(
        step, verb=Verb.EDIT, route="rl-domain", item=name, attributes=limit, successes=("rl_saved",), stage=stage
    )


def _clashes(situation: Situation) -> tuple[tuple[str, str, str], ...]:
    """Say that a domain that relays can have no alias domains (2022-01a to 2026-07a, ``add/alias-domain``).

    A domain that is made anew relays only once these are there.
    """
    target = Address("domain", str(situation.after.get("target")))
    made_anew = not situation.live.has(target)
    if situation.verb is not Verb.ADD or made_anew or situation.future.value(target, "relay") in (None, "off"):
        return senders_in_both_lists(situation)
    why = f"`{target.key}` relays mail, and such a domain is given no alias domains"
    return (("target", why, "set `relay: off`, and once this one is there, if need be, back: that is not minded"),)


KIND = Kind(
    name="alias_domain",
    plural="alias_domains",
    record=AliasDomain,
    example={"name": "acme-mail.example", "target": "acme.example"},
    key=("name",),
    sources={**listed("alias-domain"), **POLICY_SOURCES},
    routes=crud("alias-domain", added="aliasd_added", edited="aliasd_modified", deleted="alias_domain_removed"),
    handle="alias_domain",
    domain_field="name",
    after=("domain",),
    space="domain",
    outlived_by=("allowed_senders", "blocked_senders"),
    on_steps=_leaving_nothing,
    clashes=_clashes,
    also_called={"active": "state"},
)
