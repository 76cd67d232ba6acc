"""OAuth2 clients."""

from __future__ import annotations

from typing import Annotated

from typing_extensions import Required, TypedDict

from reconciler.spec.codecs import Line
from reconciler.spec.kind import Kind, Routes, listed
from reconciler.spec.mark import field


class OAuth2Client(TypedDict, total=False):
    """An application that may ask who a user is. The server makes its id and secret; look for them there."""

    redirect_uri: Required[
        Annotated[
            Line,
            field(
                "Where users are sent back to; it is what the client is known by.",
                read="redirect_uri",
                add="redirect_uri",
            ),
        ]
    ]


KIND = Kind(
    name="oauth2_client",
    plural="oauth2_clients",
    record=OAuth2Client,
    example={"redirect_uri": "https://wiki.acme.example/login"},
    key=("redirect_uri",),
    sources=listed("oauth2-client"),
    routes=Routes(
        add="oauth2-client", delete="oauth2-client", added=("Added client access",), deleted=("items_deleted",)
    ),
    handle="id",
    unique=False,
    serial=True,
    alone=True,
)
"""One deletion a call: of several only the last is named in the answer (2022-01a to 2026-07a, recorded exchanges)."""
