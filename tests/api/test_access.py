import pytest

from reconciler.api import ServerAccess
from reconciler.errors import UsageError


@pytest.mark.parametrize(
    "origin",
    [
        "https://mail.example",
        "https://mail.example/",
        "https://mail.example:8443",
        "https://[2001:db8::1]",
        "http://localhost:8080",
        "http://127.0.0.1:8080",
        "http://127.8.9.10",
        "http://[::1]:8080",
    ],
)
def test_an_encrypted_or_a_loopback_origin_is_taken(origin: str) -> None:
    assert ServerAccess(origin=origin, key="A-1").url.host


@pytest.mark.parametrize(
    "origin", ["http://mail.example", "http://localhost.example", "http://128.0.0.1", "http://0.0.0.0"]
)
def test_the_key_never_travels_unencrypted_over_a_network(origin: str) -> None:
    with pytest.raises(UsageError) as refusal:
        ServerAccess(origin=origin, key="A-1")

    assert refusal.value.id == "server-address-plain-http"


def test_plain_http_over_a_network_can_be_forced() -> None:
    access = ServerAccess(origin="http://mail.example", key="A-1", allow_plain_http=True)

    assert access.url.host == "mail.example"


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "mail.example",
        "mail.example:443",
        "ftp://mail.example",
        "https://",
        "https://[::1",
        "https://user:CANARY@mail.example",
        "https://mail.example/api/v1",
        "https://mail.example?key=CANARY",
        "https://[user:CANARY@mail.example",
        "https://mail.example/#top",
        "https://xn--a.example",
    ],
)
def test_anything_but_an_origin_is_a_wrong_address(origin: str) -> None:
    with pytest.raises(UsageError) as refusal:
        ServerAccess(origin=origin, key="A-1")

    assert refusal.value.id == "server-address-wrong"
    assert "CANARY" not in str(refusal.value)


def test_a_wrong_address_is_shown() -> None:
    with pytest.raises(UsageError, match=r"`mail\.example` does not begin with `https://`"):
        ServerAccess(origin="mail.example", key="A-1")


def test_a_missing_key_is_noticed_before_a_request() -> None:
    with pytest.raises(UsageError) as refusal:
        ServerAccess(origin="https://mail.example", key="")

    assert refusal.value.id == "api-key-missing"


@pytest.mark.parametrize("key", ["ABC-DEF\n", '"ABC-DEF"', "ABC DEF", "ABC\r\nX-Other: 1", "ÄBC"])
def test_a_key_with_quotes_or_line_ends_is_noticed_before_it_counts_towards_a_ban(key: str) -> None:
    with pytest.raises(UsageError) as refusal:
        ServerAccess(origin="https://mail.example", key=key)

    assert refusal.value.id == "api-key-malformed"
    assert key not in refusal.value.hint + str(refusal.value)


def test_the_key_does_not_show_in_what_a_log_would_print() -> None:
    access = ServerAccess(origin="https://mail.example", key="CANARY-1", proxy="http://user:CANARY-2@proxy.example")

    assert "CANARY" not in repr(access)
