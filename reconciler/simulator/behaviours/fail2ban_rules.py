"""The rules by which fail2ban of each version finds an attacker's address in the logs, as a GET shows them.

Source: what get/fail2ban shows on fresh servers of 2022-01a and 2026-07a (recorded exchanges, tests/contract); for the
versions between, the netfilter container's rules of the release that changed them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

_ADDRESS: Final = r"([0-9a-f\.:]+)"
_SASL: Final = rf"warning: .*\[{_ADDRESS}\]: SASL .+ authentication failed"
_SASL_WITH_ANSWER: Final = _SASL + ": (?!.*Connection lost to authentication server).+"


def rules(has: Callable[[str], bool]) -> dict[str, str]:
    """The rules by number.

    Args:
        has: Asks the server's version for a feature.
    """
    quote, double_quote = (r"\'", r"\"") if has("f2b_escaped_rules") else ("'", '"')
    found = [
        f"mailcow UI: Invalid password for .+ by {_ADDRESS}",
        f"Rspamd UI: Invalid password by {_ADDRESS}",
        _SASL_WITH_ANSWER if has("f2b_sasl_answer") else _SASL,
        rf"warning: non-SMTP command from .*\[{_ADDRESS}]:.+",
        rf"NOQUEUE: reject: RCPT from \[{_ADDRESS}].+Protocol error.+",
        *_dovecot(has),
        f"SOGo.+ Login from {quote}{_ADDRESS}{quote} for user .+ might not have worked",
        rf"{_ADDRESS} {double_quote}GET \/SOGo\/.* HTTP.+{double_quote} 403 .+",
    ]
    return {str(number): rule for number, rule in enumerate(found, 1)}


def _dovecot(has: Callable[[str], bool]) -> list[str]:
    if has("f2b_password_mismatch"):
        user = rf"\w+\([^,]+,{_ADDRESS},<[^>]+>\)"
        given = r"\(SHA1 of given password: [a-f0-9]+\)"
        return [f"{user}: Password mismatch {given}", f"{user}: unknown user {given}"]
    gap = ".+" if has("f2b_login_gap") else ""
    return [
        rf"-login: Disconnected{gap} \(auth failed, .+\): user=.*, method=.+, rip={_ADDRESS},",
        rf"-login: Aborted login{gap} \(auth failed .+\): user=.+, rip={_ADDRESS}, lip.+",
        rf"-login: Aborted login{gap} \(tried to use disallowed .+\): user=.+, rip={_ADDRESS}, lip.+",
    ]
