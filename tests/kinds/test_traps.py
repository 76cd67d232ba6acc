"""What one kind or another does to its neighbours, or never shows, on servers of each age."""

from typing import Any

import pytest

from reconciler.model.state import DesiredState
from tests.kinds.providers import LDAP
from tests.kinds.server import Server, problems, refused

PASSWORD = {"password": {"env": "PASSWORD"}}
ANNA = {"address": "anna@acme.example", "quota": "1GiB", "initial": PASSWORD}
ACME = {"name": "acme.example"}


@pytest.fixture(params=["2022-01a", "2024-08a", "2026-07a"])
def server(request: pytest.FixtureRequest) -> Server:
    return Server(request.param)


@pytest.fixture
def new_server() -> Server:
    return Server("2026-07a")


def sent(server: Server) -> list[str]:
    return [f"{operation.verb.value}/{operation.route}" for operation in server.sent]


def test_a_key_that_outlived_its_domain_is_seen_before_the_domain_is_there_again(server: Server) -> None:
    key = {"domain": "acme.example", "selector": "s1", "size": 1024}
    server.apply({"domains": [ACME], "dkim_keys": [key]})
    server.apply({"dkim_keys": [key]})
    server.apply({"domains": [ACME], "dkim_keys": [key]})
    assert sent(server) == ["add/domain"]


def test_a_limit_that_outlived_an_alias_domain_is_gone_when_it_comes_again_without_one(server: Server) -> None:
    server.apply_first({"domains": [ACME]})
    limits = server.simulator.state.redis.hash("RL_VALUE")
    limits["short.example"] = "5 / 1h"
    short = {"name": "short.example", "target": "acme.example", "rate_limit": "unlimited"}
    server.apply({"domains": [ACME], "alias_domains": [short]})
    assert "short.example" not in server.simulator.state.redis.hash("RL_VALUE")


def test_another_selector_needs_leave_to_replace_the_key(server: Server) -> None:
    server.apply({"domains": [ACME], "dkim_keys": [{"domain": "acme.example", "selector": "s1", "size": 1024}]})
    other = {"domain": "acme.example", "selector": "s2", "size": 1024}
    assert refused(server, {"domains": [ACME], "dkim_keys": [other]}) == ["field-immutable"]
    server.apply({"domains": [ACME], "dkim_keys": [{**other, "replace": True}]})
    assert sent(server) == ["delete/dkim", "add/dkim"]


def test_an_imported_key_takes_its_place_again_when_its_selector_changes(server: Server) -> None:
    key = {"domain": "acme.example", "selector": "s1", "private_key": {"env": "PRIVATE_KEY"}}
    server.apply({"domains": [ACME], "dkim_keys": [key]})
    server.apply({"domains": [ACME], "dkim_keys": [{**key, "selector": "s2", "replace": True}]})
    overwrites = server.version != "2022-01a"
    assert sent(server) == (["add/dkim_import"] if overwrites else ["delete/dkim", "add/dkim_import"])
    assert server.simulator.state.redis.hash("DKIM_PRIV_KEYS").keys() == {"s2.acme.example"}


@pytest.mark.parametrize("said", [{}, {"selector": "s1", "size": 1024}])
def test_a_domain_made_from_a_template_gets_the_key_that_is_declared_for_it(
    new_server: Server, said: dict[str, Any]
) -> None:
    template = {"name": "Signed", "dkim_selector": "dkim", "dkim_size": "2048"}
    key = {"domain": "acme.example", **said}
    new_server.apply({"domain_templates": [template]})
    wanted = new_server.desired({"domain_templates": [template], "domains": [ACME], "dkim_keys": [key]})
    declared = wanted.resources["domain"]["acme.example"]
    from_template = type(declared)(
        declared.address, declared.values, declared.place, type(declared.options)(template="Signed")
    )
    resources = {**wanted.resources, "domain": {"acme.example": from_template}}
    new_server.carry_out(DesiredState(resources))
    assert "template" in next(each.attributes for each in new_server.sent if each.route == "domain")
    live = new_server.read(new_server.desired({"dkim_keys": [key]}))
    found = live.resources["dkim_key"]["acme.example"].values
    assert (found["selector"], found["size"]) == (said.get("selector", "dkim"), said.get("size", 2048))


def test_the_limits_of_a_template_are_what_a_domain_made_from_it_gets(new_server: Server) -> None:
    template = {"name": "Small", "max_mailboxes": 3}
    wanted = new_server.desired({"domain_templates": [template], "domains": [ACME]})
    declared = wanted.resources["domain"]["acme.example"]
    from_template = type(declared)(
        declared.address, declared.values, declared.place, type(declared.options)(template="Small")
    )
    new_server.carry_out(DesiredState({**wanted.resources, "domain": {"acme.example": from_template}}))
    live = new_server.read(new_server.desired({"domains": [ACME]}))
    assert live.value(from_template.address, "max_mailboxes") == 3


