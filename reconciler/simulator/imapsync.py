"""Which options of imapsync a sync job may carry, and how each version of mailcow looks at them.

Source: mailcow vars.inc.php (IMAPSYNC_OPTIONS) and functions.mailbox.inc.php of every release from 2022-01 to 2026-07a.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from . import php

_ALLOWED: Final = frozenset(
    """
    abort authmd51 authmd52 authmech1 authmech2 authuser1 authuser2 debug debugcontent debugcrossduplicates debugflags
    debugfolders debugimap debugimap1 debugimap2 debugmemory debugssl delete1emptyfolders delete2folders
    disarmreadreceipts domain1 domain2 domino1 domino2 errorsmax exchange1 exchange2 exitwhenover expunge1
    filterbuggyflags folder folderfirst folderlast folderrec gmail1 gmail2 idatefromheader include justconnect
    justfolders justfoldersizes justlogin keepalive1 keepalive2 log logdir logfile maxbytesafter maxlinelength
    maxmessagespersecond maxsize maxsleep minage minsize noabletosearch noabletosearch1 noabletosearch2 noexpunge1
    noexpunge2 nofoldersizesatend noid nolog nomixfolders noresyncflags nossl1 nossl2 nosyncacls notls1 notls2
    nouidexpunge2 nousecache oauthaccesstoken1 oauthaccesstoken2 oauthdirect1 oauthdirect2 office1 office2 pidfile
    pidfilelocking prefix1 prefix2 proxyauth1 proxyauth2 resyncflags resynclabels search search1 search2 sep1 sep2
    showpasswords skipemptyfolders ssl2 sslargs1 sslargs2 subfolder1 subscribe subscribed syncacls syncduplicates
    syncinternaldates synclabels tests testslive testslive6 tls2 truncmess usecache useheader useuid
    """.split()  # noqa: SIM905 a hundred words read better so
)
_SINCE_2022_07: Final = frozenset({"inet4", "inet6"})
_SINCE_2023_11: Final = frozenset({"dry", "f1f2"})
_LEADING_HYPHENS: Final = re.compile(r"^-+")


def refusal(written: str, has: Callable[[str], bool]) -> str | None:
    """What the server says about these options; None where it takes them.

    Args:
        written: The job's ``custom_params``.
        has: Asks the server's version for a feature.
    """
    allowed = _ALLOWED
    if has("syncjob_split_options"):
        allowed |= _SINCE_2022_07
    if has("syncjob_dry"):
        allowed |= _SINCE_2023_11
    for part in _parts(written, has):
        name = part.split("=")[0] if "=" in part else part
        if has("syncjob_split_options"):
            name = name if "=" in part else part.rstrip(" ")
            spaced = name
        else:
            spaced = part
        if " " in spaced:
            return "bad character SPACE"
        name = _LEADING_HYPHENS.sub("", name)
        if name.lower() not in allowed:
            return f"bad option {name}"
    return None


def _parts(written: str, has: Callable[[str], bool]) -> list[str]:
    """The options one by one: until 2022-07 split at " -", then at every hyphen; on 2022-06a none is one too."""
    parts = written.split("-" if has("syncjob_split_options") else " -")
    return php.array_filter(parts) if has("syncjob_no_options") else parts


def without_pipe(written: str, has: Callable[[str], bool]) -> str:
    """The options as versions before 2022-06a keep them: all dropped where a pipe is named anywhere but first."""
    if has("syncjob_option_list"):
        return written
    if has("syncjob_pipe_any_case"):
        lowered = written.lower()
        found = lowered.find("pipemess") > 0 or (has("syncjob_pipe_misspelt") and lowered.find("pipemes") > 0)
    else:
        found = written.find("pipemess") > 0
    return "" if found else written
