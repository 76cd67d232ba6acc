"""Mailboxes."""

from typing import Any, Final, Required, TypedDict

from reconciler.model.address import Address
from reconciler.model.operation import Verb
from reconciler.model.resource import Value, Values
from reconciler.model.state import LiveState
from reconciler.model.version import Version
from reconciler.spec.addresses import MAIL_ADDRESS, MailboxAddress
from reconciler.spec.amounts import UNLIMITED, RateLimit, SizeOrUnlimited, size_in_mebibytes
from reconciler.spec.codecs import Flag, MailboxState, ShortLine, Tags, choice, reference, words
from reconciler.spec.handover import lets_go_of, without_use
from reconciler.spec.kind import Attributes, Kind, Situation, Source, crud, listed
from reconciler.spec.language import Annotated
from reconciler.spec.mappings import CUSTOM_ATTRIBUTES, PUSHOVER, or_word
from reconciler.spec.mark import WHOLE, Bound, Follows, Mark, Owner, field
from reconciler.spec.names import domain_for_wire, domain_of
from reconciler.spec.policies import POLICY_SOURCES, Senders, senders_fields, senders_in_both_lists
from reconciler.spec.rights import USUAL_RIGHTS, Permissions
from reconciler.spec.scores import SHIPPED_SCORES, SPAM_SCORE
from reconciler.spec.secrets import Password
from reconciler.spec.sender_rights import EXTERNAL_SENDERS, SENDER_RIGHTS, same_rights, unknown_senders
from reconciler.spec.step import Stage, Step
from reconciler.spec.tags import stuck_tags, tags_of


def _access(what: str, name: str, *, since: str | None = None) -> Mark:
    return field(
        f"May use {what}.",
        read=f"attributes.{name}",
        add=name,
        edit=name,
        since=since,
        default=True,
        owner=Owner.DOMAIN_ADMIN,
    )


def _own_choice(about: str, name: str, *, route: str) -> Mark:
    """A setting that users make themselves, in an add or by an edit route of its own (2022-01a to 2026-07a)."""
    read, successes = f"attributes.{name}", ("mailbox_modified",)
    return field(about, name, read=read, route=route, successes=successes, owner=Owner.USER)


_PROVIDER: Final = Address("identity_provider", "identity_provider")
_LET_GO: Final = lets_go_of(_PROVIDER, route="mailbox", successes=("mailbox_modified",))
_PUSHOVER: Final = "pushover"
_USUAL_SOUND: Final = "pushover"
_SOUNDS_SINCE: Final = Version(2022, 11)
_ALLOWED_SENDERS, _BLOCKED_SENDERS = senders_fields(
    "mailbox-policy", name="username", said=("mailbox_modified", "items_deleted"), owner=Owner.USER
)


