"""time_limited_alias: throw-away addresses with a random local part.

Source: mailcow 2022-01a, 2024-08a, 2026-07a, functions.mailbox.inc.php: time_limited_alias; recorded exchanges.
"""

from __future__ import annotations

from random import Random
from typing import Any, Final

from reconciler.simulator import access, filters, loose, php, sql
from reconciler.simulator.php import Row
from reconciler.simulator.refusal import refusals, refuse_if
from reconciler.simulator.routing import ECHO, Call, ServerCrash, adds, deletes, edits, reads
from reconciler.simulator.server import Server
from reconciler.simulator.snapshot import restores_each
from reconciler.simulator.state import declare
from reconciler.simulator.tables import alias_domains_of

declare("spamalias", key="address", indexes=("goto",))

_HOUR: Final = 3600
_YEAR_HOURS: Final = 8760
_LONGEST_HOURS: Final = 87600
_CONSONANTS: Final = "bcdfghjklmnprstvwxyz"
_VOWELS: Final = "aeiou"
_TRUE_WORDS: Final = ("1", "true", "on", "yes")


@adds("time_limited_alias", log=("mailbox", "add", "time_limited_alias", ECHO, None))
def add_address(call: Call) -> bool:
    """A new address in the mailbox's domain or one of its alias domains; it is not told which."""
    data = call.data
    with refusals(call):
        refuse_if(call.role != "admin", "access_denied")
        username = access.API_USER
        if php.is_email(data.get("username")):
            refuse_if(not access.has_mailbox(call, data["username"]), "access_denied")
            username = data["username"]
        hours = _hours(call)
        row = call.table("mailbox").get(username)
        home = row["domain"] if row and row["kind"] == "" else None
        allowed = [home, *(alias_domains_of(call.state, row["domain"]) if row else ())]
        refuse_if(not loose.contains(allowed, data.get("domain")), "domain_invalid")
        _insert(call, username, hours)
        call.success(("mailbox_modified", username))
        return True
    return False


def _hours(call: Call) -> int:
    given = call.data.get("validity")
    if given is None:
        return _YEAR_HOURS
    hours = filters.integer(given, 1, _LONGEST_HOURS)
    refuse_if(hours is None, "validity_missing")
    assert hours is not None
    return hours if call.has("spam_alias_validity") else _YEAR_HOURS


def _is_true(value: Any) -> bool:
    return not php.is_array(value) and loose.trim(value).lower() in _TRUE_WORDS


def _insert(call: Call, username: str, hours: int) -> None:
    data = call.data
    description = ""
    if call.has("spam_alias_description"):
        given = data.get("description")
        if given is None and not call.has("spam_alias_without_description"):
            raise ServerCrash.sql("23000", 1048, "Column 'description' cannot be null")
        description = php.text(given)
    random = call.server.random
    address = f"{_word(random)}.{_word(random)}@{php.text(data.get('domain'))}"
    call.table("spamalias").insert(
        {
            "address": address,
            "goto": username,
            "description": sql.long_text("description", description),
            "validity": call.server.unix_time() + hours * _HOUR,
            "created": call.server.now(),
            "modified": None,
            "permanent": int(call.has("permanent_spam_alias") and _is_true(data.get("permanent"))),
        }
    )


def _word(random: Random) -> str:
    first, second = random.randint(3, 9), random.randint(3, 9)
    length = random.randint(min(first, second), max(first, second))
    return "".join(random.choice(_CONSONANTS) + random.choice(_VOWELS) for _ in range(length // 2))


@edits("time_limited_alias", log=("mailbox", "edit", "time_limited_alias", ECHO, None), key="address")
def edit_addresses(call: Call) -> None:
    """So many hours from now, or forever; without either nothing is said or done."""
    data = call.data
    knows_permanent = call.has("permanent_spam_alias")
    for item in call.items:
        with refusals(call):
            row = call.table("spamalias").get(item)
            refuse_if(row is None or not access.has_mailbox(call, row["goto"]), "access_denied")
            wanted = php.truthy(data.get("validity")) or (knows_permanent and php.truthy(data.get("permanent")))
            if wanted:
                _extend(call, item, permanent=knows_permanent and _is_true(data.get("permanent")))
                call.success(("mailbox_modified", ""))


def _extend(call: Call, address: object, *, permanent: bool) -> None:
    validity = 0
    if not permanent:
        if call.data.get("validity") is None:
            raise ServerCrash.sql("23000", 1048, "Column 'permanent' cannot be null")
        validity = round(call.server.unix_time() + loose.times(call.data["validity"], _HOUR))
    columns = {"validity": validity, "permanent": int(permanent)}
    sql.changed(call.table("spamalias"), address, call.server.now(), columns)


@deletes("time_limited_alias", log=("mailbox", "delete", "time_limited_alias", ECHO, None), key="address")
def delete_addresses(call: Call) -> None:
    """Throw-away addresses of existing mailboxes."""
    for item in call.items:
        with refusals(call):
            row = call.table("spamalias").get(item)
            refuse_if(row is None or not access.has_mailbox(call, row["goto"]), "access_denied")
            assert row is not None
            call.table("spamalias").delete(item)
            call.success(("mailbox_modified", php.htmlspecialchars(row["goto"])))


@reads("time_limited_aliases")
def read_addresses(call: Call) -> list[Row]:
    """A mailbox's addresses that still receive."""
    username = call.object if php.is_email(call.object) else access.API_USER
    if not access.has_mailbox(call, username):
        return []
    described = ("description",) if call.has("spam_alias_description") else ()
    permanent = ("permanent",) if call.has("permanent_spam_alias") else ()
    columns = ("address", "goto", *described, "validity", "created", "modified", *permanent)
    return [
        sql.shown(row, columns)
        for row in sorted(valid_addresses(call, username), key=lambda row: sql.weight(row["address"]))
    ]


def valid_addresses(call: Call, username: object) -> list[Row]:
    """The throw-away addresses of a mailbox that have not run out."""
    rows = call.table("spamalias").find("goto", username)
    now = call.server.unix_time() if rows else 0
    return [row for row in rows if row["validity"] >= now or row["permanent"]]


@restores_each("get/time_limited_aliases/")
def restore_addresses(server: Server, _mailbox: str, answer: Any) -> list[str]:
    """A mailbox's throw-away addresses that had not run out."""
    for shown in php.values(answer):
        server.state.table("spamalias").insert({"description": "", "permanent": 0, **shown})
    return []
