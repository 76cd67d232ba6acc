"""The project file's text to its values, with a place for everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path as FilePath
from typing import Any, Final, TypeAlias

from reconciler.errors import ManifestError
from reconciler.kinds import by_plural, registry
from reconciler.manifest.complaints import shown
from reconciler.manifest.document import Document, parse
from reconciler.manifest.files import Source, belongs_to
from reconciler.manifest.findings import Path
from reconciler.manifest.inside import resolved
from reconciler.manifest.project import GuardSettings, Project, PruneRule, ServerSettings, Settings
from reconciler.manifest.suggest import close_to
from reconciler.manifest.text import decode
from reconciler.model.diagnostic import Diagnostic, error
from reconciler.model.secret import may_hold_api_key
from reconciler.model.version import Version
from reconciler.spec.amounts import duration, seconds_of, size, size_in_mebibytes
from reconciler.spec.codec import NO_SCOPE, Refusal
from reconciler.spec.names import pattern_for_people

__all__ = ["SettingsReading", "read_project"]

_MEBIBYTE: Final = 1024 * 1024

_WRONG: Final = "the project file is wrong"
_SIZE: Final = size(least=0)
_DURATION: Final = duration(unit="s", least=1)

Read: TypeAlias = Callable[[Any, Path], Any]
"""(what is written, the way to it) -> the value; None where a complaint was made."""


def read_project(source: Source) -> Project:
    """Read a project file.

    Raises:
        ManifestError: with everything that is wrong with it.
    """
    text = decode(source.read(), source.name)
    assert source.path is not None
    try:
        document = parse(text, noun="project")
    except ManifestError as problem:
        raise ManifestError(problem.diagnostics, summary=_WRONG, id="project-wrong") from problem
    reading = SettingsReading(document, source.path.parent)
    project = reading.project()
    if reading.findings:
        raise ManifestError(tuple(reading.findings), summary=_WRONG, id="project-wrong")
    return project


class SettingsReading:
    """One reading of one file: what is wrong so far.

    Attributes:
        noun: what messages call such a file.
    """

    noun = "a project file"

    def __init__(self, document: Document, folder: FilePath) -> None:
        self.findings: list[Diagnostic] = []
        self._document = document
        self._folder = folder

    def project(self) -> Project:
        """The whole file."""
        environments: dict[str, Settings] = {}

        def read_environments(written: Any, path: Path) -> None:
            if self._is(dict, written, path, "a mapping", "environments: {production: {server: {...}}}"):
                for name, each in written.items():
                    environments[name] = self._settings(each, (*path, name), {})

        common = self._settings(self._document.value, (), {"environments": read_environments})
        return Project(self._folder, common, environments)

    def _settings(self, written: Any, path: Path, more: Mapping[str, Read]) -> Settings:
        readers: dict[str, Read] = {
            "manifests": self._paths,
            "values": self._paths,
            "server": self._server,
            "prune": self._prune,
            "guards": self._guards,
            "policy_from": self._text,
        }
        read = self._mapping(written, path, {**readers, **more})
        return Settings(**{name: value for name, value in read.items() if name in readers})

    def _server(self, written: Any, path: Path) -> ServerSettings:
        readers: dict[str, Read] = {
            "url": self._url,
            "api_key": self._key_variable,
            "ca_file": self._path,
            "timeout": self._seconds,
            "connect_timeout": self._seconds,
            "parallelism": lambda value, place: self._number(value, place, least=1, most=64),
            "version": self._version,
        }
        read = self._mapping(written, path, readers)
        return ServerSettings(**{{"api_key": "key_variable"}.get(name, name): value for name, value in read.items()})

    def _guards(self, written: Any, path: Path) -> GuardSettings:
        readers: dict[str, Read] = {
            "max_deletes": self._number,
            "max_delete_percent": lambda value, place: self._number(value, place, most=100),
            "max_delete_size": self._bytes,
            "max_changes": self._number,
            "recent_login_days": self._number,
            "protect": self._patterns,
        }
        names = {
            "max_deletes": "deletes",
            "max_delete_percent": "delete_percent",
            "max_delete_size": "delete_bytes",
            "max_changes": "changes",
            "recent_login_days": "recent_days",
            "protect": "protect",
        }
        read = self._mapping(written, path, readers)
        return GuardSettings(**{names[name]: value for name, value in read.items()})

    def _prune(self, written: Any, path: Path) -> tuple[PruneRule, ...]:
        if not self._is(list, written, path, "a list", 'prune: [{kinds: [aliases], domains: ["*.acme.example"]}]'):
            return ()
        rules: list[PruneRule] = []
        for index, each in enumerate(written):
            place = (*path, index)
            read = self._mapping(each, place, {"kinds": self._kinds, "domains": self._pruned_domains})
            if isinstance(each, dict) and "kinds" not in each:
                self._complain(place, "field-missing", "`kinds` is missing", "write `kinds: [aliases]`")
            rules += [PruneRule(kind, read.get("domains") or ("*",)) for kind in read.get("kinds") or ()]
        return tuple(rules)

    def domains(self, written: Any, path: Path) -> tuple[str, ...]:
        """Domains with wildcards, such as ``*.acme.example``."""
        return tuple(map(pattern_for_people, self._texts(written, path)))

    def _pruned_domains(self, written: Any, path: Path) -> tuple[str, ...]:
        """Domains with wildcards, one at least: none are not taken for all."""
        if written == []:
            hint = "leave it out to prune in all domains, or name some"
            self._complain(path, "list-too-short", f"`{path[-1]}` names no domain", hint)
        return self.domains(written, path)

    def _patterns(self, written: Any, path: Path) -> tuple[str, ...]:
        """Addresses with wildcards, such as ``mailbox/*@acme.example``."""
        texts = tuple(map(pattern_for_people, self._texts(written, path)))
        for index, text in enumerate(texts):
            if text.partition("/")[0] not in registry() or "/" not in text:
                summary = f"`{text}` names nothing that can be protected"
                self._complain((*path, index), "address-malformed", summary, "write it like `mailbox/*@acme.example`")
        return texts

    def _kinds(self, written: Any, path: Path) -> tuple[str, ...]:
        known = by_plural()
        names = self._texts(written, path)
        for index, name in enumerate(names):
            if name not in known:
                meant = close_to(name, known)
                hint = f"did you mean `{meant}`?" if meant else f"it has: {', '.join(sorted(known))}"
                self._complain((*path, index), "kind-unknown", f"there is no kind `{name}`", hint)
        return tuple(known[name].name for name in names if name in known)

    def _url(self, written: Any, path: Path) -> str | None:
        """The address of a server; what else may be wrong with it is found when it is asked."""
        text = self._text(written, path)
        if text is not None and not text.startswith(("https://", "http://")):
            summary = f"{shown(text)} does not begin with `https://`"
            self._complain(path, "server-address-wrong", summary, "write it as `https://mail.example.org`")
            return None
        return text

    def _key_variable(self, written: Any, path: Path) -> str | None:
        if not isinstance(written, dict):
            hint = "name the variable that holds it: `api_key: {env: MAILCOW_API_KEY}`"
            self._complain(path, "secret-literal", "the API key must not stand in the project file", hint)
            return None
        name = self._mapping(written, path, {"env": self._text}).get("env")
        if name is not None and not may_hold_api_key(name):
            summary = f"`{name}` may not hold an API key"
            self._complain((*path, "env"), "key-variable", summary, "name it `MAILCOW_API_KEY`, or `MAILCOW_...`")
            return None
        return name

    def _path(self, written: Any, path: Path) -> FilePath | None:
        text = self._text(written, path)
        return None if text is None else self._folder / text

    def _paths(self, written: Any, path: Path) -> tuple[FilePath, ...]:
        """Files and folders of the project; one outside could show what this machine holds in a plan."""
        inside: list[FilePath] = []
        for index, text in enumerate(self._texts(written, path)):
            if belongs_to(resolved(self._folder), resolved(self._folder / text)):
                inside.append(self._folder / text)
            else:
                hint = "move it into the project, or name it on the command line"
                self._complain((*path, index), "path-outside", f"`{text}` leads out of the project", hint)
        return tuple(inside)

    def _texts(self, written: Any, path: Path) -> tuple[str, ...]:
        one = written if isinstance(written, str) else "..."
        if not self._is(list, written, path, "a list", f"{path[-1]}: [{one}]"):
            return ()
        read = [self._text(each, (*path, index)) for index, each in enumerate(written)]
        return tuple(text for text in read if text is not None)

    def _text(self, written: Any, path: Path) -> str | None:
        if isinstance(written, str) and written and "\0" not in written:
            return written
        name = _named(path)
        self._complain(path, "text-expected", f"{name} takes text, not {shown(written)}", "write it in quotes")
        return None

    def _number(self, written: Any, path: Path, *, least: int = 0, most: int | None = None) -> int | None:
        if isinstance(written, int) and not isinstance(written, bool):
            if written >= least and (most is None or written <= most):
                return written
            ends = f"from {least}" + (f" to {most}" if most is not None else " on")
            self._complain(path, "number-out-of-range", f"`{written}` is out of range", f"write a number {ends}")
            return None
        summary = f"{_named(path)} takes a whole number, not {shown(written)}"
        self._complain(path, "number-expected", summary, "write a whole number, such as `20`")
        return None

    def _version(self, written: Any, path: Path) -> Version | None:
        try:
            return Version.parse(str(written))
        except ValueError:
            hint = "name the release it is closest to, such as `2026-07a`"
            self._complain(path, "value-malformed", f"{shown(written)} is no release of mailcow", hint)
            return None

    def _seconds(self, written: Any, path: Path) -> int | None:
        return self._coded(written, path, _DURATION.accept, seconds_of)

    def _bytes(self, written: Any, path: Path) -> int | None:
        return self._coded(written, path, _SIZE.accept, lambda text: size_in_mebibytes(text) * _MEBIBYTE)

    def _coded(self, written: Any, path: Path, accept: Callable[..., Any], amount: Callable[[str], int]) -> int | None:
        try:
            return amount(accept(written, NO_SCOPE))
        except Refusal as refusal:
            self._complain(path, refusal.id, refusal.text, refusal.hint)
            return None

    def _mapping(self, written: Any, path: Path, readers: Mapping[str, Read]) -> dict[str, Any]:
        """Read a mapping by its names; what is unknown or wrong is complained of and left out."""
        if not self._is(dict, written, path, "a mapping", _example(path)):
            return {}
        read: dict[str, Any] = {}
        for name, each in written.items():
            if name not in readers:
                meant = close_to(name, readers)
                hint = f"did you mean `{meant}`?" if meant else f"it has: {', '.join(readers)}"
                where = _named(path) if path else self.noun
                self._complain((*path, name), "field-unknown", f"{where} has no `{name}`", hint, at_key=True)
            elif (value := readers[name](each, (*path, name))) is not None:
                read[name] = value
        return read

    def _is(self, kind: type, written: Any, path: Path, what: str, example: str) -> bool:
        if isinstance(written, kind):
            return True
        identifier = "mapping-expected" if kind is dict else "list-expected"
        self._complain(path, identifier, f"{_named(path)} takes {what}, not {shown(written)}", f"write `{example}`")
        return False

    def _complain(self, path: Path, identifier: str, summary: str, hint: str, *, at_key: bool = False) -> None:
        origin = self._document.origin(path, key=at_key)
        self.findings.append(error(identifier, summary, hint=hint, origin=origin))


def _named(path: Path) -> str:
    return f"`{path[-1]}`" if path and isinstance(path[-1], str) else "this"


def _example(path: Path) -> str:
    if path and not isinstance(path[-1], str):
        return "- {...}"
    word = path[-1] if path else "server"
    return f"{word}: {{url: ...}}" if word == "server" else f"{word}: {{...}}"
