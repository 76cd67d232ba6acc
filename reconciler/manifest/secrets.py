"""From where a secret comes from to the secret itself.

While planning, only variables and files are looked at, and only to compare what the server shows. Before an apply sends
anything, everything it will need is found at once, or nothing is sent.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from reconciler.errors import ManifestError
from reconciler.manifest.files import belongs_to, read_inside
from reconciler.manifest.inside import resolved
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic, Origin, error
from reconciler.model.secret import Secret, SecretSource, SourceKind, may_hold_api_key
from reconciler.records import field, record
from reconciler.spec.secrets import KEY, is_readable, is_verbatim_hash, secrets_in, unfit

if TYPE_CHECKING:
    from reconciler.manifest.delivery import Deliveries
    from reconciler.model.change import Change
    from reconciler.model.command import Run
    from reconciler.spec.codec import Codec
    from reconciler.spec.kind import Kind

__all__ = ["SecretSources", "Surroundings", "Wanted", "wanted_by"]

_HALF: Final = re.compile("[\ud800-\udfff]")
_SECONDS: Final = 60.0
"""How long a command may take: it may ask a vault over the network, or a person for a touch."""

_GENERATED_LENGTH: Final = 24
_SPECIAL: Final = "!#%+-.:=@_"
_CLASSES: Final = ("abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789", _SPECIAL)
"""One of each satisfies every password policy mailcow can be given, bar an absurd length (``passwordpolicy``)."""


@record(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What secrets are found in.

    Attributes:
        root: the folder `{file: ...}` and `{hash_table: ...}` start from and may not leave.
        environment: the variables that may be read.
        run: runs commands; None where none may run.
        choose: picks one of some characters, unpredictably.
    """

    root: Path
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    run: Run | None = None
    choose: Callable[[str], str]


@record(frozen=True, slots=True)
class Wanted:
    """A secret that will be sent.

    Attributes:
        address: what it is for.
        origin: where it is declared.
        codec: what it is to the server; None where that is all the same.
    """

    source: SecretSource
    address: Address
    origin: Origin | None = None
    codec: Codec | None = None


def wanted_by(kinds: Mapping[str, Kind], changes: Iterable[Change]) -> Iterator[Wanted]:
    """List the secrets that changes will send."""
    for change in changes:
        for _, source, codec in secrets_in(kinds[change.address.kind], change.after):
            yield Wanted(source, change.address, change.origin, codec)


class _Unavailable(Exception):  # noqa: N818  not an error to anyone but this module
    """A secret that cannot be had: its id, why, and what to do."""

    def __init__(self, identifier: str, summary: str, hint: str) -> None:
        super().__init__(summary)
        self.sentence = identifier, summary, hint


