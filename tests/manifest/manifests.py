"""Manifests as text, built."""

from textwrap import dedent

from reconciler.kinds import registry
from reconciler.manifest.build import Manifest, build
from reconciler.manifest.document import Document, parse
from reconciler.manifest.text import SourceText
from reconciler.model.address import Address
from reconciler.model.resource import Declared
from reconciler.model.state import DesiredState


def document(text: str, name: str = "m.yaml") -> Document:
    return parse(SourceText(name, dedent(text)))


def built(text: str, *more: str, defaults: str = "") -> DesiredState:
    """What manifests declare; `defaults` are those of the folder they are in."""
    above = (document(defaults, "_defaults.yaml"),) if defaults else ()
    documents = [document(each, f"{name}.yaml") for name, each in zip("mnopqrs", (text, *more), strict=False)]
    return build([Manifest(each, above) for each in documents], registry())


def only(state: DesiredState) -> Declared:
    """The only resource of a state."""
    (declared,) = state
    return declared


def declared(state: DesiredState, address: str) -> Declared:
    found = state.get(Address.parse(address))
    assert found is not None
    return found
