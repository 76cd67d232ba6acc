"""The links of mailcow's pages."""

from collections.abc import Mapping
from typing import Any, Final, Required, TypedDict

from reconciler.model.resource import Value
from reconciler.spec.codecs import FLAG, text
from reconciler.spec.language import Annotated
from reconciler.spec.mappings import Part, a_list_of, a_mapping
from reconciler.spec.mark import WHOLE
from reconciler.spec.settings import setting, settings


def _columns(links: tuple[Mapping[str, Any], ...]) -> dict[str, list[Any]]:
    """Give the links as four lists of one length: others are not stored, with success (all versions)."""
    return {
        "app": [link["name"] for link in links],
        "href": [link["url"] for link in links],
        "user_href": [link["user_url"] or link["url"] for link in links],
        "hide": [int(link["hidden"]) for link in links],
    }


LINKS: Final = a_list_of(
    a_mapping(
        {
            "name": Part(text(least=1), "app"),
            "url": Part(text(least=1), "href"),
            "user_url": Part(text(), "user_href", ""),
            "hidden": Part(FLAG, "hide", default=False),
        }
    ),
    encode=_columns,
)


class AppLinks(TypedDict, total=False):
    """The apps that mailcow's pages link to. The server never shows them over the API."""

    links: Required[
        Annotated[
            Value,
            LINKS,
            setting(
                "All of them, in order: `name`, `url`, and since 2025-03 the `user_url` of people who have logged in "
                "and whether it is `hidden`.",
                WHOLE,
            ),
        ]
    ]


KIND = settings(
    "app_links",
    AppLinks,
    route="app_links",
    said="app_links",
    example={"links": [{"name": "Webmail", "url": "/SOGo/so/"}, {"name": "Help", "url": "https://help.acme.example"}]},
)
