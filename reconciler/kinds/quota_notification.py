"""The notice about a full mailbox."""

from typing import TypedDict

from reconciler.spec.addresses import MAIL_ADDRESS
from reconciler.spec.codecs import Text
from reconciler.spec.language import Annotated
from reconciler.spec.mappings import or_word
from reconciler.spec.settings import setting, settings


class QuotaNotification(TypedDict, total=False):
    """The mail people get when their mailbox is nearly full. The server never shows it; it is written as a whole."""

    sender: Annotated[
        str,
        or_word(MAIL_ADDRESS, "none", encoded=""),
        setting("Who it comes from; `none` for the server's own.", "sender", reset_to="none"),
    ]
    subject: Annotated[Text, setting("Its subject.", "subject", reset_to="")]
    html: Annotated[Text, setting("Its template.", "html_tmpl", reset_to="")]


KIND = settings(
    "quota_notification",
    QuotaNotification,
    route="quota_notification",
    said="saved_settings",
    example={"sender": "helpdesk@acme.example", "subject": "Your mailbox is nearly full"},
)
