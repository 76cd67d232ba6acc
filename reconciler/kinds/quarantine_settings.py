"""The settings of the quarantine."""

from typing import Any, Final, TypedDict

from reconciler.spec.addresses import DOMAIN, MAIL_ADDRESS
from reconciler.spec.amounts import Size, duration
from reconciler.spec.codecs import Count, Text, a_set_of, choice
from reconciler.spec.kind import Attributes, Situation
from reconciler.spec.language import Annotated
from reconciler.spec.mappings import or_word
from reconciler.spec.scores import SCORE
from reconciler.spec.settings import setting, settings

ADDRESS: Final = or_word(MAIL_ADDRESS, "none", encoded="")


class QuarantineSettings(TypedDict, total=False):
    """How refused mail is kept, and what its recipients hear. The server never shows it; it is written as a whole."""

    keep: Annotated[
        Count, setting("How many mails are kept for each mailbox; 0 keeps none.", "retention_size", reset_to=0)
    ]
    max_size: Annotated[Size, setting("The largest mail that is kept.", "max_size", reset_to="1MiB")]
    max_score: Annotated[
        Any,
        or_word(SCORE, "none", encoded=""),
        setting("The score above which nobody is told.", "max_score", reset_to="none"),
    ]
    max_age: Annotated[str, duration(unit="d", least=1), setting("How long mail is kept.", "max_age", reset_to="365d")]
    exclude_domains: Annotated[
        tuple[str, ...], a_set_of(DOMAIN), setting("Domains whose mail is not kept.", "exclude_domains", reset_to=())
    ]
    release_format: Annotated[
        str, choice("raw", "attachment"), setting("How released mail is delivered.", "release_format", reset_to="raw")
    ]
    sender: Annotated[
        str, ADDRESS, setting("Who notices come from; `none` for the server's own.", "sender", reset_to="none")
    ]
    bcc: Annotated[str, ADDRESS, setting("Who gets a copy of all notices, or `none`.", "bcc", reset_to="none")]
    redirect: Annotated[str, ADDRESS, setting("Who gets all notices instead, or `none`.", "redirect", reset_to="none")]
    subject: Annotated[Text, setting("The subject of notices.", "subject", reset_to="")]
    html: Annotated[Text, setting("The template of notices.", "html_tmpl", reset_to="")]


def _settings(attributes: Attributes, _situation: Situation) -> Attributes:
    """Say that settings are meant: without that nothing is done, with success (all versions, ``edit/quarantine``)."""
    return {"action": "settings", **attributes}


KIND = settings(
    "quarantine_settings",
    QuarantineSettings,
    route="quarantine",
    said="saved_settings",
    on_edit=_settings,
    example={"keep": 50, "max_size": "10MiB", "max_age": "30d", "sender": "quarantine@acme.example"},
)
