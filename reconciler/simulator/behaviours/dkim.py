"""DKIM keys: add, duplicate, import, delete and details, by domain exactly as it was written.

Keys live in Redis and survive their domain. Source: mailcow 2022-01a, 2024-08a, 2026-07a, functions.dkim.inc.php;
recorded exchanges, tests/contract.
"""

from __future__ import annotations

import re
from typing import Any, Final

from reconciler.simulator import access, loose, php, rsa
from reconciler.simulator.php import Row
from reconciler.simulator.refusal import Refusal, refusals, refuse_if
from reconciler.simulator.routing import ECHO, Call, adds, deletes, reads
from reconciler.simulator.server import Server
from reconciler.simulator.snapshot import restores_each

ADD_LOG: Final = ("dkim", "add", ECHO)
_DUPLICATE_LOG: Final = ("dkim", "duplicate", ECHO)
_IMPORT_LOG: Final = ("dkim", "import", ECHO)
_DELETE_LOG: Final = ("dkim", "delete", ECHO)

_PUBLIC, _SELECTORS, _PRIVATE = "DKIM_PUB_KEYS", "DKIM_SELECTORS", "DKIM_PRIV_KEYS"
_DEFAULT_SELECTOR: Final = "dkim"
_NO_PRIVATE_HALF: Final = "simulated"
_LENGTHS_BEFORE_3072: Final = ((391, "1024"), (736, "2048"), (1416, "4096"))
_LENGTHS: Final = ((391, "1024"), (564, "2048"), (736, "3072"), (1416, "4096"))
_LONGER: Final = ">= 8192"
_LINE_ENDS = re.compile(r"\r\n?")

_STALE_ERRORS: Final = "SIMULATOR_STALE_OPENSSL_ERRORS"
_STALE_ERROR: Final = "error:12000079:random number generator::Cannot open file"
_NO_KEY_ERROR: Final = "error:1E08010C:DECODER routines::unsupported"


@adds("dkim", log=ADD_LOG)
def add_keys(call: Call) -> None:
    """A new key for each domain of a text list; a domain that has one keeps it."""
    selector = call.data["dkim_selector"] if php.isset(call.data, "dkim_selector") else _DEFAULT_SELECTOR
    bits = php.intval(call.data.get("key_size"))
    for domain in php.array_filter(loose.split(call.data.get("domains"))):
        with refusals(call):
            invalid = ("dkim_domain_or_sel_invalid", domain)
            refuse_if(not php.is_valid_domain_name(domain), *invalid)
            refuse_if(call.state.redis.hget(_PUBLIC, domain), *invalid)
            refuse_if(not _is_selector(selector, "-_." if call.has("dkim_dotted_selector") else "-_"), *invalid)
            refuse_if(not access.has_domain(call, domain), "access_denied", domain)
            refuse_if(not rsa.SHORTEST <= bits <= rsa.LONGEST, *invalid)
            _leave_stale_error(call)
            _store(call, domain, rsa.generate(bits, call.server.random), php.text(selector), _NO_PRIVATE_HALF)
            call.success(("dkim_added", domain))


def _is_selector(selector: Any, marks: str) -> bool:
    return php.ctype_alnum(php.text(selector).translate(str.maketrans("", "", marks)))


def _store(call: Call, domain: str, public: str, selector: str, private: str) -> None:
    redis = call.state.redis
    redis.hash(_PUBLIC)[domain] = public
    redis.hash(_SELECTORS)[domain] = selector
    redis.hash(_PRIVATE)[f"{selector}.{domain}"] = private


def _leave_stale_error(call: Call) -> None:
    """OpenSSL's complaint about its random file stays in the worker that made the key.

    Two workers take turns at making keys and one of them at importing: that fits all recordings.
    """
    redis = call.state.redis.strings
    redis[_STALE_ERRORS] = str(int(redis.get(_STALE_ERRORS, "0")) + 1)


def _take_stale_error(call: Call) -> str | None:
    redis = call.state.redis.strings
    left = int(redis.get(_STALE_ERRORS, "0"))
    redis[_STALE_ERRORS] = str(max(0, left - 2))
    return _STALE_ERROR if left > 1 else None


