from typing import Any

import pytest

from reconciler.kinds import registry
from reconciler.model.resource import Observed
from reconciler.model.version import OLDEST, Version
from reconciler.spec.capabilities import Capabilities
from reconciler.spec.decode import Decoder

LOGINS = {"last_imap_login": 1_700_000_000, "last_smtp_login": 1_790_000_000, "last_pop3_login": 0}
ROW = {"username": "anna@acme.example", "attributes": {"passwd_update": "2026-11-22 08:34:14"}, "quota_used": 17}


def _seen(version: Version, **more: Any) -> Observed:
    seen = Decoder(registry()["mailbox"], Capabilities(version), frozenset(), {}).observe({**ROW, **LOGINS, **more})
    assert seen is not None
    return seen


@pytest.mark.parametrize("version", [OLDEST, Version.parse("2026-07a")])
def test_the_last_login_is_the_last_of_any_service(version: Version) -> None:
    assert _seen(version).measures["last_login"] == 1_790_000_000
    assert _seen(version, last_sso_login=1_795_000_000).measures["last_login"] == 1_795_000_000
    assert _seen(version, last_smtp_login=0, last_imap_login=0).measures["last_login"] == 0


def test_when_the_password_was_set_is_kept_beside_what_is_compared() -> None:
    seen = _seen(OLDEST)
    assert seen.witnesses == {"password": "2026-11-22 08:34:14"}
    assert "password" not in seen.values
