"""Alias domains."""

from __future__ import annotations

from typing import Annotated

from typing_extensions import Required, TypedDict

from reconciler.spec.codecs import Domain, RateLimit, State
from reconciler.spec.kind import Kind, crud, listed
from reconciler.spec.mark import field


class AliasDomain(TypedDict, total=False):
    """A domain that stands for another: every address there exists here too."""

    name: Required[Annotated[Domain, field("The domain itself.", read="alias_domain", add="alias_domain")]]
    target: Required[Annotated[Domain, field("The domain it stands for.", "target_domain", refers="domain")]]
    state: Annotated[State, field("`off` bounces all mail to it.", "active", default="active")]
    rate_limit: Annotated[
        RateLimit,
        field(
            "How much mail it may send: `500/h`, `10/s`, or `unlimited`.",
            read="rl",
            edit=("rl_value", "rl_frame"),
            route="rl-domain",
            successes=("rl_saved",),
        ),
    ]


KIND = Kind(
    name="alias_domain",
    plural="alias_domains",
    record=AliasDomain,
    example={"name": "acme-mail.example", "target": "acme.example"},
    key=("name",),
    sources=listed("alias-domain"),
    routes=crud("alias-domain", added="aliasd_added", edited="aliasd_modified", deleted="alias_domain_removed"),
    handle="alias_domain",
    domain_of=lambda values: str(values["name"]),
    after=("domain",),
    space="domain",
    also_called={"active": "state"},
)
