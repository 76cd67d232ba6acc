"""add global-filter, get global_filters: the Sieve scripts that run before and after those of every user.

Source: mailcow functions.mailbox.inc.php (global_filter, global_filter_details), json_api.php, data/conf/dovecot; the
same from 2022-01 to 2026-07a; recorded exchanges, tests/contract.
"""

from __future__ import annotations

from typing import Any, Final

from reconciler.simulator import access, php
from reconciler.simulator.behaviours.sieve_filter import check_script
from reconciler.simulator.php import Row
from reconciler.simulator.refusal import refusals, refuse_if
from reconciler.simulator.routing import ECHO, EMPTY, Call, adds, reads
from reconciler.simulator.server import Server
from reconciler.simulator.snapshot import restores
from reconciler.simulator.state import seeds

_SCRIPTS: Final = "SIMULATOR_GLOBAL_SIEVE"
_TYPES: Final = ("prefilter", "postfilter")
_ORDER: Final = (
    "global_sieve_before -> user sieve_before (mailcow UI) -> user sieve_after (mailcow UI) -> global_sieve_after"
)
_BEFORE: Final = f"""\
# global_sieve_before script
# {_ORDER}

require ["mailbox", "fileinto"];

if header :contains ["Chat-Version"] [""] {{
  if mailboxexists "DeltaChat" {{
    fileinto "DeltaChat";
  }} else {{
    fileinto :create "DeltaChat";
  }}
  stop;
}}
"""
_AFTER: Final = f"""\
# global_sieve_after script
# {_ORDER}

require "fileinto";
require "mailbox";
require "variables";
require "subaddress";
require "envelope";
require "duplicate";

if header :contains "X-Spam-Flag" "YES" {{
  fileinto "Junk";
}}

if allof (
  envelope :detail :matches "to" "*",
  header :contains "X-Moo-Tag" "YES"
  ) {{
  set :lower :upperfirst "tag" "${{1}}";
  if mailboxexists "INBOX/${{1}}" {{
    fileinto "INBOX/${{1}}";
  }} else {{
    fileinto :create "INBOX/${{tag}}";
  }}
}}

if duplicate {{
  discard;
  stop;
}}"""


@seeds
def install_global_filters(server: Server) -> None:
    """Put the scripts every installation starts with in place."""
    server.state.redis.hash(_SCRIPTS).update(prefilter=_BEFORE, postfilter=_AFTER)


@adds("global-filter", log=("mailbox", "add", "global_filter", ECHO, None))
def add_global_filter(call: Call) -> bool | None:
    """Overwrites the script and restarts Dovecot every time; line ends become those of Unix."""
    if access.denies(call):
        return False
    with refusals(call):
        script = php.text(call.data.get("script_data")).replace("\r\n", "\n").replace("\r", "\n")
        check_script(call, script)
        kind = call.data.get("filter_type")
        refuse_if(kind not in _TYPES, "invalid_filter_type")
        call.state.redis.hash(_SCRIPTS)[str(kind)] = script
        call.success("dovecot_restart_success")
        call.success("global_filter_written")
    return None


@reads("global_filters")
def read_global_filters(call: Call) -> bytes:
    """Any other word than those below prints nothing."""
    del call
    return EMPTY


@reads("global_filters/all")
def read_both_global_filters(call: Call) -> Row:
    """Both scripts by type."""
    scripts = call.state.redis.hash(_SCRIPTS)
    return {kind: scripts[kind] for kind in _TYPES}


@reads("global_filters/prefilter")
def read_global_prefilter(call: Call) -> str:
    """The script before the users' as a JSON string."""
    return call.state.redis.hash(_SCRIPTS)["prefilter"]


@reads("global_filters/postfilter")
def read_global_postfilter(call: Call) -> str:
    """The script after the users' as a JSON string."""
    return call.state.redis.hash(_SCRIPTS)["postfilter"]


@restores("get/global_filters/all")
def restore_global_filters(server: Server, answer: Any) -> list[str]:
    """Put both scripts in place."""
    server.state.redis.hash(_SCRIPTS).update({kind: answer[kind] for kind in _TYPES if answer.get(kind) is not None})
    return []
