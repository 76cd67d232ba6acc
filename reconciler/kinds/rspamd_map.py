"""Rspamd maps."""

from typing import Final, Required, TypedDict

from reconciler.records import replace
from reconciler.spec.codecs import Text, choice
from reconciler.spec.kind import Kind, Routes
from reconciler.spec.language import Annotated
from reconciler.spec.mark import field

_MAPS: Final = (
    "bad_header",
    "bad_languages",
    "bad_words",
    "bad_words_de",
    "bulk_header",
    "fishy_tlds",
    "global_mime_from_blacklist",
    "global_mime_from_whitelist",
    "global_rcpt_blacklist",
    "global_rcpt_whitelist",
    "global_smtp_from_blacklist",
    "global_smtp_from_whitelist",
    "monitoring_nolog",
)
"""The files mailcow lets one write (vars.inc.php: RSPAMD_MAPS; the same from 2022-01a to 2026-07a)."""


class RspamdMap(TypedDict, total=False):
    """A list of the spam filter for everybody. The server never shows it; it is written as a whole."""

    name: Required[Annotated[str, choice(*_MAPS), field("Which one.")]]
    content: Required[
        Annotated[
            Text,
            field("Its lines, mostly regular expressions; the spam filter reads them anew.", edit="rspamd_map_data"),
        ]
    ]


KIND = Kind(
    name="rspamd_map",
    plural="rspamd_maps",
    record=RspamdMap,
    example={"name": "global_smtp_from_blacklist", "content": "/.+@spam[.]example/i"},
    key=("name",),
    sources={},
    routes=Routes(edit="rspamd-map", edited=("object_modified",)),
    serial=True,
    on_steps=lambda steps, situation: tuple(replace(step, item=f"{situation.address.key}.map") for step in steps),
    also_called={"map": "name", "rspamd_map_data": "content"},
)
