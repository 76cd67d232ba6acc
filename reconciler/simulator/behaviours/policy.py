"""domain-policy and mailbox-policy: who is always let in or kept out; and spam-score, which shares their table.

Lists of a domain show those of its mailboxes too, and the other way round.
Source: mailcow 2026-07a, functions.policy.inc.php; functions.mailbox.inc.php: spam_score; recorded exchanges.
"""

from __future__ import annotations

from typing import Any, Final

from reconciler.simulator import access, loose, php, sql
from reconciler.simulator.php import Row
from reconciler.simulator.refusal import refusals, refuse_if
from reconciler.simulator.routing import ECHO, Call, adds, deletes, edits, reads
from reconciler.simulator.rows import whole_mailbox
from reconciler.simulator.server import Server
from reconciler.simulator.snapshot import restores_each
from reconciler.simulator.state import declare

declare("filterconf", indexes=("object",))

_LISTS: Final = {"wl": "whitelist_from", "bl": "blacklist_from"}
_ALLOWED_MARKS: Final = str.maketrans("", "", "@_.-*")
_VALUE_LENGTH: Final = 100
_LOW, _HIGH = "lowspamlevel", "highspamlevel"
_DEFAULT_SCORE: Final = "5,15"
_BAD_SCORE: Final = 'Invalid spam score, format must be "1,2" where first is low and second is high spam value.'
_LEAST_DISTANCE: Final = 0.1


@adds("domain-policy", log=("policy", "add", "domain", ECHO))
def add_domain_policy(call: Call) -> bool:
    """One sender for a domain or alias domain."""
    name = call.data.get("domain")
    with refusals(call):
        refuse_if(not php.is_valid_domain_name(name) or not access.has_domain(call, name), "access_denied")
        domain = php.idn_to_ascii(loose.trim(name).lower())
        _add(call, domain)
        call.success(("domain_modified", domain))
        return True
    return False


@adds("mailbox-policy", log=("policy", "add", "mailbox", ECHO))
def add_mailbox_policy(call: Call) -> bool:
    """One sender for a mailbox."""
    name = call.data.get("username")
    with refusals(call):
        refuse_if(not access.has_mailbox(call, name), "access_denied")
        _add(call, php.text(name))
        call.success(("mailbox_modified", name))
        return True
    return False


def _add(call: Call, name: str) -> None:
    option = next(
        (option for short, option in _LISTS.items() if loose.equal(call.data.get("object_list"), short)), None
    )
    sender = loose.trim(php.text(call.data.get("object_from")).lower())
    refuse_if(not php.ctype_alnum(sender.translate(_ALLOWED_MARKS)), "policy_list_from_invalid")
    refuse_if(option is None, "access_denied")
    listed = (row for row in call.table("filterconf").find("object", name) if row["option"] in _LISTS.values())
    refuse_if(any(sql.same(row["value"], sender) for row in listed), "policy_list_from_exists")
    _insert(call, name, option or "", sender)


def _insert(call: Call, name: str, option: str, value: str) -> None:
    row = {"object": name, "option": option, "value": sql.text("value", value, _VALUE_LENGTH)}
    call.table("filterconf").insert(row)


@deletes("domain-policy", log=("policy", "delete", "domain", ECHO), key="prefid")
def delete_domain_policies(call: Call) -> None:
    """Entries of domains by their number."""
    for item in call.items:
        with refusals(call):
            row = _find(call, item)
            denied = row is None or not access.has_domain(call, row["object"])
            refuse_if(denied, "access_denied")
            assert row is not None
            call.table("filterconf").delete(row["id"])
            call.success(("item_deleted", item))


@deletes("mailbox-policy", log=("policy", "delete", "mailbox", ECHO), key="prefid")
def delete_mailbox_policies(call: Call) -> None:
    """Entries of mailboxes by their number; each success names all numbers sent."""
    numbers = ", ".join(php.text(item) for item in call.items if not php.is_array(item))
    for item in call.items:
        with refusals(call):
            row = _find(call, item)
            refuse_if(row is None or not access.has_mailbox(call, row["object"]), "access_denied")
            assert row is not None
            call.table("filterconf").delete(row["id"])
            call.success(("items_deleted", numbers))


def _find(call: Call, number: Any) -> Row | None:
    return sql.row(call.table("filterconf"), number) if php.is_numeric(number) else None


def _shown(rows: list[Row], option: str) -> list[Row]:
    return [
        {"object": row["object"], "value": row["value"], "prefid": row["id"]}
        for row in sorted(rows, key=lambda row: int(row["id"]))
        if row["option"] == option
    ]