class Mailbox(TypedDict, total=False):
    """A person's mailbox: where mail is kept, and who may read and send it."""

    address: Required[
        Annotated[MailboxAddress, field("The address people log in with.", read="username", add="address")]
    ]
    authentication: Annotated[
        str,
        choice("mailcow", "keycloak", "generic-oidc", "ldap"),
        field(
            "Who checks the password: `mailcow`, or the identity provider the server has.",
            "authsource",
            since="2025-03",
            default="mailcow",
            beside=("identity_provider",),
        ),
    ]
    name: Annotated[ShortLine, field("The person's name. It cannot be emptied once it is set.", "name")]
    state: Annotated[
        MailboxState,
        field("`no-login` still receives mail; `off` bounces it.", "active", default="active"),
    ]
    quota: Annotated[SizeOrUnlimited, field("How much mail it holds.", "quota", default="3GiB", bound=Bound.USE)]
    password: Annotated[
        Password,
        field(
            "The password, sent when the mailbox is created. The server never shows it.",
            add=("password", "password2"),
            edit=("password", "password2"),
            owner=Owner.USER,
        ),
    ]
    force_password_change: Annotated[
        Flag,
        field(
            "Ask for a new password at the next login. The server clears it once that is done.",
            read="attributes.force_pw_update",
            add="force_pw_update",
            edit="force_pw_update",
            default=False,
            owner=Owner.USER,
        ),
    ]
    force_two_factor: Annotated[
        Flag,
        field(
            "Ask for a second factor to be set up at the next login.",
            read="attributes.force_tfa",
            add="force_tfa",
            edit="force_tfa",
            since="2026-03",
            default=False,
        ),
    ]
    webmail: Annotated[Flag, _access("webmail (SOGo)", "sogo_access")]
    imap: Annotated[Flag, _access("IMAP", "imap_access")]
    pop3: Annotated[Flag, _access("POP3", "pop3_access")]
    smtp: Annotated[Flag, _access("SMTP, to send mail", "smtp_access")]
    sieve: Annotated[Flag, _access("ManageSieve, to edit filters", "sieve_access")]
    activesync: Annotated[Flag, _access("ActiveSync", "eas_access", since="2026-01")]
    dav: Annotated[Flag, _access("CalDAV and CardDAV", "dav_access", since="2026-01")]
    enforce_tls_in: Annotated[
        Flag, _own_choice("Refuse mail that comes unencrypted.", "tls_enforce_in", route="tls_policy")
    ]
    enforce_tls_out: Annotated[Flag, _own_choice("Send mail encrypted only.", "tls_enforce_out", route="tls_policy")]
    quarantine_notification: Annotated[
        str,
        choice("never", "hourly", "daily", "weekly"),
        _own_choice(
            "How often they hear of mail in quarantine.", "quarantine_notification", route="quarantine_notification"
        ),
    ]
    quarantine_category: Annotated[
        str,
        words({"junk": "add_header", "rejected": "reject", "all": "all"}),
        _own_choice("Which mail in quarantine they hear of.", "quarantine_category", route="quarantine_category"),
    ]
    relayhost: Annotated[
        str,
        reference(),
        field(
            "The relayhost their outgoing mail takes, instead of the domain's; or `none`.",
            read="attributes.relayhost",
            add="relayhost",
            edit="relayhost",
            refers="relayhost",
            by_handle=True,
        ),
    ]
    rate_limit: Annotated[
        RateLimit,
        field(
            "How much mail they may send: `500/h`, `10/s`, or `unlimited` for what the domain allows.",
            read="*",
            source="rate limits",
            absent="unlimited",
            stays_behind=True,
            add=("rl_value", "rl_frame"),
            added_since=Version(2022, 12),
            edit=("rl_value", "rl_frame"),
            route="rl-mbox",
            successes=("rl_saved",),
        ),
    ]
    tags: Annotated[
        Tags,
        field(
            "Words to find it by.",
            read="tags",
            add="tags",
            since="2022-05",
            absent=(),
            elements=tags_of("mailbox", edited="mailbox_modified"),
        ),
    ]
    custom_attributes: Annotated[
        Value,
        CUSTOM_ATTRIBUTES,
        field(
            "Names and texts for your own use; names without blanks. An identity provider may set them too.",
            read="custom_attributes",
            edit=("attribute", "value"),
            route="mailbox/custom-attribute",
            successes=("mailbox_modified",),
            since="2023-11a",
            absent={},
        ),
    ]
    recovery_email: Annotated[
        str,
        or_word(MAIL_ADDRESS, "none", encoded=""),
        field(
            "Where a link for a new password goes; `none` for nowhere.",
            read="attributes.recovery_email",
            edit="pw_recovery_email",
            since="2024-08",
            absent="none",
            owner=Owner.USER,
        ),
    ]
    send_as: Annotated[
        tuple[str, ...],
        SENDER_RIGHTS,
        field(
            "Whom they may send as besides themselves and aliases that allow it: addresses, `@domain`, or `*` for all.",
            read="sender_acl",
            edit="sender_acl",
            source="mailbox",
            readable_since="2026-07a",
            absent=(),
            stage=Stage.CONNECT,
            beside=("alias",),
            follows=(Follows(("mailbox",), stays=True),),
            renamed_with=("mailbox",),
            renamed_among=True,
        ),
    ]
    external_send_as: Annotated[
        tuple[str, ...],
        EXTERNAL_SENDERS,
        field(
            "Addresses and `@domains` of other servers they may send as. The server never shows it.",
            edit="extended_sender_acl",
            beside=("alias_domain",),
        ),
    ]
    permissions: Annotated[
        Permissions,
        field(
            "What they may do in mailcow's pages; what is not named they may not. The server never shows it.",
            add="acl",
            added_since=Version(2022, 12),
            edit="user_acl",
            route="user-acl",
            successes=("acl_saved",),
        ),
    ]
    spam_score: Annotated[
        Value,
        SPAM_SCORE,
        field(
            "From which score mail is `junk`, and from which it is refused (`reject`); `default` for the server's own.",
            read="score",
            edit="spam_score",
            source="spam score",
            route="spam-score",
            successes=("mailbox_modified",),
            readable_since="2023-11a",
            stays_behind=True,
            owner=Owner.USER,
        ),
    ]
    allowed_senders: Annotated[Senders, _ALLOWED_SENDERS]
    blocked_senders: Annotated[Senders, _BLOCKED_SENDERS]
    tagged_mail: Annotated[
        str,
        choice("none", "subject", "subfolder"),
        field(
            "Where the tag of `anna+tag@` goes: into the subject, into a folder, nowhere. The server never shows it.",
            add="tagged_mail_handler",
            added_since=Version(2025, 9),
            edit="tagged_mail_handler",
            stays_behind=True,
            route="delimiter_action",
            successes=("mailbox_modified",),
            owner=Owner.USER,
        ),
    ]
    pushover: Annotated[
        Value,
        PUSHOVER,
        field(
            "Notices to a phone by Pushover: `key`, `token` and what to send, or `none`. The server never shows it.",
            edit=WHOLE,
            route=_PUSHOVER,
            successes=("pushover_settings_edited",),
            owner=Owner.USER,
        ),
    ]


