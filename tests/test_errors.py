import re

import pytest

from reconciler import errors
from reconciler.errors import ManifestError, ReconcilerError

TREE = errors.__doc__ or ""
CLASSES = [getattr(errors, name) for name in errors.__all__]


def test_the_drawn_tree_names_every_class_and_no_other() -> None:
    drawn = re.findall(r"^ {4}[│├└─ ]*([A-Z]\w+) ", TREE, re.MULTILINE)

    assert sorted(drawn) == sorted(errors.__all__)


@pytest.mark.parametrize("error", CLASSES, ids=lambda error: str(error.__name__))
def test_the_drawn_exit_code_is_the_real_one(error: type[ReconcilerError]) -> None:
    drawn = re.search(rf"{error.__name__} +(\d+)", TREE)
    parent = error.__bases__[0]
    assert issubclass(parent, ReconcilerError) or drawn
    expected = int(drawn[1]) if drawn else vars(parent)["exit_code"]

    assert error.exit_code == expected


def test_an_error_carries_what_is_known_as_values() -> None:
    error = ReconcilerError("it broke", id="it-broke", hint="mend it", place="here", count=2)

    assert (error.id, error.summary, error.hint) == ("it-broke", "it broke", "mend it")
    assert error.details == {"place": "here", "count": 2}
    assert str(error) == "it broke"


def test_a_manifest_error_holds_every_finding() -> None:
    error = ManifestError(("first", "second"))

    assert error.diagnostics == ("first", "second")
    assert error.exit_code == 3
