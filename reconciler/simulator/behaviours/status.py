"""status/*: the version, the containers and the disk, which are stubs: nothing runs here."""

from __future__ import annotations

from typing import Any

from reconciler.simulator import php
from reconciler.simulator.routing import EMPTY, Call, reads


@reads("status")
def read_status(call: Call) -> Any:
    """An object no version knows prints nothing."""
    del call
    return EMPTY


@reads("status/version", since="status_version")
def read_version(call: Call) -> bytes:
    """The version, compact."""
    return php.json_encode({"version": str(call.server.profile.version)})
