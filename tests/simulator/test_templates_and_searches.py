from tests.simulator.mailcow import Mailcow, Start, messages, with_mailbox

PASSWORD = {"password": "Secret.12345", "password2": "Secret.12345"}


def test_a_template_supplies_what_an_add_does_not_say(mailcow: Start) -> None:
    server = mailcow()
    body = {"template": "small", "max_num_mboxes_for_domain": 3, "max_quota_for_mbox": 50, "def_quota_for_mbox": 5}
    server.post("add/domain/template", {**body, "tags": ["t"], "key_size": 0, "rl_value": "9", "rl_frame": "h"})
    server.post("add/domain", {"domain": "a.example", "template": "3", "quota": 60})
    shown = server.get("get/domain/a.example")
    assert (shown["max_num_mboxes_for_domain"], shown["def_quota_for_mbox"], shown["tags"]) == (3, 5 * 1048576, ["t"])
    assert (shown["rl"], server.get("get/dkim/a.example")) == ({"value": "9", "frame": "h"}, {})


def test_editing_a_domain_template_zeroes_what_is_not_sent(mailcow: Start) -> None:
    server = mailcow()
    answer = server.post("edit/domain/template", {"items": [1], "attr": {"template": "Mine", "active": 0}})
    assert messages(answer) == [["template_modified", "Default"]]
    attributes = server.get("get/domain/template/1")["attributes"]
    assert (attributes["max_quota_for_mbox"], attributes["active"], attributes["gal"]) == (0, 0, 1)
    assert messages(server.post("add/domain", {"domain": "a.example"})) == ["defquota_empty"]


def test_a_mailbox_template_edited_without_rights_swallows_its_own_row(mailcow: Start) -> None:
    server = mailcow("2024-08a")
    server.post("edit/mailbox/template", {"items": [2], "attr": {"quota": 7}})
    attributes = server.get("get/mailbox/template/2")["attributes"]
    assert (attributes["id"], attributes["template"], attributes["quota"]) == (2, "Default", 7 * 1048576)
    assert (attributes["attributes"]["quota"], attributes["tags"]) == (0, None)


def test_a_mailbox_template_without_a_category_is_refused_and_called_modified_since_2026_03b(mailcow: Start) -> None:
    server = mailcow("2026-03b")
    before = server.get("get/mailbox/template/2")
    answer = server.post("edit/mailbox/template", {"items": [2], "attr": {"quota": 7}})
    assert messages(answer) == ["quarantine_category_invalid", ["template_modified", "Default"]]
    assert server.get("get/mailbox/template/2") == before


def test_of_several_domain_templates_only_the_first_is_deleted_and_the_default_never(mailcow: Start) -> None:
    server = mailcow()
    for name in ("a", "b"):
        server.post("add/domain/template", {"template": name})
        server.post("add/mailbox/template", {"template": name})
    assert messages(server.post("delete/domain/template", [3, 5])) == [["template_removed", "3"]]
    assert messages(server.post("delete/mailbox/template", [2, 4, 6])) == ["template_removed"]
    assert [row["id"] for row in server.get("get/domain/template/all")] == [1, 5]
    assert [row["id"] for row in server.get("get/mailbox/template/all")] == [2]


def test_a_template_with_a_domain_adds_the_domain_before_there_were_templates(mailcow: Start) -> None:
    limits = {"aliases": 1, "mailboxes": 1, "defquota": 1, "maxquota": 1, "quota": 1}
    answer = mailcow("2022-11b").post("add/domain/template", {"template": "x", "domain": "a.example", **limits})
    assert messages(answer) == [["domain_added", "a.example"]]


def _with_mailboxes(server: Mailcow) -> Mailcow:
    for number, name in enumerate(("cleo", "anna", "ben")):
        with_mailbox(server, f"{name}@alpha.example")
        attr = {"name": name.title(), "quota": 30 - number, "tags": [f"tag-{name}"]}
        server.post("edit/mailbox", {"items": [f"{name}@alpha.example"], "attr": attr})
    return server


def _columns(*searchable: int) -> list[dict[str, object]]:
    return [{"data": number, "searchable": number in searchable, "orderable": True} for number in range(25)]


def test_a_search_gives_a_page_in_the_order_of_a_column(mailcow: Start) -> None:
    server = _with_mailboxes(mailcow())
    body = {"draw": 4, "start": 1, "length": 2, "order": [{"column": 3, "dir": "asc"}], "columns": _columns()}
    page = server.post("search/mailbox", body)
    assert {name: page[name] for name in page if name != "data"} == {"draw": 4, "recordsTotal": 3, "recordsFiltered": 3}
    assert [row["local_part"] for row in page["data"]] == ["anna", "cleo"]


def test_a_search_finds_part_of_an_address_or_of_a_tag_in_any_case(mailcow: Start) -> None:
    server = _with_mailboxes(mailcow())
    for wanted, expected in (("ANNA@", ["anna"]), ("TAG-BEN", ["ben"]), ("nothing", [])):
        page = server.post("search/mailbox", {"search": {"value": wanted}, "columns": _columns(2, 23)})
        assert ([row["local_part"] for row in page["data"]], page["recordsFiltered"]) == (expected, len(expected))


def test_a_filter_by_a_column_the_database_lacks_is_an_error_of_sql(mailcow: Start) -> None:
    server = _with_mailboxes(mailcow())
    answer = server.post("search/domain", {"search": {"value": "x"}, "columns": _columns(6)})
    assert answer["error"].startswith("An SQL error occurred: SQLSTATE[42S22]")


def test_the_older_page_is_asked_for_in_the_query_string(mailcow: Start) -> None:
    server = _with_mailboxes(mailcow("2024-08a"))
    query = (
        "draw=2&start=0&length=1&order[0][column]=2&order[0][dir]=desc&columns[2][data]=2&columns[2][orderable]=true"
    )
    columns = "&".join(f"columns[{number}][data]={number}" for number in range(2))
    page = server.get(f"get/mailbox/datatables?{columns}&{query}")
    assert [row["local_part"] for row in page["data"]] == ["cleo"]
    assert (page["draw"], page["recordsTotal"]) == (2, 3)
