"""edit cors: which web pages may use the API. Since 2023-07; it shows in the headers of answers only.

From 2025-03 to 2025-10a nothing ends the route: the settings of the identity provider are edited with the same
attributes next, which lack what it needs, and there are two answers, the second of which repeats the first.
Source: mailcow functions.inc.php (cors, valid_origin) of 2023-07 and 2026-07a; json_api.php of 2025-03, 2025-10a and
2025-12; recorded exchanges, tests/contract.
"""

from __future__ import annotations

from typing import Any, Final

from reconciler.simulator import access, filters, loose, php
from reconciler.simulator.behaviours.identity_provider import edit_identity_provider
from reconciler.simulator.cors import SETTINGS, valid_origin
from reconciler.simulator.refusal import refusals, refuse_if
from reconciler.simulator.routing import ECHO, Call, edits

_METHODS: Final = ("GET", "POST", "PUT", "DELETE")


@edits("cors", log=("cors", "edit", ECHO), since="cors")
def edit_cors(call: Call) -> bool | bytes | None:
    """What is not sent goes back to what a fresh server has; text is split, and its empty pieces are no methods.

    A fresh server allows its own address: no origins stored stand for that.
    """
    done = _edit(call)
    if not call.has("cors_runs_on"):
        return done
    first = php.json_encode(call.entries)
    edit_identity_provider(call.within(("identity_provider", "edit", ECHO), dict(call.data)))
    return first + php.json_encode(call.entries)


def _edit(call: Call) -> bool | None:
    if access.denies(call):
        return False
    with refusals(call):
        origins = _origins(call)
        methods = _methods(call.data.get("allowed_methods"))
        call.state.redis.hash(SETTINGS).update(
            allowed_origins=", ".join(map(php.text, origins)), allowed_methods=", ".join(map(php.text, methods))
        )
        call.success("cors_headers_edited")
    return None


def _origins(call: Call) -> list[Any]:
    sent = call.data.get("allowed_origins")
    strict = call.has("cors_strict_origin")
    if sent is None:
        return []
    if php.is_array(sent):
        origins = php.values(sent)
    else:
        origins = php.array_filter(loose.trim(line) for line in php.text(sent).split("\n"))
    for origin in origins:
        passes = valid_origin(php.text(origin)) if strict else filters.hostname(php.text(origin))
        refuse_if(origin != "*" and not passes, "cors_invalid_origin")
    return [php.text(origin).lower() for origin in origins] if strict else origins


def _methods(sent: Any) -> list[Any]:
    if sent is None:
        return list(_METHODS)
    methods = php.values(sent) if php.is_array(sent) else loose.split(sent)
    refuse_if(any(not loose.contains(_METHODS, method) for method in methods), "cors_invalid_method")
    return methods
