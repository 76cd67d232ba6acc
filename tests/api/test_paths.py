from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.api.paths import get_path, kind_of_get, kind_of_post, post_path
from reconciler.errors import RequestRefused


def test_a_plain_address_stays_readable() -> None:
    assert get_path(["mailbox", "anna@acme.example"]) == b"/api/v1/get/mailbox/anna@acme.example"


def test_a_list_of_domains_keeps_its_commas() -> None:
    assert get_path(["mailbox", "reduced", "a.example,b.example"]).endswith(b"/a.example,b.example")


@pytest.mark.parametrize(
    ("name", "encoded"),
    [
        ("a+b@x.example", b"a%252Bb@x.example"),
        ("a&query=get/reset-last-login".replace("/", "-"), b"a%2526query%253Dget-reset-last-login"),
        ("50%@x.example", b"50%2525@x.example"),
        ("a#b?c", b"a%2523b%253Fc"),
        ("ä@x.example", b"%25C3%25A4@x.example"),
        ("..", b"%252E%252E"),
    ],
)
def test_a_name_is_encoded_twice_since_the_server_decodes_twice(name: str, encoded: bytes) -> None:
    assert get_path(["mailbox", name]) == b"/api/v1/get/mailbox/" + encoded


@given(st.text(st.characters(exclude_characters="/", exclude_categories=["Cs"]), min_size=1))
def test_any_name_without_a_slash_arrives_whole(name: str) -> None:
    path = get_path(["mailbox", name]).decode("ascii")
    parameter = "query=" + unquote(path.removeprefix("/api/v1/"))  # what nginx makes of it

    assert "&" not in parameter
    assert "+" not in parameter
    assert unquote(parameter.removeprefix("query=")).split("/") == ["get", "mailbox", name]


def test_a_name_with_a_slash_is_refused_since_the_server_would_see_two() -> None:
    with pytest.raises(RequestRefused) as refusal:
        get_path(["mailbox", "a/b@x.example"])

    assert refusal.value.id == "api-name-with-slash"
    assert refusal.value.details["name"] == "a/b@x.example"


def test_an_empty_name_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="empty name"):
        get_path(["mailbox", ""])


def test_query_parameters_follow_the_path() -> None:
    assert get_path(["mailbox", "all"], {"tags": "a b&c"}) == b"/api/v1/get/mailbox/all?tags=a%20b%26c"


def test_only_writing_verbs_are_posted() -> None:
    assert post_path(["delete", "domain", "tag", "a+b"]) == b"/api/v1/delete/domain/tag/a%252Bb"
    with pytest.raises(ValueError, match="not a verb that writes"):
        post_path(["get", "domain"])


def test_a_read_is_counted_under_its_most_exact_entry() -> None:
    readable = {"mailbox", "mailbox/reduced"}

    assert kind_of_get(("mailbox", "reduced", "x.example"), readable) == "mailbox/reduced"
    assert kind_of_get(("mailbox", "anna@x.example"), readable) == "mailbox"
    assert kind_of_get(("status", "version"), ()) == "status/version"


@pytest.mark.parametrize(
    "segments",
    [("reset-last-login", "anna@x.example"), ("domain", "all"), ("status", "containers"), ("status",), ()],
)
def test_what_is_not_listed_is_not_readable(segments: tuple[str, ...]) -> None:
    assert kind_of_get(segments, {"mailbox"}) is None


def test_a_write_is_counted_without_the_names_it_is_about() -> None:
    assert kind_of_post(("delete", "domain", "tag", "acme.example")) == "delete/domain/tag"
    assert kind_of_post(("edit", "domain")) == "edit/domain"
