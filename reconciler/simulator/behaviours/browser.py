"""Routes the server's own web pages use: security keys, a user's own account, examples. They exist and answer, no more.

Left out on purpose: registering a security key (it takes a browser with one) and the texts of the examples (they are
mailcow's). Source: mailcow 2022-01a and 2026-07a, json_api.php and functions.inc.php: fido2.
"""

from __future__ import annotations

import base64
from typing import Any

from reconciler.simulator import php
from reconciler.simulator.php import Row
from reconciler.simulator.routing import EMPTY, Call, adds, edits, reads

_NO_KEY = {"success": False, "msg": "invalid client data"}


def _challenge(call: Call) -> Row:
    random = call.server.random.randbytes(32)
    return {"timeout": 30000, "challenge": f"=?BINARY?B?{base64.b64encode(random).decode()}?="}


@reads("fido2-registration")
@reads("webauthn-tfa-registration")
def read_registration_challenge(call: Call) -> bytes:
    """What a browser needs to register a security key."""
    return php.json_encode({"publicKey": {**_challenge(call), "attestation": "indirect"}})


@reads("fido2-get-args", public=True)
def read_login_challenge(call: Call) -> bytes:
    """What a browser needs to log in with a security key."""
    return php.json_encode({"publicKey": _challenge(call)})


@reads("webauthn-tfa-get-args", public=True)
def read_second_factor_challenge(call: Call) -> bytes:
    """A key's session has no second factor pending."""
    del call
    return php.json_encode({"type": "error", "msg": "Cannot find matching credentialIds"})


@adds("fido2-registration", log=())
@adds("webauthn-tfa-registration", log=())
@adds("fido2-args", log=(), until="authenticated_by_login")
def refuse_security_key(call: Call) -> bytes:
    """No security key is ever registered or verified here."""
    del call
    return php.json_encode(_NO_KEY)


@edits("fido2-fn", log=())
def rename_security_key(call: Call) -> None:
    """Success whether there is such a key or not; there is none."""
    echo = {"action": "edit_fn", "fido2_attrs": call.attr}
    call.success(("object_modified", "API"), log=("fido2", echo))


@edits("self", log=())
def edit_own_account(call: Call) -> bytes:
    """A key is nobody's account: nothing is done and nothing printed."""
    del call
    return EMPTY


@adds("sso", log=(), since="domain_admin_sso")
def sign_in_nobody(call: Call) -> bytes:
    """Single sign-on is for domain admins; any other word after it prints nothing."""
    del call
    return EMPTY


@reads("presets")
def read_presets(call: Call) -> Any:
    """Examples of rspamd settings and sieve filters, which are left out."""
    return [] if call.object in ("rspamd", "sieve") else EMPTY
