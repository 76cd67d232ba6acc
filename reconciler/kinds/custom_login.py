"""The pages for logging in."""

from typing import TypedDict

from reconciler.model.version import Version
from reconciler.spec.codecs import Flag
from reconciler.spec.language import Annotated
from reconciler.spec.settings import setting, settings


class CustomLogin(TypedDict, total=False):
    """What the pages for logging in offer. The server never shows it; it is written as a whole."""

    hide_user_link: Annotated[Flag, setting("Do not link to the users' page.", "hide_user_quicklink", reset_to=False)]
    hide_domain_admin_link: Annotated[
        Flag, setting("Do not link to the domain administrators' page.", "hide_domainadmin_quicklink", reset_to=False)
    ]
    hide_admin_link: Annotated[
        Flag, setting("Do not link to the administrators' page.", "hide_admin_quicklink", reset_to=False)
    ]
    force_single_sign_on: Annotated[
        Flag, setting("Send people to the identity provider at once.", "force_sso", reset_to=False)
    ]


KIND = settings(
    "custom_login",
    CustomLogin,
    route="custom_login",
    said="custom_login_modified",
    since=Version(2025, 5),
    example={"hide_admin_link": True, "hide_domain_admin_link": True},
)
