"""The texts of mailcow's pages."""

from typing import TypedDict

from reconciler.spec.codecs import Flag, Text, choice
from reconciler.spec.language import Annotated
from reconciler.spec.settings import setting, settings


class UiTexts(TypedDict, total=False):
    """What mailcow's own pages say. The server never shows it over the API; it is written as a whole."""

    title: Annotated[Text, setting("The title of the pages.", "title_name", reset_to="")]
    name: Annotated[Text, setting("What the whole is called.", "main_name", reset_to="")]
    apps: Annotated[Text, setting("What the list of apps is called.", "apps_name", reset_to="")]
    help: Annotated[Text, setting("The help on the page for logging in; HTML.", "help_text", reset_to="")]
    footer: Annotated[Text, setting("The foot of all pages; HTML.", "ui_footer", reset_to="")]
    announcement: Annotated[Text, setting("An announcement; HTML.", "ui_announcement_text", reset_to="")]
    announcement_type: Annotated[
        str, choice("info", "warning", "danger"), setting("Its colour.", "ui_announcement_type", reset_to="info")
    ]
    announcement_shown: Annotated[Flag, setting("Whether it is shown.", "ui_announcement_active", reset_to=False)]


KIND = settings(
    "ui_texts",
    UiTexts,
    route="ui_texts",
    said="ui_texts",
    example={
        "title": "Acme mail",
        "announcement": "Maintenance on Sunday.",
        "announcement_type": "info",
        "announcement_shown": True,
    },
)