def _split_address(attributes: Attributes, situation: Situation) -> Attributes:
    """Give add the address in two parts, and a name: versions differ in what they make of none.

    2023-10 to 2023-12a withhold every right unless told otherwise; before and after, these are given
    (functions.mailbox.inc.php: add mailbox).
    """
    local, _, domain = str(attributes.pop("address")).rpartition("@")
    withheld = Version(2023, 10) <= situation.capabilities.version < Version(2024, 1)
    usual = {"acl": list(USUAL_RIGHTS)} if withheld else {}
    return {"local_part": local, "domain": domain, "name": local, **usual, **attributes}


def _quota_of_the_domain(declared: Values, future: LiveState) -> Values:
    """Give a mailbox what its domain gives in mailcow's own pages, where its quota is not declared."""
    if "quota" in declared:
        return {}
    domain = Address("domain", domain_of(str(declared["address"])))
    quota = future.value(domain, "default_mailbox_quota")
    return {"quota": quota} if quota is not None else {}


def _needed(values: Values) -> tuple[str, ...]:
    """Name the password, unless somebody else checks it."""
    return ("password",) if values.get("authentication", "mailcow") == "mailcow" else ()


def _check(values: Values) -> tuple[tuple[str, str, str], ...]:
    """Name what is nothing to PHP, and so never stored as a name, and brackets it cuts off (2022-01a to 2026-07a)."""
    name, nameless = str(values.get("name", "")), str(values.get("address", "")).startswith("0@")
    if name == "0" or nameless:
        called = "address" if nameless else "name"
        return ((called, "mailcow takes `0` for no name at all", "write another"),)
    if name.startswith("<") or name.endswith(">"):
        return (("name", "mailcow cuts off a `<` at the beginning and a `>` at the end", "remove it"),)
    return ()


def _clashes(situation: Situation) -> tuple[tuple[str, str, str], ...]:
    """Find a quota its domain does not allow, settings without use, and senders who are both let in and kept out."""
    strangers = unknown_senders(situation, addresses=("alias", "mailbox"), domains=("domain", "alias_domain"))
    found = (*_too_large(situation), *without_use(situation, _PROVIDER), *strangers, *senders_in_both_lists(situation))
    if situation.observed is not None and situation.observed.address != situation.address:
        from reconciler.spec.renaming import kept_from_it  # noqa: PLC0415  seldom needed

        found += kept_from_it(situation)
    return (*found, *_too_early(situation), *stuck_tags(situation))


def _too_early(situation: Situation) -> tuple[tuple[str, str, str], ...]:
    """Find a sound where notices have none yet: it is dropped without a word (2022-10, functions.pushover.inc.php)."""
    if _PUSHOVER not in situation.changed or situation.capabilities.version >= _SOUNDS_SINCE:
        return ()
    notices: Any = situation.after[_PUSHOVER]
    if isinstance(notices, str) or notices["sound"] == _USUAL_SOUND:
        return ()
    return ((_PUSHOVER, f"mailcow has had a `sound` since {_SOUNDS_SINCE} only", "leave the `sound` out"),)


