"""OAuth2 clients."""

from typing import Required, TypedDict

from reconciler.model.address import Address
from reconciler.model.operation import HandleOf, Verb
from reconciler.spec.codecs import text
from reconciler.spec.kind import Kind, Routes, Situation, listed
from reconciler.spec.language import Annotated
from reconciler.spec.mark import field
from reconciler.spec.step import Stage, Step


class OAuth2Client(TypedDict, total=False):
    """An application that may ask who a user is. The server makes its id and secret; look for them there."""

    redirect_uri: Required[
        Annotated[
            str,
            text(least=1, most=2000, pattern=r"^[^\r\n]*$"),
            field(
                "Where users are sent back to; it is what the client is known by.",
                read="redirect_uri",
                add="redirect_uri",
            ),
        ]
    ]


def _readdress(_source: Address, situation: Situation) -> tuple[Step, ...]:
    """Give it another address, so that it keeps its id and secret (2022-01a to 2026-07a, ``edit/oauth2-client``)."""
    return (
        Step(
            verb=Verb.EDIT,
            route="oauth2-client",
            item=situation.observed.handle if situation.observed is not None else HandleOf(situation.address),
            attributes={"redirect_uri": situation.address.key},
            successes=("object_modified",),
            stage=Stage.FREE,
            alone=True,
        ),
    )


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
    on_move=_readdress,
)
"""One deletion a call: of several only the last is named in the answer (2022-01a to 2026-07a, recorded exchanges)."""
