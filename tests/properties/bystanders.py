"""Things on a server that no manifest speaks of."""

from __future__ import annotations

import json
from typing import Any

from tests.properties.town import Town

_PASSWORD = {"password": "Correct.Horse.77", "password2": "Correct.Horse.77"}
_LIMITS = {"aliases": 9, "mailboxes": 9, "defquota": 1, "maxquota": 10, "quota": 100, "active": 1, "gal": 1}
_MADE: tuple[tuple[str, dict[str, Any]], ...] = (
    ("domain", {"domain": "bystander.example", **_LIMITS, "key_size": 1024, "dkim_selector": "by"}),
    ("alias-domain", {"alias_domain": "b.bystander.example", "target_domain": "bystander.example", "active": 1}),
    ("mailbox", {"local_part": "anna", "domain": "bystander.example", "quota": 1, "active": 1, **_PASSWORD}),
    ("mailbox", {"local_part": "7up", "domain": "bystander.example", "quota": 1, "active": 1, **_PASSWORD}),
    ("alias", {"address": "info@bystander.example", "goto": "anna@bystander.example,crm@elsewhere.example"}),
    ("alias", {"address": "42@bystander.example", "goto_null": 1, "active": 1}),
    ("bcc", {"local_dest": "bystander.example", "type": "sender", "bcc_dest": "x@vault.example", "active": 1}),
    ("recipient_map", {"recipient_map_old": "old@bystander.example", "recipient_map_new": "x@y.example"}),
    ("relayhost", {"hostname": "bystander.example:587", "username": "b", "password": "b"}),
    ("transport", {"destination": "bystander.example", "nexthop": "[b.bystander.example]", "active": 1}),
    ("tls-policy-map", {"dest": "bystander.example", "policy": "dane", "active": 1}),
    ("resource", {"description": "Bystander", "domain": "bystander.example", "kind": "location", "active": 1}),
    ("domain-admin", {"username": "bystander", "domains": ["bystander.example"], "active": 1, **_PASSWORD}),
    ("domain-policy", {"domain": "bystander.example", "object_list": "wl", "object_from": "*@spam.example"}),
)


def settle_in(town: Town) -> None:
    """Make them, past the tool."""
    for route, attributes in _MADE:
        said = town.person.does(f"add/{route}", attributes)
        assert all(each["type"] == "success" for each in said), said
    town.before = town.memory()


def rows_of(town: Town) -> list[str]:
    """Every row of the server's memory that is about one of them."""
    rows = (f"{name}: {json.dumps(row, sort_keys=True)}" for name, table in town.memory().items() for row in table)
    return sorted(row for row in rows if "bystander" in row.lower())
