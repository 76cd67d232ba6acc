"""Domain templates."""

from typing import Any, Final, Required, TypedDict

from reconciler.model.operation import HandleOf, Verb
from reconciler.model.version import Version
from reconciler.records import replace
from reconciler.spec.amounts import size
from reconciler.spec.codecs import RELAYING, Flag, Name, State, Tags, collated, number, text, words
from reconciler.spec.kind import Kind, Situation, crud, listed
from reconciler.spec.language import Annotated
from reconciler.spec.mark import Mark, field
from reconciler.spec.rights import RATE_IN_PARTS
from reconciler.spec.step import Stage, Step

_LIMITS: Final = (
    *("max_num_aliases_for_domain", "max_num_mboxes_for_domain"),
    *("def_quota_for_mbox", "max_quota_for_mbox", "max_quota_for_domain"),
)


def _kept(about: str, *names: str, default: Any) -> Mark:
    """A setting of the template: an edit resets what it does not name (2022-12 to 2026-07a, functions.mailbox)."""
    read = tuple(f"attributes.{name}" for name in names)
    return field(about, names, read=read, default=default, absent=default, repeated=True)


class DomainTemplate(TypedDict, total=False):
    """What new domains are made from, by mailcow's own pages and by entries that name it as their `template`."""

    name: Required[
        Annotated[Name, field("Its name. `Default` is there always.", "template", edit="template", repeated=True)]
    ]
    state: Annotated[State, _kept("Whether its domains are in force.", "active", default="active")]
    max_aliases: Annotated[int, number(), _kept("How many aliases.", "max_num_aliases_for_domain", default=400)]
    max_mailboxes: Annotated[int, number(), _kept("How many mailboxes.", "max_num_mboxes_for_domain", default=10)]
    default_mailbox_quota: Annotated[
        str, size(least=0), _kept("What a mailbox gets in mailcow's own pages.", "def_quota_for_mbox", default="3GiB")
    ]
    max_mailbox_quota: Annotated[
        str, size(least=0), _kept("The largest mailbox.", "max_quota_for_mbox", default="10GiB")
    ]
    max_total_quota: Annotated[
        str, size(least=0), _kept("All mailboxes together.", "max_quota_for_domain", default="10GiB")
    ]
    global_address_list: Annotated[Flag, _kept("People find each other in webmail.", "gal", default=True)]
    relay: Annotated[
        str,
        RELAYING,
        _kept(
            "Whether mail is handed on: `off`, `known`, `all`, `unknown`, as in a domain.",
            "backupmx",
            "relay_all_recipients",
            "relay_unknown_only",
            default="off",
        ),
    ]
    rate_limit: Annotated[
        str,
        RATE_IN_PARTS,
        _kept("How much mail a domain may send: `500/h`, or `unlimited`.", "rl_value", "rl_frame", default="unlimited"),
    ]
    dkim_selector: Annotated[
        str,
        text(least=1),
        _kept("The selector of the key a domain gets.", "dkim_selector", default="dkim"),
    ]
    dkim_size: Annotated[
        str,
        words({"none": 0, "1024": 1024, "2048": 2048, "3072": 3072, "4096": 4096}),
        _kept("The size of that key in bits, as text; `none` for no key.", "key_size", default="2048"),
    ]
    tags: Annotated[Tags, _kept("Words to find it by.", "tags", default=())]


def _said_twice(steps: tuple[Step, ...], situation: Situation) -> tuple[Step, ...]:
    """Edit what was just added with a limit of 0: add takes that for nothing said (2022-12 to 2026-07a)."""
    if situation.verb is not Verb.ADD or not any(steps[0].attributes.get(name) == 0 for name in _LIMITS):
        return steps
    again = replace(steps[0], verb=Verb.EDIT, item=HandleOf(situation.address), successes=KIND.routes.edited)
    return (steps[0], replace(again, stage=Stage.FOLLOW, alone=True), *steps[1:])


KIND = Kind(
    name="domain_template",
    plural="domain_templates",
    record=DomainTemplate,
    example={"name": "Customer", "max_mailboxes": 20, "max_mailbox_quota": "20GiB", "max_total_quota": "100GiB"},
    key=("name",),
    sources=listed("domain/template"),
    routes=crud("domain/template", added="template_added", edited="template_modified", deleted="template_removed"),
    handle="id",
    since=Version(2022, 12),
    serial=True,
    alone=True,
    on_steps=_said_twice,
    rivals=lambda values: f"called {collated(values['name'])}",
    stays=lambda values: values["name"] == "Default",
    also_called={"active": "state", "template": "name"},
)
"""One call each: several ids in an edit get one name, in a delete only the first is heeded (recorded exchanges)."""
