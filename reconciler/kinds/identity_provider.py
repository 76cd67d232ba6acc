"""The identity provider."""

from collections.abc import Mapping
from typing import Any, Final, TypedDict

from reconciler.model.operation import Verb
from reconciler.model.resource import Value, Values
from reconciler.model.version import Version
from reconciler.records import replace
from reconciler.spec.amounts import duration
from reconciler.spec.codec import Codec, Scope, refuse
from reconciler.spec.codecs import (
    COLUMN,
    SAYS_SOMETHING,
    TEXT_COLUMN,
    Flag,
    Line,
    as_text,
    choice,
    number,
    text,
    truthy,
    words,
)
from reconciler.spec.handover import OWN
from reconciler.spec.kind import Attributes, Kind, Routes, Situation, Source
from reconciler.spec.language import Annotated
from reconciler.spec.mappings import a_list_of
from reconciler.spec.mark import MAIN, UNSET, Mark, field
from reconciler.spec.secrets import SecretText
from reconciler.spec.step import Step

_SYNC: Final = ("periodic_sync", "import_users", "sync_interval")
_CLIENT: Final = ("client_id", "client_secret", "redirect_url")
_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "keycloak": ("server_url", "realm", *_CLIENT, "version", "password_flow", *_SYNC),
    "generic-oidc": ("authorize_url", "token_url", "userinfo_url", *_CLIENT, "client_scopes"),
    "ldap": (
        *("host", "port", "base_dn", "bind_dn", "bind_password", "encryption"),
        *("username_field", "filter", "attribute_field", *_SYNC),
    ),
    "none": (),
}
_NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "keycloak": ("server_url", "realm", *_CLIENT, "version"),
    "generic-oidc": ("authorize_url", "token_url", "userinfo_url", *_CLIENT),
    "ldap": ("host", "base_dn", "bind_dn", "bind_password"),
    "none": (),
}
_COMMON: Final = (
    *("provider", "ignore_certificate", "create_mailboxes", "extra_redirect_urls", "default_template", "templates"),
)
_NOTHING: Final = ("", "0")
"""To PHP (empty())."""
_ENCRYPTION: Final = {"none": (0, 0), "tls": (1, 0), "starttls": (0, 1)}

ENCRYPTION: Final = replace(
    words({word: word for word in _ENCRYPTION}),
    decode=lambda ssl, tls: "tls" if truthy(ssl) else "starttls" if truthy(tls) else "none",
    encode=_ENCRYPTION.__getitem__,
)


def _accept_templates(value: Any, _scope: Scope) -> dict[str, str]:
    """Read templates by attribute; what is nothing to PHP is dropped, with all of them."""
    words = [each for pair in value.items() for each in pair] if isinstance(value, Mapping) else [""]
    if all(isinstance(each, str) and each not in _NOTHING for each in words):
        return dict(sorted(value.items()))
    raise refuse("mapping-expected", "this takes templates by attribute", hint="write `{staff: Staff}`")


def _listed(value: Any) -> tuple[Any, ...]:
    return tuple(value.values()) if isinstance(value, Mapping) else tuple(value or ())


TEMPLATES: Final = Codec(
    accept=_accept_templates,
    decode=lambda mappers, templates: dict(sorted(zip(_listed(mappers), _listed(templates), strict=False))),
    encode=lambda value: (list(value), list(value.values())),
    schema={"type": "object", "additionalProperties": {"type": "string"}},
)


def _lowered(value: Any, _scope: Scope) -> str:
    if isinstance(value, str) and value not in _NOTHING and len(value) <= COLUMN:
        return value.lower()
    raise refuse("text-expected", f"`{value}` is not the name of an attribute", hint="write one, in quotes if need be")


def _lowered_or_empty(value: Any, scope: Scope) -> str:
    return "" if value == "" else _lowered(value, scope)


def _accept_server_url(value: Any, _scope: Scope) -> str:
    bare = value.rstrip("/") if isinstance(value, str) else ""
    if bare not in _NOTHING and len(bare.encode()) <= TEXT_COLUMN and not any(map(str.isspace, bare)):
        return bare
    raise refuse("url-malformed", f"`{value}` is not an address", hint="write it like `https://login.acme.example`")


