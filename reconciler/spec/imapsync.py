"""Options of imapsync that no sync job may carry: the server says so only when the job is written."""

from __future__ import annotations

from typing import Final

from reconciler.model.secret import BLANK
from reconciler.model.version import Version

__all__ = ["refused_option"]

_ALLOWED: Final = frozenset(
    """
    abort authmd51 authmd52 authmech1 authmech2 authuser1 authuser2 debug debugcontent debugcrossduplicates debugflags
    debugfolders debugimap debugimap1 debugimap2 debugmemory debugssl delete1emptyfolders delete2folders
    disarmreadreceipts domain1 domain2 domino1 domino2 errorsmax exchange1 exchange2 exitwhenover expunge1
    filterbuggyflags folder folderfirst folderlast folderrec gmail1 gmail2 idatefromheader include inet4 inet6
    justconnect justfolders justfoldersizes justlogin keepalive1 keepalive2 log logdir logfile maxbytesafter
    maxlinelength maxmessagespersecond maxsize maxsleep minage minsize noabletosearch noabletosearch1 noabletosearch2
    noexpunge1 noexpunge2 nofoldersizesatend noid nolog nomixfolders noresyncflags nossl1 nossl2 nosyncacls notls1
    notls2 nouidexpunge2 nousecache oauthaccesstoken1 oauthaccesstoken2 oauthdirect1 oauthdirect2 office1 office2
    pidfile pidfilelocking prefix1 prefix2 proxyauth1 proxyauth2 resyncflags resynclabels search search1 search2 sep1
    sep2 showpasswords skipemptyfolders ssl2 sslargs1 sslargs2 subfolder1 subscribe subscribed syncacls syncduplicates
    syncinternaldates synclabels tests testslive testslive6 tls2 truncmess usecache useheader useuid
    """.split()  # noqa: SIM905  a hundred words read better so
)
"""What is taken from 2022-07 to 2026-07a (vars.inc.php: IMAPSYNC_OPTIONS)."""
_ALLOWED_SINCE_2023_11: Final = frozenset({"dry", "f1f2"})
_FIRST, _LAST_LOOKED_INTO = Version(2022, 7), Version(2026, 7, "a")
"""Before, other options were taken, or all of them; later versions may take more."""


def refused_option(options: str, version: Version) -> str | None:
    """The first of some options that the server refuses, as far as that is known.

    It splits them at every hyphen, also at those inside a value (2022-07 to 2026-07a, functions.mailbox.inc.php).
    """
    if not _FIRST <= version <= _LAST_LOOKED_INTO:
        return None
    allowed = _ALLOWED | (_ALLOWED_SINCE_2023_11 if version >= Version(2023, 11) else frozenset())
    for part in options.strip(BLANK).split("-"):
        name = part.partition("=")[0] if "=" in part else part.rstrip(" ")
        if part not in ("", "0") and name.lower() not in allowed:
            return name
    return None
