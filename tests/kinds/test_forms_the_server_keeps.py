"""Values that the server changes, cuts, or stores only in part: brought into its form, or refused before it does."""

from typing import Any

import pytest

from reconciler.kinds import registry
from reconciler.spec.codec import Scope
from reconciler.spec.refusal import InvalidError
from tests.kinds.providers import KEYCLOAK, LDAP
from tests.kinds.server import Server, refused

VERSIONS = ["2022-01a", "2024-08a", "2026-07a"]
ACME = {"name": "acme.example"}
PASSWORD = {"password": {"env": "PASSWORD"}}


@pytest.fixture(params=VERSIONS)
def server(request: pytest.FixtureRequest) -> Server:
    return Server(request.param)


@pytest.fixture
def new_server() -> Server:
    return Server("2026-07a")


def settles(server: Server, *manifests: dict[str, Any]) -> None:
    """See that each manifest in turn takes one apply."""
    for manifest in manifests:
        server.apply(manifest)
        assert server.plan(manifest) == ()


def unreadable(kind: str, entry: dict[str, Any]) -> set[str]:
    """The fields of an entry that are not what they take, or do not fit together."""
    try:
        (values,) = registry()[kind].read_entries([entry], Scope())
    except InvalidError as error:
        return {str(each["loc"][1]) for each in error.errors}
    checked = registry()[kind].on_check
    return {name for name, _, _ in checked(values)} if checked is not None else set()


@pytest.mark.parametrize(
    "destination",
    [
        *(".acme.example", ".m\u00fcnchen.example", "[mx.acme.example]:25", "[m\u00fcller.example]:25"),
        *("[192.0.2.1]", "[2001:db8::1]:465", "ACME.example", "acme.example:smtp", "under_score.example"),
    ],
)
def test_a_tls_policy_is_for_the_destination_it_names(server: Server, destination: str) -> None:
    settles(server, {"tls_policies": [{"destination": destination, "policy": "may"}]})
    (row,) = server.simulator.state.table("tls_policy_override")
    assert row["dest"].isascii()


@pytest.mark.parametrize("destination", ["-", "a..b", "a" * 64 + ".example", "a" * 256, "*@", "a b", "."])
def test_what_is_no_destination_has_no_tls_policy(destination: str) -> None:
    assert unreadable("tls_policy", {"destination": destination, "policy": "may"}) == {"destination"}


@pytest.mark.parametrize("parameters", ["match=a  ciphers=b", " match=a", "match", "a=b\nc=d", "a=" + "b" * 254])
def test_parameters_of_a_tls_policy_are_pairs_with_one_blank_between(parameters: str) -> None:
    entry = {"destination": "acme.example", "policy": "verify", "parameters": parameters}
    assert unreadable("tls_policy", entry) == {"parameters"}


@pytest.mark.parametrize("size", [1024, 2048, 3072, 4096, 8192])
def test_a_key_has_the_size_it_was_made_with_even_where_the_server_shows_another(server: Server, size: int) -> None:
    settles(server, {"domains": [ACME], "dkim_keys": [{"domain": "acme.example", "size": size}]})


def test_a_key_of_2048_bits_is_not_taken_for_one_of_3072_where_the_server_tells_them_apart(new_server: Server) -> None:
    settles(new_server, {"domains": [ACME], "dkim_keys": [{"domain": "acme.example", "size": 2048}]})
    longer = {"domains": [ACME], "dkim_keys": [{"domain": "acme.example", "size": 3072}]}
    assert refused(new_server, longer) == ["field-immutable"]


@pytest.mark.parametrize("entry", [{"size": 1536}, {"selector": "-"}, {"selector": "a b"}])
def test_a_key_the_server_would_not_know_again_is_refused(entry: dict[str, Any]) -> None:
    assert unreadable("dkim_key", {"domain": "acme.example", **entry}) == set(entry)


@pytest.mark.parametrize(
    ("version", "selector", "imported", "taken"),
    [
        ("2022-01a", "s-1", False, True),
        ("2022-01a", "s.1", False, False),
        ("2024-08a", "s_1", True, False),
        ("2024-08a", "s1", True, True),
        ("2025-01", "s.1", True, True),
    ],
)
def test_selectors_are_as_plain_as_the_version_needs(version: str, selector: str, imported: bool, taken: bool) -> None:
    key = {"domain": "acme.example", "selector": selector}
    manifest = {"domains": [ACME], "dkim_keys": [{**key, "private_key": {"env": "PRIVATE_KEY"}} if imported else key]}
    if taken:
        settles(Server(version), manifest)
    else:
        assert refused(Server(version), manifest) == ["change-refused"]


def test_line_ends_are_the_servers(server: Server) -> None:
    settles(
        server,
        {
            "rspamd_settings": [{"description": "a", "content": "a\r\nb\r\n"}],
            "global_filters": {"prefilter": "keep;\r\n"},
        },
    )


def test_content_that_is_nothing_to_php_is_refused() -> None:
    assert unreadable("rspamd_setting", {"description": "a", "content": "0"}) == {"content"}


