from __future__ import annotations

import pytest

from reconciler.spec.names import domain_for_people, domain_for_wire, read_address, read_domain
from reconciler.spec.refusal import Refusal, in_quotes, not_text

SPELLINGS = ("bücher.example", "BÜCHER.Example", "bu\u0308cher.example", "xn--bcher-kva.example", " bücher.example ")
"""Composed, in capitals, decomposed as some editors save it, as the server keeps it, with blanks around."""


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_however_a_domain_is_spelled_it_is_one(spelling: str) -> None:
    assert read_domain(spelling) == "bücher.example"
    assert read_address(f"anna@{spelling.strip()}", None) == "anna@bücher.example"
    assert domain_for_people(domain_for_wire(read_domain(spelling))) == read_domain(spelling)


@pytest.mark.parametrize("written", ["anna\n", "anna\n@acme.example", "@\n"])
def test_a_line_end_is_no_part_of_an_address(written: str) -> None:
    with pytest.raises(Refusal, match="is not a mail address"):
        read_address(written, "acme.example", catch_all=False)


def test_what_has_no_form_on_the_wire_stays_as_it_is() -> None:
    assert domain_for_people("ü_b.example") == "ü_b.example"


@pytest.mark.parametrize(
    ("value", "what", "hint"),
    [
        (True, "`true`", 'put it in quotes: `"true"`'),
        (7, "`7`", 'put it in quotes as it stands there, zeros at its front too: `"7"`'),
        (3.1, "`3.1`", 'put it in quotes, as it was meant, such as `"3.10"`'),
        ({"a": 1}, "a mapping", "write a text"),
        ([1], "a list", "write a text"),
    ],
)
def test_what_is_no_text_is_told_in_the_manifest_s_words_and_not_changed_on_the_way(
    value: object, what: str, hint: str
) -> None:
    assert (not_text(value), in_quotes(value)) == (what, hint)