ATTRIBUTE_NAME: Final = Codec(accept=_lowered, decode=as_text, schema={"type": "string", "minLength": 1})
ATTRIBUTE_OR_EMPTY: Final = replace(ATTRIBUTE_NAME, accept=_lowered_or_empty, schema={"type": "string"})
SERVER_URL: Final = Codec(accept=_accept_server_url, decode=as_text, schema={"type": "string", "format": "uri"})
LDAP_HOST: Final = text(least=1, most_bytes=TEXT_COLUMN, pattern=r"^(?:[^\s0]\S*|0\S+)$")
"""Attributes are stored in lowercase, Keycloak's address without slashes at its end, hosts without blanks (2025-03 to
2026-07a, functions.inc.php: identity_provider)."""
URL: Final = text(least=1, most_bytes=TEXT_COLUMN, pattern=SAYS_SOMETHING)
URLS: Final = replace(a_list_of(replace(URL, core=None), encode=list), decode=_listed)
SCOPES: Final = URL
FILTER: Final = text(most_bytes=TEXT_COLUMN, pattern=r"^(?:[^0][\s\S]*|0[\s\S]+)?$")
TEMPLATE_NAME: Final = text(most=COLUMN, pattern=r"^(?:[^0\r\n][^\r\n]*|0[^\r\n]+)?$")
"""What must not be `0`, which is stored as nothing, or taken for nothing said (2025-03 to 2026-07a)."""


def _setting(about: str, *names: str, default: Any = UNSET, absent: Any = UNSET, since: str | None = None) -> Mark:
    """A setting: every edit replaces all of them (2025-03 to 2026-07a, functions.inc.php: identity_provider)."""
    return field(about, names, add=None, default=default, absent=absent, since=since, repeated=True)


class IdentityProvider(TypedDict, total=False):
    """Who checks the passwords of mailboxes whose `authentication` says so."""

    provider: Annotated[
        str,
        choice("none", "keycloak", "generic-oidc", "ldap"),
        _setting("Which one. It cannot be changed while mailboxes use another.", "authsource", absent="none"),
    ]
    server_url: Annotated[str, SERVER_URL, _setting("Keycloak: its address.", "server_url")]
    realm: Annotated[Line, _setting("Keycloak: the realm.", "realm")]
    version: Annotated[Line, _setting("Keycloak: its version, such as `26.1.3`.", "version")]
    password_flow: Annotated[
        Flag,
        _setting(
            "Keycloak: mail programs log in with the attribute `mailcow_password`.", "mailpassword_flow", default=False
        ),
    ]
    authorize_url: Annotated[str, URL, _setting("OIDC: where people log in.", "authorize_url")]
    token_url: Annotated[str, URL, _setting("OIDC: where tokens come from.", "token_url")]
    userinfo_url: Annotated[str, URL, _setting("OIDC: where it tells who somebody is.", "userinfo_url")]
    client_scopes: Annotated[
        str,
        SCOPES,
        _setting("OIDC: what is asked for.", "client_scopes", default="openid profile email mailcow_template"),
    ]
    client_id: Annotated[Line, _setting("Keycloak, OIDC: what mailcow is called there.", "client_id")]
    client_secret: Annotated[
        SecretText,
        _setting("Keycloak, OIDC: its secret. The server shows it to anyone with an API key.", "client_secret"),
    ]
    redirect_url: Annotated[Line, _setting("Keycloak, OIDC: mailcow's own address.", "redirect_url")]
    extra_redirect_urls: Annotated[
        Value, URLS, _setting("Further addresses of mailcow.", "redirect_url_extra", absent=(), since="2025-05")
    ]
    host: Annotated[str, LDAP_HOST, _setting("LDAP: the server.", "host")]
    port: Annotated[int, number(least=1, most=65535), _setting("LDAP: its port.", "port", default=389)]
    encryption: Annotated[
        str,
        ENCRYPTION,
        _setting("LDAP: `tls` from the start, `starttls`, or `none`.", "use_ssl", "use_tls", default="none"),
    ]
    base_dn: Annotated[Line, _setting("LDAP: where people are looked for.", "basedn")]
    bind_dn: Annotated[Line, _setting("LDAP: the account mailcow looks with.", "binddn")]
    bind_password: Annotated[
        SecretText, _setting("LDAP: its password. The server shows it to anyone with an API key.", "bindpass")
    ]
    username_field: Annotated[
        str,
        ATTRIBUTE_NAME,
        _setting("LDAP: where the address stands; case means nothing.", "username_field", default="mail"),
    ]
    attribute_field: Annotated[
        str,
        ATTRIBUTE_OR_EMPTY,
        _setting("LDAP: what chooses a template; case means nothing.", "attribute_field", default=""),
    ]
    filter: Annotated[str, FILTER, _setting("LDAP: who is looked for.", "filter", default="")]
    periodic_sync: Annotated[
        Flag,
        _setting("Keycloak, LDAP: apply templates now and then, not only at login.", "periodic_sync", default=False),
    ]
    import_users: Annotated[
        Flag, _setting("Keycloak, LDAP: create mailboxes for everybody there is.", "import_users", default=False)
    ]
    sync_interval: Annotated[
        str, duration(unit="min", least=1), _setting("Keycloak, LDAP: how often.", "sync_interval", default="15min")
    ]
    ignore_certificate: Annotated[
        Flag, _setting("Trust whatever certificate it has.", "ignore_ssl_error", default=False, absent=False)
    ]
    create_mailboxes: Annotated[
        Flag,
        _setting("Who logs in gets a mailbox.", "login_provisioning", default=True, absent=True, since="2025-05"),
    ]
    default_template: Annotated[
        str, TEMPLATE_NAME, _setting("The mailbox template of those no other fits.", "default_template", absent="")
    ]
    templates: Annotated[
        Value,
        TEMPLATES,
        _setting("Mailbox templates by the attribute that chooses them.", "mappers", "templates", absent={}),
    ]