@pytest.mark.parametrize(
    ("kind", "entry", "field"),
    [
        ("rspamd_setting", {"description": "a" * 256, "content": "a"}, "description"),
        ("oauth2_client", {"redirect_uri": "a" * 2001}, "redirect_uri"),
        ("domain_template", {"name": "a" * 256}, "name"),
        ("admin", {"username": "a" * 256}, "username"),
        ("admin", {"username": "-"}, "username"),
        ("relayhost", {"host": "a" * 256}, "host"),
        ("relayhost", {"host": " smtp.example"}, "host"),
        ("relayhost", {"host": "smtp.example", "username": "acme "}, "username"),
        ("domain", {"name": "a.example", "mta_sts": {"mode": "none", "mx": ["mx.a.example."]}}, "mta_sts"),
        (
            "domain",
            {"name": "a.example", "mta_sts": {"mode": "none", "mx": [f"mx{n}.a.example" for n in range(25)]}},
            "mta_sts",
        ),
    ],
)
def test_what_does_not_fit_the_servers_columns_is_refused(kind: str, entry: dict[str, Any], field: str) -> None:
    assert unreadable(kind, entry) == {field}


def test_hosts_fail2ban_takes_are_stored_and_come_back(server: Server) -> None:
    allowed = ["192.0.2.1", "192.0.2.1/24", "2001:DB8::/32", "mail.acme.example", "m\u00fcller.example", "0.0.0.0/0"]
    settles(server, {"fail2ban": {"allowed_hosts": allowed, "blocked_hosts": ["192.0.2.7/32", "::1"]}})


@pytest.mark.parametrize(
    "entry",
    [
        {"allowed_hosts": ["bad_host!"]},
        {"allowed_hosts": ["192.0.2.1/33/2", "a b"]},
        {"blocked_hosts": ["mail.acme.example"]},
        {"blocked_hosts": ["0.0.0.0/0"]},
        {"blocked_hosts": ["192.0.2.0/33"]},
        {"patterns": []},
    ],
)
def test_what_fail2ban_would_drop_after_it_has_emptied_the_list_is_refused(entry: dict[str, Any]) -> None:
    assert unreadable("fail2ban", entry) == set(entry)


def test_limits_of_nothing_reach_a_new_template() -> None:
    limits = {"max_aliases": 0, "max_mailboxes": 0, "default_mailbox_quota": "0MiB", "max_total_quota": "0MiB"}
    for version in ("2022-12", "2024-08a", "2026-07a"):
        settles(Server(version), {"domain_templates": [{"name": "Empty", **limits}]})


def test_templates_whose_names_differ_in_case_only_are_one_to_the_server(new_server: Server) -> None:
    assert refused(new_server, {"domain_templates": [{"name": "Staff"}, {"name": "staff"}]}) == ["only-one-allowed"]
    assert refused(new_server, {"mailbox_templates": [{"name": "Staff"}, {"name": "staff"}]}) == ["only-one-allowed"]


def test_a_right_the_server_does_not_know_yet_is_settled_in_a_template() -> None:
    template = {"name": "Staff", "permissions": ["pw_reset", "spam_score"]}
    settles(Server("2024-07"), {"mailbox_templates": [template]})
    server = Server("2024-08")
    settles(
        server, {"mailbox_templates": [template]}, {"mailbox_templates": [{**template, "permissions": ["spam_score"]}]}
    )


def test_an_identity_provider_is_compared_as_it_is_stored(new_server: Server) -> None:
    settles(new_server, {"identity_provider": {**KEYCLOAK, "server_url": "https://login.example/"}})
    settles(new_server, {"identity_provider": {**LDAP, "username_field": "Mail", "attribute_field": "memberOf"}})


@pytest.mark.parametrize(
    ("entry", "field"),
    [({**LDAP, "host": "a.example b.example"}, "host"), ({**KEYCLOAK, "templates": {"staff": ""}}, "templates")],
)
def test_what_an_identity_provider_would_lose_is_refused(entry: dict[str, Any], field: str) -> None:
    assert unreadable("identity_provider", entry) == {field}


def test_the_last_administrator_is_not_switched_off(server: Server) -> None:
    bob = {"username": "bob", "initial": PASSWORD}
    settles(server, {"admins": [{"username": "admin"}, bob]})
    both = {"admins": [{"username": "admin", "state": "off"}, {**bob, "state": "off"}]}
    assert refused(server, both) == ["change-refused", "change-refused"]
    settles(server, {"admins": [{"username": "admin", "state": "off"}, bob]})


def test_origins_of_web_pages_are_sent_as_browsers_send_them() -> None:
    for version in ("2024-08a", "2026-07a"):
        server = Server(version)
        server.apply_first({"cors": {"allowed_origins": ["https://m\u00fcller.example:8443"]}})
        (sent,) = server.sent
        host = "xn--mller-kva.example"
        assert sent.attributes["allowed_origins"] == ([host] if version == "2024-08a" else [f"https://{host}:8443"])