def _of_domain(call: Call, option: str) -> list[Row]:
    if not access.has_domain(call, call.object):
        return []
    domain = php.idn_to_ascii(loose.trim(call.object).lower())
    ending = "@" + sql.weight(domain)
    rows = [
        row
        for row in call.table("filterconf")
        if sql.same(row["object"], domain) or sql.weight(row["object"]).endswith(ending)
    ]
    return _shown(rows, option)


def _of_mailbox(call: Call, option: str) -> list[Row]:
    username = call.object if php.is_email(call.object) else access.API_USER
    row = whole_mailbox(call.state, username)
    if row is None or not access.has_mailbox(call, username):
        return []
    table = call.table("filterconf")
    return _shown([*table.find("object", username), *table.find("object", row["domain"])], option)


@reads("policy_wl_domain")
def read_domain_allow_list(call: Call) -> list[Row]:
    """Who is let in, for a domain and all its mailboxes."""
    return _of_domain(call, _LISTS["wl"])


@reads("policy_bl_domain")
def read_domain_deny_list(call: Call) -> list[Row]:
    """Who is kept out, for a domain and all its mailboxes."""
    return _of_domain(call, _LISTS["bl"])


@reads("policy_wl_mailbox")
def read_mailbox_allow_list(call: Call) -> list[Row]:
    """Who is let in, for a mailbox and its domain."""
    return _of_mailbox(call, _LISTS["wl"])


@reads("policy_bl_mailbox")
def read_mailbox_deny_list(call: Call) -> list[Row]:
    """Who is kept out, for a mailbox and its domain."""
    return _of_mailbox(call, _LISTS["bl"])


@edits("spam-score", log=("mailbox", "edit", "spam_score", ECHO, None), key="username")
def edit_spam_scores(call: Call) -> None:
    """Two numbers in a text; before 2026-03b for any name, whether there is such a mailbox or not."""
    for item in call.items:
        with refusals(call):
            if call.has("spam_score_of_mailboxes_only"):
                refuse_if(not access.has_mailbox(call, item), "access_denied")
            given = call.data.get("spam_score")
            scores = None if loose.equal(given, "default") else _scores(php.text(given))
            name = sql.text("object", item) or ""
            for row in call.table("filterconf").find("object", name):
                if row["option"] in (_LOW, _HIGH):
                    call.table("filterconf").delete(row["id"])
            if scores:
                _insert(call, name, _HIGH, scores[1])
                _insert(call, name, _LOW, scores[0])
            call.success(("mailbox_modified", item))


def _scores(written: str) -> tuple[str, str]:
    low, high = (*written.split(","), "", "")[:2]
    refuse_if(not php.is_numeric(low) or not php.is_numeric(high), _BAD_SCORE)
    if loose.equal(low, high):
        high = php.text(php.floatval(high) + _LEAST_DISTANCE)
    return low, high


@reads("spam-score", since="spam_score_get")
def read_spam_score(call: Call) -> Row | None:
    """A mailbox's scores, or the server's where it has none."""
    username = call.object if php.is_email(call.object) else access.API_USER
    if not access.has_mailbox(call, username):
        return None
    found = {row["option"]: row["value"] for row in call.table("filterconf").find("object", username)}
    score = f"{found.get(_LOW, '')},{found.get(_HIGH, '')}" if {_LOW, _HIGH} & set(found) else _DEFAULT_SCORE
    return {"score": "".join(score.split())}


def _restore(server: Server, option: str, answer: Any) -> list[str]:
    table = server.state.table("filterconf")
    for shown in php.values(answer):
        if shown["prefid"] not in table:
            table.insert({"id": shown["prefid"], "object": shown["object"], "option": option, "value": shown["value"]})
    return ["Spam scores can be read by mailbox only, and since 2023-11a only: the others are the server's."]


@restores_each("get/policy_wl_domain/")
def restore_allow_list(server: Server, _domain: str, answer: Any) -> list[str]:
    """A domain's allow list with those of its mailboxes."""
    return _restore(server, _LISTS["wl"], answer)


@restores_each("get/policy_bl_domain/")
def restore_deny_list(server: Server, _domain: str, answer: Any) -> list[str]:
    """A domain's deny list with those of its mailboxes."""
    return _restore(server, _LISTS["bl"], answer)


@restores_each("get/spam-score/")
def restore_spam_score(server: Server, mailbox: str, answer: Any) -> list[str]:
    """A mailbox's scores, unless they are the server's; after the lists, whose numbers are given."""
    low, _, high = answer["score"].partition(",")
    if answer["score"] != _DEFAULT_SCORE:
        for option, value in ((_HIGH, high), (_LOW, low)):
            server.state.table("filterconf").insert({"object": mailbox, "option": option, "value": value})
    return []
