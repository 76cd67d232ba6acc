"""The program with a mask taken off: `python -m tests.acceptance.mutated MUTANT WORD...`.

So a search for leaked secrets can be seen to find some. Each mutant is what a careless change could do.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any, Final

from reconciler.cli import main
from reconciler.cli.surroundings import of_this_process
from reconciler.model.secret import Secret, SecretSource, SourceKind


def _text_of(source: SecretSource) -> str:
    """What a source gives, as far as this needs it."""
    return os.environ[source.argument[0]] if source.kind is SourceKind.ENV else source.argument[0]


def _replace(module: str, name: str, value: Any) -> None:
    assert hasattr(importlib.import_module(module), name), name
    setattr(importlib.import_module(module), name, value)


def _nothing() -> None:
    """Every mask is on."""


def _sources_that_say_what_they_give() -> None:
    SecretSource.__str__ = _text_of  # type: ignore[method-assign]


def _hashes_that_are_said() -> None:
    SecretSource.__str__ = lambda self: self.argument[0]  # type: ignore[method-assign]


def _documents_with_what_sources_give() -> None:
    _replace("reconciler.render.document_values", "_written_source", lambda source: {"env": _text_of(source)})


def _reveal_secrets() -> None:
    Secret.__str__ = Secret.reveal  # type: ignore[method-assign]
    Secret.__repr__ = Secret.reveal  # type: ignore[method-assign]


def _live_secrets_before_a_change() -> None:
    """A comparison that keeps the live secret, renderers that show it."""
    _reveal_secrets()
    fieldwise = importlib.import_module("reconciler.planning.fieldwise")
    change = fieldwise.FieldChange

    def compare(self: Any, _kind: Any, declared: Any, name: str, live: Any) -> list[Any]:
        del self
        return [change(name, live, declared.values[name], sensitive=False)]

    fieldwise.FieldComparison._compare_secret = compare


def _answers_as_they_came() -> None:
    _replace("reconciler.remote.snapshot", "_is_secret", lambda _name, _names: False)


def _exported_secrets() -> None:
    _reveal_secrets()
    _replace("reconciler.manifest.expressible", "Secret", type("Never", (), {}))


def _errors_with_what_was_written() -> None:
    secrets = importlib.import_module("reconciler.spec.secrets")
    refuse = secrets.refuse
    _replace(
        "reconciler.spec.secrets",
        "read_source",
        lambda value, **_: (_ for _ in ()).throw(refuse("x", f"{value}", hint="...")),
    )


def _bugs_with_what_they_held() -> None:
    """A bug whose message holds a secret: what an exception says is all told."""
    secrets = importlib.import_module("reconciler.manifest.secrets")

    def break_down(self: Any, source: SecretSource, address: Any) -> Secret:
        found = self._found[secrets._identity(source, address)]
        raise RuntimeError(f"cannot send {found.reveal()}")

    secrets.SecretSources.for_apply = break_down


def _a_cache_of_hashes() -> None:
    _replace("reconciler.manifest.packing", "SourceKind", type("Never", (), {"HASH": object()}))


MUTANTS: Final[Mapping[str, Callable[[], None]]] = {
    name.removeprefix("_"): each
    for name, each in list(globals().items())
    if name.startswith("_") and name != "_reveal_secrets" and getattr(each, "__annotations__", {}) == {"return": "None"}
}


if __name__ == "__main__":
    MUTANTS[sys.argv[1]]()
    sys.exit(main(sys.argv[2:], surroundings=of_this_process()))