@pytest.mark.parametrize(
    ("template", "found"),
    [({"max_aliases": 1}, ["limit-exceeded"]), ({"max_aliases": 2}, []), ({"relay": "all"}, [])],
)
def test_what_a_domain_made_from_a_template_gets_of_it_is_known_beforehand(
    new_server: Server, template: dict[str, Any], found: list[str]
) -> None:
    templates = {"domain_templates": [{"name": "Special", **template}]}
    aliases = [{"address": f"{each}@acme.example", "to": "ham"} for each in "ab"]
    others = [{"name": "other.example", "target": "acme.example"}]
    wanted = new_server.desired({**templates, "domains": [ACME], "aliases": aliases, "alias_domains": others})
    declared = wanted.resources["domain"]["acme.example"]
    from_template = type(declared)(
        declared.address, declared.values, declared.place, type(declared.options)(template="Special")
    )
    wanted = DesiredState({**wanted.resources, "domain": {"acme.example": from_template}})
    assert problems(new_server, wanted) == found
    if not found:
        new_server.carry_out(wanted)


def test_two_active_filters_of_one_type_are_refused(server: Server) -> None:
    common = {"mailbox": "anna@acme.example", "type": "prefilter", "script": "keep;"}
    manifest = {"domains": [ACME], "mailboxes": [ANNA]}
    filters = [{**common, "description": "one"}, {**common, "description": "two"}]
    assert refused(server, {**manifest, "sieve_filters": filters}) == ["only-one-allowed"]


def test_activating_a_filter_tells_which_one_it_puts_out_of_force(server: Server) -> None:
    common = {"mailbox": "anna@acme.example", "type": "prefilter", "script": "keep;"}
    manifest = {"domains": [ACME], "mailboxes": [ANNA]}
    server.apply({**manifest, "sieve_filters": [{**common, "description": "one"}]})
    server.base = None
    (change,) = server.apply({**manifest, "sieve_filters": [{**common, "description": "two"}]})
    assert change.effects == ("puts `one` out of force, the active prefilter there is",)


def test_a_sender_moves_from_one_list_to_the_other_in_one_apply(server: Server) -> None:
    server.apply({"domains": [{**ACME, "allowed_senders": ["a@b.example"], "blocked_senders": ["c@d.example"]}]})
    moved = {"domains": [{**ACME, "allowed_senders": ["c@d.example"], "blocked_senders": ["a@b.example"]}]}
    server.apply(moved)
    assert sent(server)[0] == "delete/domain-policy"
    assert server.plan(moved) == ()


def test_lists_of_a_domain_are_not_those_of_its_mailboxes(server: Server) -> None:
    manifest = {
        "domains": [{**ACME, "allowed_senders": ["a@b.example"]}],
        "mailboxes": [{**ANNA, "allowed_senders": ["c@d.example"]}],
    }
    server.apply(manifest)
    assert server.plan(manifest) == ()


def test_a_policy_for_encryption_is_written_whether_there_was_one_or_not(new_server: Server) -> None:
    policy = {"mode": "testing", "mx": ["mx.acme.example"]}
    new_server.apply({"domains": [ACME]})
    new_server.apply({"domains": [{**ACME, "mta_sts": policy}]})
    new_server.apply({"domains": [{**ACME, "mta_sts": {**policy, "mode": "enforce"}}]})
    (row,) = new_server.simulator.state.table("mta_sts")
    assert row["mode"] == "enforce"


def test_what_is_never_shown_is_not_sent_without_a_base(server: Server) -> None:
    manifest = {"ui_texts": {"title": "Acme"}, "rspamd_maps": [{"name": "bad_words", "content": "x"}]}
    assert server.plan(manifest) == ()
    server.base = DesiredState({})
    assert len(server.apply(manifest)) == 2
    assert server.plan(manifest) == ()


def test_settings_that_would_be_reset_are_sent_along_or_named(server: Server) -> None:
    server.base = DesiredState({})
    server.apply({"quota_notification": {"sender": "q@acme.example", "subject": "Full", "html": "<p/>"}})
    (change,) = server.apply({"quota_notification": {"sender": "q@acme.example", "subject": "Nearly full"}})
    assert change.effects == ("resets what is not declared: `html`",)
    (operation,) = server.sent
    assert operation.attributes == {"sender": "q@acme.example", "subject": "Nearly full", "html_tmpl": ""}


def test_fail2ban_keeps_what_an_edit_would_reset(new_server: Server) -> None:
    new_server.apply({"fail2ban": {"growing_bans": True, "external_firewall": True}})
    new_server.apply({"fail2ban": {"ban_time": "2h"}})
    assert new_server.plan({"fail2ban": {"growing_bans": True, "external_firewall": True, "ban_time": "2h"}}) == ()


def test_a_right_that_an_alias_gives_already_is_settled(new_server: Server) -> None:
    manifest: dict[str, Any] = {
        "domains": [ACME],
        "mailboxes": [{**ANNA, "send_as": ["info@acme.example"]}],
        "aliases": [{"address": "info@acme.example", "to": ["anna@acme.example"]}],
    }
    new_server.apply(manifest)
    assert new_server.plan(manifest) == ()
    manifest["aliases"][0]["sender_allowed"] = False
    new_server.apply(manifest)
    assert new_server.plan(manifest) == ()