class SecretSources:
    """Finds secrets, each once; what was found stays here for the run."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._found: dict[tuple[SecretSource, Address | None], Secret] = {}
        self._tables: dict[str, Mapping[str, str]] = {}
        self._generated: dict[tuple[SecretSource, Address], Wanted] = {}

    @cached_property
    def deliveries(self) -> Deliveries:
        """The files generated secrets are delivered to."""
        from reconciler.manifest.delivery import Deliveries  # noqa: PLC0415  plans deliver nothing

        return Deliveries(self._surroundings.root)

    def for_plan(self, source: SecretSource, address: Address) -> Secret | None:
        """Find a secret to compare with what the server shows.

        Returns:
            The secret; None where it is not there, or where finding it would do more than look.
        """
        if source.kind not in (SourceKind.ENV, SourceKind.FILE):
            return None
        try:
            return self._find(source, address)
        except _Unavailable:
            return None

    def prepare(self, wanted: Iterable[Wanted]) -> None:
        """Find all that an apply will need, before it sends anything. What is generated is not delivered yet.

        Raises:
            ManifestError: with every secret that cannot be had: ``secret-missing``, ``secret-empty``,
                ``secret-forbidden``, ``secret-unreadable``, ``secret-command-failed``, ``hash-not-verbatim``; with
                every one the server would not take, ``secret-refused``; and with every one that cannot be delivered:
                as `Deliveries.check`.
        """
        findings: dict[tuple[str, Origin | None], Diagnostic] = {}
        for each in wanted:
            with _complaining(each, findings):
                _check_fit(each, self._find(each.source, each.address))
                if each.source.kind is SourceKind.GENERATE:
                    self._check_delivery(each)
        _refuse_any(findings)

    def deliver(self) -> None:
        """Hand over what was generated, before anything is sent.

        Raises:
            ManifestError: with every delivery that failed; what was written to files is taken back.
        """
        findings: dict[tuple[str, Origin | None], Diagnostic] = {}
        in_order = sorted(self._generated.values(), key=lambda each: not each.source.recipients)
        for each in in_order:  # files first: they can be taken back
            if not findings:
                with _complaining(each, findings):
                    self._deliver(each.source, each.address)
        if findings:
            self.deliveries.take_back()
        else:
            self.deliveries.sync()
        _refuse_any(findings)

    def for_apply(self, source: SecretSource, address: Address) -> Secret:
        """Give a secret that was prepared; safe to call from many threads.

        Raises:
            ManifestError: ``secret-missing`` for one that was not.
        """
        found = self._found.get(_identity(source, address))
        if found is None:
            finding = error("secret-missing", f"the secret {source} was not prepared", address=address)
            raise ManifestError((finding,))
        return found

    def _check_delivery(self, wanted: Wanted) -> None:
        """See to it that a generated secret can be delivered."""
        self._generated[wanted.source, wanted.address] = wanted
        if wanted.source.recipients:
            self.deliveries.check(wanted.source, wanted.address)
        elif wanted.source.deliver and self._surroundings.run is None:
            raise _no_command(wanted.source.deliver[0])

    def _deliver(self, source: SecretSource, address: Address) -> None:
        secret = self._found[_identity(source, address)]
        if source.recipients:
            self.deliveries.write(source, address, secret)
        elif source.deliver:
            key = address.key.replace("/", "_")
            self._output(tuple(word.replace(KEY, key) for word in source.deliver), secret.reveal().encode())

    def _find(self, source: SecretSource, address: Address) -> Secret:
        identity = _identity(source, address)
        if identity not in self._found:
            self._found[identity] = Secret(self._text(source, address))
        return self._found[identity]

    def _text(self, source: SecretSource, address: Address) -> str:
        match source.kind:
            case SourceKind.ENV:
                return self._variable(source.argument[0])
            case SourceKind.FILE:
                return _one_line_less(self._file(source.argument[0]), source.argument[0])
            case SourceKind.COMMAND:
                return _one_line_less(self._output(source.argument, b""), source.argument[0])
            case SourceKind.HASH:
                return source.argument[0]
            case SourceKind.HASH_TABLE:
                return self._listed_hash(source.argument[0], address)
            case SourceKind.GENERATE:
                return self._chosen()

    def _variable(self, name: str) -> str:
        if may_hold_api_key(name):
            hint = "it would be stored where others can read it; use a variable whose name does not begin so"
            raise _Unavailable("secret-forbidden", f"`{name}` may hold an API key, so it is no secret's source", hint)
        text = self._surroundings.environment.get(name)
        if text is None:
            hint = "set it where this runs; one that holds an API key too counts as not set"
            raise _Unavailable("secret-missing", f"the variable `{name}` is not set", hint)
        text = _without_line_end(text)
        if not text:
            raise _Unavailable("secret-empty", f"the variable `{name}` is empty", "set it where this runs")
        if not text.isascii() and _HALF.search(text):  # how Python gives bytes of a variable that are no characters
            raise _Unavailable("secret-unreadable", f"what `{name}` holds is not UTF-8", "set it from a UTF-8 terminal")
        return text

    def _file(self, name: str) -> bytes:
        written = PurePosixPath(name)
        root = resolved(self._surroundings.root)
        path = resolved(root / written)
        if written.is_absolute() or ".." in written.parts or not belongs_to(root, path):
            hint = "write a path relative to the repository, of a file in it"
            raise _Unavailable("secret-forbidden", f"`{name}` is not a file of this repository", hint)
        if not os.path.exists(path):  # noqa: PTH110  says no where a path is impossible
            raise _Unavailable("secret-missing", f"there is no file `{name}`", "put it there before this runs")
        try:
            return read_inside(root, path, name)
        except ManifestError as problem:
            raise _Unavailable("secret-unreadable", f"`{name}` cannot be read", "check what it is") from problem

    def _output(self, command: tuple[str, ...], given: bytes) -> bytes:
        run, program = self._surroundings.run, command[0]
        if run is None:
            raise _no_command(program)
        try:
            status, output = run(command, given=given, seconds=_SECONDS)
        except TimeoutError as problem:
            summary = f"`{program}` was not done after {_SECONDS:.0f} seconds"
            raise _Unavailable("secret-command-failed", summary, "try it by hand") from problem
        except OSError as problem:
            summary = f"`{program}` cannot be run: {problem.strerror or 'unknown reason'}"
            raise _Unavailable("secret-command-failed", summary, "check that it is installed") from problem
        if status != 0:
            hint = "try it by hand; what it said is not shown, because it may hold the secret"
            raise _Unavailable("secret-command-failed", f"`{program}` failed with status {status}", hint)
        return output

    def _listed_hash(self, name: str, address: Address) -> str:
        if name not in self._tables:
            from reconciler.manifest.hash_table import read_hash_table  # noqa: PLC0415  few have one

            content = self._file(name)
            try:
                self._tables[name] = read_hash_table(content, name)
            except ValueError as problem:
                hint = "write `address: hash` in YAML or JSON, or `address,hash` in CSV, one a line"
                raise _Unavailable("secret-unreadable", f"`{name}` is not a table of hashes", hint) from problem
        text = self._tables[name].get(address.key.lower())
        if text is None:
            raise _Unavailable("secret-missing", f"`{name}` has no hash for `{address.key}`", "add it there")
        if not is_verbatim_hash(text):
            hint = "prefix the scheme the hash was made with, such as `{BLF-CRYPT}$2y$...`"
            summary = f"mailcow would hash what `{name}` has for `{address.key}` again"
            raise _Unavailable("hash-not-verbatim", summary, hint)
        if is_readable(text):
            summary = f"what `{name}` has for `{address.key}` is the password itself"
            raise _Unavailable("secret-literal", summary, "hash it: `doveadm pw -s BLF-CRYPT`")
        return text

    def _chosen(self) -> str:
        choose = self._surroundings.choose
        rest = _GENERATED_LENGTH - len(_CLASSES)
        return "".join(map(choose, (*_CLASSES, *["".join(_CLASSES)] * rest)))


def _check_fit(wanted: Wanted, found: Secret) -> None:
    why = unfit(wanted.codec, found) if wanted.codec is not None else None
    if why is not None:
        raise _Unavailable("secret-refused", f"what {wanted.source} gives {why[0]}", why[1])


@contextmanager
def _complaining(wanted: Wanted, findings: dict[tuple[str, Origin | None], Diagnostic]) -> Iterator[None]:
    from reconciler.manifest.delivery import Undeliverable  # noqa: PLC0415  only an apply hands secrets over

    try:
        yield
    except (_Unavailable, Undeliverable) as problem:
        identifier, summary, hint = problem.sentence
        finding = error(identifier, summary, hint=hint, origin=wanted.origin, address=wanted.address)
        findings.setdefault((summary, wanted.origin), finding)


def _refuse_any(findings: Mapping[Any, Diagnostic]) -> None:
    if findings:
        raise ManifestError(
            tuple(findings.values()),
            id="secrets-missing",
            summary="secrets are missing or will not do; nothing was sent",
        )


def _no_command(program: str) -> _Unavailable:
    return _Unavailable("secret-forbidden", f"`{program}` may not run here", "allow commands for this run")


def _identity(source: SecretSource, address: Address) -> tuple[SecretSource, Address | None]:
    """What decides whether two secrets are the same: most sources give one to all who name them."""
    own = source.kind in (SourceKind.GENERATE, SourceKind.HASH_TABLE)
    return source, address if own else None


def _one_line_less(content: bytes, name: str) -> str:
    """The text without the line end that editors and programs put after it, and the mark some put before it."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise _Unavailable("secret-unreadable", f"what `{name}` gives is not UTF-8", "check it by hand") from problem
    text = _without_line_end(text)
    if not text:
        raise _Unavailable("secret-empty", f"`{name}` gives nothing", "check it by hand")
    return text


def _without_line_end(text: str) -> str:
    return text.removesuffix("\n").removesuffix("\r")
