"""The same manifest written down in many ways: files, folders, defaults, templates, spellings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from reconciler.kinds import by_plural
from reconciler.spec.kind import Kind
from tests.properties.wishes import DOMAINS, Entry, Manifest

SHELVES = ("mail", "mail/deep", "mail/deep/er")
FORMS = (".yaml", ".yml", ".yaml.j2")
SPELLINGS = ("as it is", "UPPER", "Title", "punycode")
_LAID_OVER = ("initial", "lifecycle")
_TEMPLATE_MARKS = ("{{", "{%", "{#")


@dataclass(frozen=True)
class Style:
    """How a manifest is written.

    Attributes:
        files: how many files it is spread over, each in a folder of its own.
        form: the ending; the last one is a template's.
        loops: in a template, write entries as loops over values, else as they are with a variable in them.
        bare: name a domain at the top of each file, and leave it out of addresses.
        file_defaults, folder_defaults: say what entries have in common under `defaults:`.
        spelling: of domains.
    """

    files: int = 1
    form: str = ".yaml"
    loops: bool = False
    bare: bool = False
    file_defaults: bool = False
    folder_defaults: bool = False
    spelling: str = SPELLINGS[0]


@dataclass(frozen=True)
class Checkout:
    """Files by name, and the words that a command needs to read them."""

    files: dict[str, str]
    words: tuple[str, ...] = ()
    style: Style = field(default_factory=Style)


def styles() -> st.SearchStrategy[Style]:
    """Every way there is; the simplest is one plain file."""
    return st.builds(
        Style,
        files=st.integers(1, len(SHELVES)),
        form=st.sampled_from(FORMS),
        loops=st.booleans(),
        bare=st.booleans(),
        file_defaults=st.booleans(),
        folder_defaults=st.booleans(),
        spelling=st.sampled_from(SPELLINGS),
    )


def written(manifest: Manifest, style: Style) -> Checkout:
    """Write a manifest down so that it means the same."""
    spelled = {plural: _respelled(entries, style.spelling) for plural, entries in manifest.items()}
    shared = _hoisted(spelled) if style.folder_defaults else {}
    files: dict[str, str] = {}
    values: dict[str, Any] = {}
    for number, part in enumerate(_parts(spelled, style.files)):
        name = f"{SHELVES[number]}/m{number}{style.form}"
        if not part and number > 0:
            continue
        text, used = _text(part, style, prefix=f"m{number}_")
        files[name] = text
        values |= used
    if shared:
        files["mail/_defaults.yaml"] = _yaml({"defaults": shared})
    words: tuple[str, ...] = ("mail",)
    if values:
        files["values/all.yaml"] = _yaml(values)
        words = ("mail", "--values", "values/all.yaml", "--set", "tld=example")
    return Checkout(files, words, style)


def _parts(manifest: Manifest, count: int) -> Iterator[Manifest]:
    """The entries dealt out like cards; what there is one of goes to the first."""
    for number in range(count):
        dealt = {
            plural: entries if isinstance(entries, dict) else entries[number::count]
            for plural, entries in manifest.items()
            if isinstance(entries, list) or number == 0
        }
        yield {plural: entries for plural, entries in dealt.items() if entries}


def _text(part: Manifest, style: Style, *, prefix: str) -> tuple[str, dict[str, Any]]:
    """A file, and the values it uses."""
    said: dict[str, Any] = {plural: _copied(entries) for plural, entries in part.items()}
    home = _home(said) if style.bare else None
    if home is not None:
        said = {plural: _bare(entries, home) for plural, entries in said.items()}
    head: dict[str, Any] = {"domain": home} if home is not None else {}
    defaults = _hoisted(said) if style.file_defaults else {}
    head |= {"defaults": defaults} if defaults else {}
    plain = _yaml({**head, **said})
    if not style.form.endswith(".j2") or any(mark in plain for mark in _TEMPLATE_MARKS):
        return (plain if not style.form.endswith(".j2") else f"{{% raw %}}\n{plain}{{% endraw %}}\n"), {}
    if not style.loops:
        return plain.replace(".example", ".{{ tld }}"), {"unused": 1}
    values = {f"{prefix}{plural}": entries for plural, entries in said.items() if isinstance(entries, list)}
    lines = [_yaml(head)] if head else []
    for plural, entries in said.items():
        if isinstance(entries, dict):
            lines.append(f"{plural}: {_json(entries)}\n")
        else:
            lines.append(
                f"{plural}:\n{{% for each in {prefix}{plural} %}}\n  - {{{{ each | yaml }}}}\n{{% endfor %}}\n"
            )
    return "".join(lines), values


def _yaml(value: dict[str, Any]) -> str:
    return "".join(f"{name}: {_json(each)}\n" for name, each in value.items()) or "{}\n"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _copied(entries: Any) -> Any:
    return [dict(each) for each in entries] if isinstance(entries, list) else entries


def _hoisted(manifest: Manifest) -> dict[str, Any]:
    """Take out of the entries what all of a kind say, be it the same or not: the first one's word is the default."""
    found: dict[str, Any] = {}
    for plural, entries in manifest.items():
        kind = by_plural().get(plural)
        if kind is None or not isinstance(entries, list):
            continue
        common = {name: entries[0][name] for name in entries[0] if _inheritable(kind, name, entries)}
        for entry in entries:
            for name, value in common.items():
                if _json(entry[name]) == _json(value):
                    del entry[name]
        if common:
            found[plural] = common
    return found


def _inheritable(kind: Kind, name: str, entries: list[Entry]) -> bool:
    """Whether a word may stand under `defaults:`: not what an entry is known by, nor what would be laid over."""
    if name in kind.key or name in kind.sugar or not all(name in entry for entry in entries):
        return False
    return name not in _LAID_OVER or all(_json(entry[name]) == _json(entries[0][name]) for entry in entries)


def _home(manifest: Manifest) -> str | None:
    """A domain that some addresses of a file are in."""
    for entry in (*manifest.get("mailboxes", ()), *manifest.get("aliases", ())):
        domain = str(entry.get("address", "")).rpartition("@")[2]
        if domain and not str(entry["address"]).startswith("@"):
            return domain
    return None


def _bare(value: Any, home: str) -> Any:
    """Leave the domain out of what names mailboxes and aliases."""
    if isinstance(value, dict):
        return {name: _bare_field(each, home) if name in ("address", "to") else each for name, each in value.items()}
    return [_bare(each, home) for each in value]


def _bare_field(value: Any, home: str) -> Any:
    if isinstance(value, list):
        return [_bare_field(each, home) for each in value]
    local, at, domain = value.rpartition("@")
    return local if at and local and domain == home else value


def _respelled(value: Any, spelling: str) -> Any:
    """Spell our domains another way wherever they stand."""
    if isinstance(value, dict):
        return {name: _respelled(each, spelling) for name, each in value.items()}
    if isinstance(value, list):
        return [_respelled(each, spelling) for each in value]
    if not isinstance(value, str):
        return value
    local, at, domain = value.rpartition("@")
    return f"{local}{at}{_spelled(domain, spelling)}" if domain in DOMAINS else value


def _spelled(domain: str, spelling: str) -> str:
    if spelling == "punycode":
        return domain.encode("idna").decode("ascii")
    if spelling == "UPPER":
        return domain.upper()
    return domain.title() if spelling == "Title" else domain
