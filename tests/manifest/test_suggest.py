import pytest

from reconciler.kinds import registry
from reconciler.manifest import suggest
from reconciler.spec.kind import Kind


@pytest.mark.parametrize(
    ("word", "meant"),
    [("quotta", "quota"), ("Quota", "quota"), ("max-aliases", "max_aliases"), ("maxAliases", "max_aliases")],
)
def test_a_word_is_close_to_another_whatever_its_case_and_dashes(word: str, meant: str) -> None:
    assert suggest.close_to(word, ["quota", "max_aliases", "name"]) == meant


def test_an_unrelated_word_is_close_to_none() -> None:
    assert suggest.close_to("colour", ["quota", "name"]) is None


@pytest.mark.parametrize("kind", registry().values(), ids=registry())
def test_every_name_the_server_has_for_a_field_leads_to_ours(kind: Kind) -> None:
    for name, ours in kind.server_names().items():
        assert f"`{ours}`" in suggest.for_field(kind, name)


@pytest.mark.parametrize("kind", registry().values(), ids=registry())
def test_the_singular_of_a_kind_leads_to_its_plural(kind: Kind) -> None:
    for word in (kind.name, kind.name.replace("_", "-"), kind.plural.replace("_", "-"), kind.plural.title()):
        assert suggest.for_section(word, registry(), words=()) == f"did you mean `{kind.plural}`?"


def test_a_word_like_nothing_gets_the_list_of_what_there_is() -> None:
    assert "mailboxes" in suggest.for_section("widgets", registry())
    assert "quota" in suggest.for_field(registry()["mailbox"], "colour")