def _too_large(situation: Situation) -> tuple[tuple[str, str, str], ...]:
    mailbox = situation.future.get(situation.address)
    domain = Address("domain", domain_of(situation.address.key))
    most = situation.future.value(domain, "max_mailbox_quota")
    if mailbox is None or most is None or (situation.before and "quota" not in situation.changed):
        return ()
    quota = mailbox.values.get("quota", UNLIMITED)
    if size_in_mebibytes(quota) <= size_in_mebibytes(most):
        return ()
    why = f"it is {quota}, and `{domain}` allows a mailbox no more than {most}"
    return (("quota", why, "lower it, or raise the domain's `max_mailbox_quota`"),)


def _settled(name: str, situation: Situation) -> bool:
    """Tell whether a difference is one that the server never shows as gone.

    It keeps no right to send as what one may send as already, and shows its own spam scores for none.
    """
    if name == "spam_score":
        return situation.after[name] == "default" and situation.before[name] in SHIPPED_SCORES
    return name == "send_as" and same_rights(situation, situation.future.of("alias"))


def _rename(source: Address, situation: Situation) -> tuple[Step, ...]:
    """Rename in place, keeping mail (since 2024-11, ``edit/rename-mbox``, which ignores its items)."""
    old, _, domain = source.key.rpartition("@")
    new = situation.address.key.rpartition("@")[0]
    keep = 1 if "keep_alias" in situation.changed else 0
    attributes = {"domain": domain_for_wire(domain), "old_local_part": old, "new_local_part": new, "create_alias": keep}
    item = f"{old}@{domain_for_wire(domain)}"
    step = Step(
        verb=Verb.EDIT,
        route="rename-mbox",
        item=item,
        attributes=attributes,
        successes=("mailbox_renamed",),
        stage=Stage.FREE,
        alone=True,
    )
    from reconciler.spec.renaming import taken_along  # noqa: PLC0415  seldom needed

    return (*taken_along(item, step, situation), step)


def _effects(situation: Situation) -> tuple[str, ...]:
    if situation.observed is None or situation.observed.address == situation.address:
        return ()
    from reconciler.spec.renaming import left_behind  # noqa: PLC0415  seldom needed

    return left_behind(situation)


def _in_order(steps: tuple[Step, ...], situation: Situation) -> tuple[Step, ...]:
    steps = _LET_GO(steps, situation)
    if all(step.route != _PUSHOVER for step in steps):
        return steps
    from reconciler.spec.pushover import set_anew  # noqa: PLC0415  seldom needed

    return tuple(made for each in steps for made in (set_anew((each,)) if each.route == _PUSHOVER else (each,)))


KIND = Kind(
    name="mailbox",
    plural="mailboxes",
    record=Mailbox,
    example={"address": "anna@acme.example", "quota": "20GiB", "initial": {"password": {"env": "ANNA_PASSWORD"}}},
    key=("address",),
    sources={
        **listed("mailbox/reduced", by_domain=True, weighed_by="mailboxes", whole="mailbox/all"),
        "rate limits": Source(path="rl-mbox/all", join="mailbox"),
        "mailbox": Source(path="mailbox/{handle}", since=Version(2026, 7, "a")),
        "spam score": Source(path="spam-score/{handle}", since=Version(2023, 11, "a")),
        **POLICY_SOURCES,
    },
    routes=crud("mailbox", added="mailbox_added", edited="mailbox_modified", deleted="mailbox_removed"),
    handle="username",
    present="username",
    domain_field="address",
    within=("domain",),
    after=("relayhost", "mailbox_template", "identity_provider"),
    template="mailbox_template",
    template_since=Version(2024, 1),
    space="mail address",
    protected=True,
    kept={"attribute_hash": "attributes.attribute_hash"},
    witnesses={"password": "attributes.passwd_update"},
    measures={
        "bytes": "quota_used",
        "messages": "messages",
        "last_login": ("last_imap_login", "last_pop3_login", "last_smtp_login", "last_sso_login"),
    },
    left_half_made="object_exists",
    needed=_needed,
    on_check=_check,
    derives=_quota_of_the_domain,
    settled=_settled,
    clashes=_clashes,
    consumes={"max_mailboxes": None, "max_total_quota": "quota"},
    moves_since=Version(2024, 11),
    on_move=_rename,
    on_steps=_in_order,
    effects=_effects,
    on_add=_split_address,
    also_called={"active": "state", "full_name": "name", "username": "address", "local_part": "address"},
)
"""Mailboxes half created by parallel writers (2022-01a), and resources of that name, are rows of nulls.

Reading every mailbox in full costs the server 16 statements each, the reduced list 6; rate limits have a list of
their own that holds only mailboxes with one (2022-01a and 2026-07a, measured)."""