@adds("dkim_duplicate", log=_DUPLICATE_LOG)
def duplicate_key(call: Call) -> bool | None:
    """A domain's key for other names, whether they are domains or not; what they had is overwritten."""
    if access.denies(call):
        return False
    source = call.data.get("from_domain")
    redis = call.state.redis
    public = redis.hget(_PUBLIC, php.text(source))
    if not public:
        call.danger(("dkim_domain_or_sel_invalid", source))
        return None
    selector = redis.hget(_SELECTORS, php.text(source)) or ""
    private = redis.hget(_PRIVATE, f"{selector}.{php.text(source)}") or ""
    for target in php.array_filter(php.values(call.data.get("to_domain"))):
        _store(call, php.text(target), public, selector, private)
        call.success(("dkim_duplicated", source, target))
    return None


@adds("dkim_import", log=_IMPORT_LOG)
def import_key(call: Call) -> bool:
    """A key of the caller's own; fails at times with an error that an earlier request left behind."""
    if access.denies(call):
        return False
    with refusals(call):
        pem = _LINE_ENDS.sub("\n", loose.trim(call.data.get("private_key_file")))
        public = _public_key(call, pem)
        domain = php.text(call.data.get("domain"))
        invalid = ("dkim_domain_or_sel_invalid", domain)
        refuse_if(not php.is_valid_domain_name(domain), *invalid)
        overwrite = php.intval(call.data.get("overwrite_existing"))
        refuse_if(call.state.redis.hget(_PUBLIC, domain) and overwrite == 0, "dkim_domain_or_sel_exists", domain)
        selector = call.data["dkim_selector"] if php.isset(call.data, "dkim_selector") else _DEFAULT_SELECTOR
        refuse_if(not _is_selector(selector, "-_." if call.has("dkim_dotted_selector") else ""), *invalid)
        if call.has("dkim_import_removes"):
            delete_keys(call.within(_DELETE_LOG, {"domains": domain}, key="domains"))
        _store(call, domain, public, php.text(selector), pem)
        call.success(("dkim_added", domain))
        return True
    return False


def _public_key(call: Call, pem: str) -> str:
    stale = _take_stale_error(call)
    refuse_if(stale, "private_key_error", stale)
    try:
        return rsa.public_of(pem)
    except rsa.NoKeyError:
        raise Refusal("private_key_error", _NO_KEY_ERROR) from None


@deletes("dkim", log=_DELETE_LOG, key="domains")
def delete_keys(call: Call) -> bool | None:
    """Keys of domains, those that have none included."""
    if access.denies(call):
        return False
    redis = call.state.redis
    for domain in call.items:
        with refusals(call):
            refuse_if(not php.is_valid_domain_name(domain), "dkim_domain_or_sel_invalid", domain)
            name = php.text(domain)
            redis.hdel(_PRIVATE, f"{redis.hget(_SELECTORS, name) or ''}.{name}")
            redis.hdel(_PUBLIC, name)
            redis.hdel(_SELECTORS, name)
            call.success(("dkim_removed", php.htmlspecialchars(name)))
    return None


@reads("dkim")
def read_key(call: Call) -> Row | None:
    """A domain's public key and what to publish; nothing where it has none."""
    name = call.object or ""
    public = call.state.redis.hget(_PUBLIC, name)
    if not public:
        return None
    lengths = _LENGTHS if call.has("dkim_3072") else _LENGTHS_BEFORE_3072
    return {
        "pubkey": public,
        "length": next((bits for characters, bits in lengths if len(public) < characters), _LONGER),
        "dkim_txt": f"v=DKIM1;k=rsa;t=s;s=email;p={public}",
        "dkim_selector": call.state.redis.hget(_SELECTORS, name) or False,
        "privkey": "",
    }


@restores_each("get/dkim/")
def restore_key(server: Server, domain: str, answer: Any) -> list[str]:
    """A domain's key, without its private half."""
    if isinstance(answer, dict) and answer.get("pubkey"):
        redis = server.state.redis
        redis.hash(_PUBLIC)[domain] = answer["pubkey"]
        redis.hash(_SELECTORS)[domain] = answer["dkim_selector"]
        redis.hash(_PRIVATE)[f"{answer['dkim_selector']}.{domain}"] = _NO_PRIVATE_HALF
    return ["Private DKIM keys cannot be read, so none are there."]
