"""The mail that lets people choose a new password."""

from typing import TypedDict

from reconciler.model.version import Version
from reconciler.spec.addresses import MAIL_ADDRESS
from reconciler.spec.codecs import Text
from reconciler.spec.language import Annotated
from reconciler.spec.mappings import or_word
from reconciler.spec.settings import setting, settings


class PasswordResetNotification(TypedDict, total=False):
    """The mail with the link for a new password. The server never shows it; it is written as a whole."""

    sender: Annotated[
        str,
        or_word(MAIL_ADDRESS, "none", encoded=""),
        setting("Who it comes from; `none` for the server's own.", "from", reset_to="none"),
    ]
    subject: Annotated[Text, setting("Its subject.", "subject", reset_to="")]
    text: Annotated[Text, setting("Its template as plain text.", "text_tmpl", reset_to="")]
    html: Annotated[Text, setting("Its template.", "html_tmpl", reset_to="")]


KIND = settings(
    "password_reset_notification",
    PasswordResetNotification,
    route="reset-password-notification",
    said="saved_settings",
    since=Version(2024, 8),
    example={"sender": "helpdesk@acme.example", "subject": "Your new password"},
)