def test_a_resource_has_the_address_it_is_declared_with_whatever_it_is_called(server: Server) -> None:
    room = {"address": "Room1@acme.example", "description": "Gro\u00dfer Saal", "kind": "location"}
    manifest = {"domains": [ACME], "resources": [room]}
    server.apply(manifest)
    assert sent(server) == ["add/domain", "add/resource", "edit/resource"]
    assert server.plan(manifest) == ()


def test_deleting_resources_leaves_mailboxes_alone(server: Server) -> None:
    room = {"address": "Room1@acme.example", "description": "Room 1", "kind": "location"}
    server.apply({"domains": [ACME], "mailboxes": [ANNA], "resources": [room]})
    server.apply({"domains": [ACME], "mailboxes": [ANNA]})
    assert [operation.items for operation in server.sent] == [("Room1@acme.example",)]
    assert server.plan({"domains": [ACME], "mailboxes": [ANNA]}) == ()


def test_an_alias_domain_takes_its_limit_and_its_lists_along(server: Server) -> None:
    alias = {"name": "acme2.example", "target": "acme.example", "rate_limit": "5/h"}
    server.apply({"domains": [ACME], "alias_domains": [alias]})
    server.apply({"domains": [ACME]})
    assert sent(server) == ["edit/rl-domain", "delete/alias-domain"]
    server.apply({"domains": [ACME], "alias_domains": [{"name": "acme2.example", "target": "acme.example"}]})
    live = server.read(server.desired({"alias_domains": [{"name": "acme2.example", "target": "acme.example"}]}))
    (resource,) = live.of("alias_domain").values()
    assert resource.values["rate_limit"] == "unlimited"


def test_app_passwords_are_asked_for_only_where_some_are_declared(server: Server) -> None:
    ben = {**ANNA, "address": "ben@acme.example"}
    password = {"mailbox": "anna@acme.example", "name": "phone", "protocols": ["imap"], "initial": PASSWORD}
    manifest = {"domains": [ACME], "mailboxes": [ANNA, ben], "app_passwords": [password]}
    server.apply(manifest)
    server.base = None
    server.way.asked.clear()
    assert server.plan(manifest) == ()
    asked = [path for path in server.way.asked if path.startswith("get/app-passwd")]
    assert asked == ["get/app-passwd/all/anna@acme.example"]


def test_nobody_but_mailcow_needs_a_password_for_a_mailbox(new_server: Server) -> None:
    mailbox = {"address": "anna@acme.example", "quota": "1GiB"}
    assert refused(new_server, {"domains": [ACME], "mailboxes": [mailbox]}) == ["field-needed"]
    theirs = {"domains": [ACME], "mailboxes": [{**mailbox, "authentication": "ldap"}]}
    assert refused(new_server, theirs) == ["change-refused"]
    assert refused(new_server, {**theirs, "identity_provider": LDAP}) == []


def test_an_identity_provider_lacking_what_it_needs_is_refused(new_server: Server) -> None:
    provider = {"provider": "ldap", "host": "ldap.example", "base_dn": "dc=example"}
    assert set(refused(new_server, {"identity_provider": provider})) == {"change-impossible"}


def test_keys_are_imported_however_many_were_made_before(server: Server) -> None:
    names = [f"acme{number}.example" for number in range(12)]
    keys = [{"domain": name, "selector": "s1", "private_key": {"env": "PRIVATE_KEY"}} for name in names[:2]]
    made = [{"domain": name} for name in names[2:]]
    server.apply({"domains": [{"name": name} for name in names], "dkim_keys": made})
    manifest = {"domains": [{"name": name} for name in names], "dkim_keys": [*made, *keys]}
    server.apply(manifest)
    assert server.plan(manifest) == ()


@pytest.mark.parametrize(
    ("flags", "meant"), [((0, 1, 0), "all"), ((0, 0, 1), "unknown"), ((1, 0, 1), "unknown"), ((1, 0, 0), "known")]
)
def test_a_template_relays_as_its_domains_would(new_server: Server, flags: tuple[int, ...], meant: str) -> None:
    template = {"name": "Relaying", "relay": "off"}
    new_server.apply({"domain_templates": [template]})
    (row,) = [each for each in new_server.simulator.state.table("templates") if each["template"] == "Relaying"]
    named = dict(zip(("backupmx", "relay_all_recipients", "relay_unknown_only"), flags, strict=True))
    row["attributes"] = {**row["attributes"], **named}
    assert new_server.plan({"domain_templates": [{**template, "relay": meant}]}) == ()
    new_server.apply({"domain_templates": [template]})
    assert new_server.plan({"domain_templates": [template]}) == ()


def test_what_is_no_private_key_is_not_imported(server: Server) -> None:
    key = {"domain": "acme.example", "private_key": {"env": "PASSWORD"}}
    assert refused(server, {"domains": [ACME], "dkim_keys": [key]}) == ["secret-refused"]
