"""Who may call: keys, the addresses they may be used from, and fail2ban's counting of wrong ones.

Source: mailcow 2026-07a, sessions.inc.php (keys, addresses), the netfilter container's main.py (bans).
"""

from __future__ import annotations

import ipaddress
import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .php import Row
from .server import Server

_NOT_IN_KEYS = re.compile(r"[^a-zA-Z0-9-]")
_TRUSTED_PROXIES = tuple(
    ipaddress.ip_network(network) for network in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
)
_BAN_DEFAULTS = {
    "max_attempts": 10,
    "retry_window": 600,
    "ban_time": 1800,
    "max_ban_time": 10000,
    "ban_time_increment": True,
    "netban_ipv4": 32,
    "netban_ipv6": 128,
}
_COUNTERS = "F2B_COUNTERS"
ACTIVE_BANS = "F2B_ACTIVE_BANS"
PERMANENT_BANS = "F2B_PERM_BANS"
_LOG_LINES = 10_000


class BannedError(ConnectionError):
    """The firewall drops what this address sends; there is no answer."""


@dataclass(frozen=True)
class Keys:
    """The keys, and the addresses they may be used from.

    Attributes:
        api_key: May read and write.
        read_only_key: May only read; None where there is none.
        allow_from: Addresses and networks.
    """

    api_key: str
    read_only_key: str | None
    allow_from: tuple[str, ...]

    def right_of(self, key: str) -> str | None:
        """``rw`` or ``ro``, None for an unknown key; characters no key has are dropped first."""
        cleaned = _NOT_IN_KEYS.sub("", key)
        if not cleaned:
            return None
        if cleaned == self.api_key:
            return "rw"
        return "ro" if cleaned == self.read_only_key else None

    def allow(self, address: str) -> bool:
        """Tell whether a key may be used from an address: listed exactly or within a network."""
        peer = ipaddress.ip_address(address)
        return any(peer.version == network.version and peer in network for network in self._networks)

    @cached_property
    def _networks(self) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
        return [ipaddress.ip_network(written, strict=False) for written in self.allow_from if written]


def remote_address(peer: str, forwarded_for: str) -> str:
    """The caller's address: nginx believes X-Forwarded-For from private networks only, loopback not among them."""
    address = peer
    for claimed in reversed([part.strip() for part in forwarded_for.split(",") if part.strip()]):
        if not any(ipaddress.ip_address(address) in network for network in _TRUSTED_PROXIES):
            break
        try:
            address = str(ipaddress.ip_address(claimed))
        except ValueError:
            break
    return address


class Fail2ban:
    """Counts wrong keys by network and bans, as the netfilter container does from the web interface's messages.

    Args:
        server: Where the settings and the bans are kept.
        ban_local: Ban private and loopback addresses too, which the real one never does.
    """

    def __init__(self, server: Server, *, ban_local: bool = False) -> None:
        self._server = server
        self._ban_local = ban_local

    def refuse_banned(self, address: str) -> None:
        """Let an address pass, or not.

        Raises:
            BannedError: It is banned; the firewall would drop its packets.
        """
        bans = self._server.state.redis.hashes
        if not bans.get(ACTIVE_BANS) and not bans.get(PERMANENT_BANS):
            return
        now = self._server.unix_time()
        for network, until in list(bans.get(ACTIVE_BANS, {}).items()):
            if int(until) <= now:
                self._unban(network)
            elif _within(address, network):
                raise BannedError(f"{address} is banned by fail2ban")
        if any(_within(address, network) for network in bans.get(PERMANENT_BANS, {})):
            raise BannedError(f"{address} is on fail2ban's denylist")

    def count(self, address: str) -> None:
        """Note one wrong key, and ban the address when it was one too many."""
        peer = ipaddress.ip_address(address)
        if (peer.is_private or peer.is_loopback) and not self._ban_local:
            return
        warning = f"mailcow UI: Invalid password for API_USER by {address}"
        self._note("warn", f"{address} matched rule id 1 ({warning})")
        settings = self._settings()
        for allowed in self._server.state.redis.hashes.get("F2B_WHITELIST", {}):
            if _within(address, allowed):
                self._note("info", f"Address {address} is allowlisted by rule {allowed}")
                return
        length = settings["netban_ipv4"] if peer.version == 4 else settings["netban_ipv6"]  # noqa: PLR2004 IPv4
        self._attempt(str(ipaddress.ip_network(f"{address}/{length}", strict=False)), settings)

    def _attempt(self, network: str, settings: Row) -> None:
        counters = self._server.state.redis.hash(_COUNTERS)
        counter = json.loads(counters.get(network, '{"attempts": 0, "last": 0, "bans": 0}'))
        now = self._server.unix_time()
        if now - counter["last"] > settings["retry_window"]:
            counter["attempts"] = 0
        counter["attempts"] += 1
        counter["last"] = now
        counters[network] = json.dumps(counter)
        left = settings["max_attempts"] - counter["attempts"]
        if left > 0:
            window = settings["retry_window"]
            self._note("warn", f"{left} more attempts in the next {window} seconds until {network} is banned")
            return
        seconds = settings["ban_time"]
        if settings["ban_time_increment"]:
            seconds = min(seconds * 2 ** counter["bans"], settings["max_ban_time"])
        self._note("crit", f"Banning {network} for {seconds // 60} minutes")
        self._server.state.redis.hash(ACTIVE_BANS)[network] = str(now + seconds)

    def _unban(self, network: str) -> None:
        redis = self._server.state.redis
        redis.hdel(ACTIVE_BANS, network)
        counter = json.loads(redis.hget(_COUNTERS, network) or '{"attempts": 0, "last": 0, "bans": 0}')
        counter.update(attempts=0, bans=counter["bans"] + 1)
        redis.hash(_COUNTERS)[network] = json.dumps(counter)
        self._note("info", f"Unbanning {network}")

    def _settings(self) -> Row:
        stored: Any = json.loads(self._server.state.redis.strings.get("F2B_OPTIONS", "{}"))
        kept = stored if isinstance(stored, dict) else {}
        return {name: kept.get(name, default) for name, default in _BAN_DEFAULTS.items()}

    def _note(self, priority: str, message: str) -> None:
        line = {"time": self._server.unix_time(), "priority": priority, "message": message}
        self._server.state.redis.push("NETFILTER_LOG", json.dumps(line), keep=_LOG_LINES)


def _within(address: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False