def _only_its_own(attributes: Attributes, situation: Situation) -> Attributes:
    """Send what belongs to the provider: keys of another stay on the server, and are shown still."""
    provider = situation.after.get("provider", "none")
    names = {wire for name in (*_COMMON, *_FIELDS.get(provider, ())) for wire in KIND.fields[name].mark.edit}
    return {name: value for name, value in attributes.items() if name in names}


def _taken_away(steps: tuple[Step, ...], situation: Situation) -> tuple[Step, ...]:
    """Delete what there is, where there is to be none."""
    if situation.after.get("provider", "none") != "none":
        return steps
    gone = (replace(step, verb=Verb.DELETE, attributes={}, successes=("item_deleted",), alone=True) for step in steps)
    return tuple(gone) if "provider" in situation.changed else ()


def _refuses(situation: Situation) -> tuple[tuple[str, str, str], ...]:
    """Name what the server would roll everything back for, and what it has no use for."""
    provider = situation.after.get("provider", "none")
    fitting = {"provider"} if provider == "none" else {"provider", *_COMMON, *_FIELDS.get(provider, ())}
    unfit = tuple(
        (name, f"the server's provider is `{provider}`, which has no `{name}`", "declare the `provider` too")
        for name in sorted(situation.changed - fitting)
    )
    return unfit + tuple(
        (name, f"`{provider}` cannot be without it", f"write `{name}`")
        for name in _NEEDED.get(provider, ())
        if name not in situation.after
    )


def _clashes(situation: Situation) -> tuple[tuple[str, str, str], ...]:
    """Name a mailbox that keeps the provider from being changed (2025-03 to 2026-07a)."""
    provider = situation.after.get("provider", "none")
    if "provider" not in situation.changed or provider == situation.before.get("provider", "none"):
        return ()
    from reconciler.model.amended import values_of  # noqa: PLC0415  only where the provider changes
    from reconciler.model.table import UNKNOWN  # noqa: PLC0415  as above

    users = values_of(situation.future.of("mailbox"), "authentication")
    left = [user for user, (source,) in users if source not in (UNKNOWN, OWN, provider)]
    why = "mailcow changes it only when no mailbox uses another; `{}` does"
    return tuple(("provider", why.format(user), "give it another `authentication`") for user in sorted(left)[:1])


def _check(values: Values) -> tuple[tuple[str, str, str], ...]:
    if "provider" not in values:
        return ()
    fitting = {*_COMMON, *_FIELDS.get(values["provider"], ())}
    hint = "leave it out, or choose the provider it belongs to"
    return tuple((name, f"`{values['provider']}` has no `{name}`", hint) for name in values if name not in fitting)


KIND = Kind(
    name="identity_provider",
    plural="identity_provider",
    record=IdentityProvider,
    example={
        "provider": "keycloak",
        "server_url": "https://login.acme.example",
        "realm": "mail",
        "version": "26.1.3",
        "client_id": "mailcow",
        "client_secret": {"env": "KEYCLOAK_SECRET"},
        "redirect_url": "https://mail.acme.example",
    },
    key=(),
    sources={MAIN: Source(path="identity-provider")},
    routes=Routes(edit="identity-provider", edited=("object_modified",)),
    singleton=True,
    since=Version(2025, 3),
    after=("mailbox_template",),
    on_edit=_only_its_own,
    on_steps=_taken_away,
    on_check=_check,
    refuses=_refuses,
    clashes=_clashes,
    also_called={"authsource": "provider", "basedn": "base_dn", "bindpass": "bind_password", "binddn": "bind_dn"},
)
