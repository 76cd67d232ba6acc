"""edit/domain-wide-footer: the footer's first route, of 2023-10 only, for one domain named in the attributes.

Source: mailcow 2023-10, json_api.php and functions.mailbox.inc.php.
"""

from __future__ import annotations

import json

from reconciler.simulator import access, php
from reconciler.simulator.routing import ECHO, Call, edits


@edits(
    "domain-wide-footer",
    log=("mailbox", "edit", "domain_wide_footer", ECHO, None),
    since="domain_wide_footer_route",
    until="footer",
)
def edit_early_footer(call: Call) -> bool | None:
    """Replace both texts."""
    domain = php.idn_to_ascii(php.text(call.data.get("domain")).strip().lower())
    if not php.is_valid_domain_name(domain):
        call.danger("domain_invalid")
        return False
    if not access.has_domain(call, domain):
        call.danger("access_denied")
        return False
    footer = {"html": call.data.get("footer_html") or "", "plain": call.data.get("footer_plain") or ""}
    call.state.redis.hash("DOMAIN_WIDE_FOOTER")[domain] = json.dumps(footer)
    call.success(("domain_footer_modified", php.htmlspecialchars(domain)))
    return None
