"""The check of the server's own address."""

from typing import Required, TypedDict

from reconciler.model.version import Version
from reconciler.spec.codecs import Flag
from reconciler.spec.language import Annotated
from reconciler.spec.settings import setting, settings


class IpCheck(TypedDict, total=False):
    """Whether the server may ask mailcow's makers what its public address is. The server never shows it."""

    enabled: Required[Annotated[Flag, setting("Whether it may.", "ip_check_opt_in")]]


KIND = settings(
    "ip_check",
    IpCheck,
    route="ip_check",
    said="ip_check_opt_in_modified",
    since=Version(2023, 1),
    example={"enabled": False},
)
