"""CORS."""

from typing import Final, TypedDict

from reconciler.model.version import Version
from reconciler.records import replace
from reconciler.spec.codecs import a_set_of, choice, text
from reconciler.spec.kind import Attributes, Situation
from reconciler.spec.language import Annotated
from reconciler.spec.names import domain_for_wire
from reconciler.spec.settings import setting, settings

_METHODS: Final = ("DELETE", "GET", "POST", "PUT")
_WHOLE_ORIGINS_SINCE: Final = Version(2026, 7, "a")


def _for_wire(origin: str) -> str:
    scheme, separator, host = origin.rpartition("://")
    name, colon, port = host.partition(":")
    return f"{scheme}{separator}{host if host.isascii() else domain_for_wire(name) + colon + port}"


class Cors(TypedDict, total=False):
    """Which web pages of others may use the API. The server never shows it; it is written as a whole."""

    allowed_origins: Annotated[
        tuple[str, ...],
        a_set_of(replace(text(least=1, pattern=r"^(\*|https?://[^/\s]+)$"), encode=_for_wire)),
        setting(
            "Where such pages come from: `https://panel.example`, or `*`; the server's own address if left out.",
            "allowed_origins",
        ),
    ]
    allowed_methods: Annotated[
        tuple[str, ...],
        a_set_of(choice(*_METHODS)),
        setting("What they may do: `GET`, `POST`, `PUT`, `DELETE`.", "allowed_methods", reset_to=_METHODS),
    ]


def _as_hosts(attributes: Attributes, situation: Situation) -> Attributes:
    """Give hosts in place of origins: that is all servers before 2026-07a take (functions.inc.php: valid_origin)."""
    if situation.capabilities.version >= _WHOLE_ORIGINS_SINCE or "allowed_origins" not in attributes:
        return attributes
    hosts = [origin.rpartition("://")[2].partition(":")[0] for origin in attributes["allowed_origins"]]
    return {**attributes, "allowed_origins": hosts}


KIND = settings(
    "cors",
    Cors,
    route="cors",
    said="cors_headers_edited",
    since=Version(2023, 7),
    on_edit=_as_hosts,
    example={"allowed_origins": ["https://panel.acme.example"], "allowed_methods": ["GET", "POST"]},
)
