"""edit and get rl-domain and rl-mbox: how much may be sent in a second, minute, hour or day.

Source: mailcow 2026-07a, functions.ratelimit.inc.php; json_api.php; recorded exchanges, tests/contract.
"""

from __future__ import annotations

from typing import Any, Final

from reconciler.simulator import access, loose, php
from reconciler.simulator.php import Row
from reconciler.simulator.refusal import refusals, refuse_if
from reconciler.simulator.routing import ECHO, Call, edits, reads
from reconciler.simulator.rows import mailboxes_of
from reconciler.simulator.server import Server
from reconciler.simulator.snapshot import restores
from reconciler.simulator.tables import alias_domains, domains

LIMITS: Final = "RL_VALUE"
"""The Redis hash of limits by address or domain, in the case they were sent in."""

DOMAIN_LOG: Final = ("ratelimit", "edit", "domain", ECHO)
MAILBOX_LOG: Final = ("ratelimit", "edit", "mailbox", ECHO)
_FRAMES: Final = ("s", "m", "h", "d")


@edits("rl-domain", log=DOMAIN_LOG, key="object")
def edit_domain_limits(call: Call) -> None:
    """One limit for domains and alias domains; 0 or nothing removes it, a valid frame is wanted all the same."""
    for domain in call.items:
        with refusals(call):
            refuse_if(not loose.contains(_FRAMES, call.data.get("rl_frame")), "rl_timeframe")
            refuse_if(not access.has_domain(call, domain), "access_denied")
            _save(call, domain)


@edits("rl-mbox", log=MAILBOX_LOG, key="object")
def edit_mailbox_limits(call: Call) -> None:
    """One limit for mailboxes and resources."""
    for address in call.items:
        with refusals(call):
            refuse_if(not loose.contains(_FRAMES, call.data.get("rl_frame")), "rl_timeframe")
            refuse_if(not access.has_mailbox(call, address), "access_denied")
            _save(call, address)


def _save(call: Call, name: str) -> None:
    value = php.intval(call.data.get("rl_value"))
    if value == 0:
        call.state.redis.hdel(LIMITS, name)
    else:
        call.state.redis.hash(LIMITS)[name] = f"{value} / 1{php.text(call.data.get('rl_frame'))}"
    call.success(("rl_saved", name))


def limit_of(call: Call, name: str) -> Row | None:
    """The limit stored under a name, written exactly so; None without one."""
    stored = call.state.redis.hget(LIMITS, name)
    if not stored:
        return None
    value, _, frame = stored.partition(" / 1")
    return {"value": value, "frame": frame}


def domain_limit(call: Call, domain: object) -> Row | bool:
    """A domain's limit as details show it: false where there is none."""
    return (access.has_domain(call, domain) and limit_of(call, str(domain))) or False


def mailbox_limit(call: Call, address: object) -> Row | bool:
    """A mailbox's own limit: false where there is none."""
    return (access.has_mailbox(call, address) and limit_of(call, str(address))) or False


@reads("rl-domain")
def read_domain_limit(call: Call) -> Any:
    """A domain's or alias domain's limit."""
    return domain_limit(call, call.object)


@reads("rl-domain/all")
def read_domain_limits(call: Call) -> list[Row]:
    """The domains and alias domains that have a limit."""
    names = [row["domain"] for row in domains(call.state)]
    names += [row["alias_domain"] for row in alias_domains(call.state)]
    return [{**limit, "domain": name} for name in names if (limit := limit_of(call, name))]


@reads("rl-mbox")
def read_mailbox_limit(call: Call) -> Any:
    """A mailbox's own limit."""
    return mailbox_limit(call, call.object)


@reads("rl-mbox/all")
def read_mailbox_limits(call: Call) -> list[Row]:
    """The mailboxes that have a limit of their own."""
    return [
        {**limit, "mailbox": row["username"]}
        for domain in domains(call.state)
        for row in mailboxes_of(call.state, domain["domain"])
        if (limit := limit_of(call, row["username"]))
    ]


def restore_limit(server: Server, name: str, limit: Any) -> None:
    """Keep a limit as a details answer shows it."""
    if isinstance(limit, dict):
        server.state.redis.hash(LIMITS)[name] = f"{limit['value']} / 1{limit['frame']}"


@restores("get/rl-domain/all")
def restore_domain_limits(server: Server, answer: Any) -> list[str]:
    """Limits of domains and alias domains."""
    for limit in php.values(answer):
        restore_limit(server, limit["domain"], limit)
    return []


@restores("get/rl-mbox/all")
def restore_mailbox_limits(server: Server, answer: Any) -> list[str]:
    """Limits of mailboxes."""
    for limit in php.values(answer):
        restore_limit(server, limit["mailbox"], limit)
    return []
