"""Generated passwords handed over: each in a file of its own, which only its recipients can read.

A file is written before the server is told of the password, so that no account is left with one that nobody knows. Its
name ends in ``.unconfirmed`` until the server has confirmed the change, so that what a crash leaves is recognised; only
then does it take the place of what was delivered before. That is kept under ``.earlier``: it may be the password of the
same address on another server.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from reconciler.manifest.files import HIDDEN
from reconciler.manifest.inside import folder_inside
from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.report import Outcome
from reconciler.model.secret import Secret, SecretSource
from reconciler.records import record
from reconciler.spec.secrets import KEY

__all__ = ["Deliveries", "Undeliverable"]

_UNCONFIRMED: Final = ".unconfirmed"
_EARLIER: Final = ".earlier"
_MOST_UNCONFIRMED: Final = 9
_PROBE: Final = ".reconciler-probe"
_SHOWN: Final = 5
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Undeliverable(Exception):  # noqa: N818  named for what it is about
    """A password that cannot be handed over: an error's id, why, and what to do."""

    def __init__(self, identifier: str, summary: str, hint: str) -> None:
        super().__init__(summary)
        self.sentence = identifier, summary, hint


@record(frozen=True, slots=True)
class _Parcel:
    """What is handed over.

    Attributes:
        place: the file's path in the repository.
        recipients: whom it is encrypted for, as the library knows them.
    """

    address: Address
    place: str
    recipients: tuple[Any, ...]

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders it is in, the outermost first."""
        return tuple(self.place.split("/")[:-1])

    @property
    def name(self) -> str:
        """Its name in the innermost folder."""
        return self.place.rpartition("/")[2]


class Deliveries:
    """The files of one apply."""

    def __init__(self, root: Path) -> None:
        """Prepare; nothing is written.

        Args:
            root: the folder of the project; nothing outside is written.
        """
        self._root = root
        self._parcels: dict[str, _Parcel] = {}
        self._folders: set[tuple[str, ...]] = set()
        self._written: dict[str, str] = {}

    @property
    def written(self) -> tuple[str, ...]:
        """The unconfirmed files there are of this run: paths in the repository."""
        return tuple(self._written.values())

    def check(self, source: SecretSource, address: Address) -> None:
        """See to it that a delivery can be made; makes its folder.

        Raises:
            Undeliverable: ``encryption-unavailable``, ``recipient-malformed``, ``delivery-shared``,
                ``secret-forbidden`` or ``delivery-unwritable``.
        """
        place = _place(source, address)
        parcel = _Parcel(address, place, tuple(_recipients(source.recipients)))
        steps = place.split("/")
        if {"", ".", ".."} & set(steps) or HIDDEN in (step.lower() for step in steps):
            summary = f"`{place}` is no place for passwords"
            raise Undeliverable("secret-forbidden", summary, "write a path in the repository")
        other = self._parcels.setdefault(place, parcel)
        if other.address != address:
            hint = "deliver to different folders, so that each password has a file of its own"
            raise Undeliverable("delivery-shared", f"`{place}` is where `{other.address}` is delivered too", hint)
        with self._folder_of(parcel) as folder:
            _check_place(parcel, folder)
            if parcel.folders not in self._folders:
                _check_writable(folder)
                self._folders.add(parcel.folders)

    def write(self, source: SecretSource, address: Address, secret: Secret) -> None:
        """Hand a password over, as yet unconfirmed; its content is on the disk when this returns.

        Raises:
            Undeliverable: ``delivery-unwritable``.
        """
        parcel = self._parcels[_place(source, address)]
        content = _encrypted(secret, parcel.recipients)
        with self._folder_of(parcel) as folder:
            name = _free(parcel, folder)
            with os.fdopen(os.open(name, _NEW, 0o600, dir_fd=folder), "wb") as file:
                self._written[parcel.place] = "/".join((*parcel.folders, name))
                file.write(content)
                file.flush()
                os.fsync(file.fileno())

    def sync(self) -> None:
        """See to it that the names of what was written are on the disk too, as far as the file system cares."""
        for folders in self._folders:
            with suppress(OSError), folder_inside(self._root, folders) as folder:
                os.fsync(folder)

    def take_back(self) -> None:
        """Remove what was written: nothing was sent."""
        for place in list(self._written):
            with suppress(Undeliverable):
                self._remove(self._parcels[place])

    def settle(self, outcomes: Mapping[Address, Outcome]) -> tuple[Diagnostic, ...]:
        """Confirm what the server has, remove what it never saw, and tell of it.

        Args:
            outcomes: how each change ended; what is missing was not tried.
        """
        told = []
        delivered = []
        moved = False
        for parcel in [self._parcels[place] for place in self._written]:
            outcome = outcomes.get(parcel.address, Outcome.BLOCKED)
            try:
                if outcome is Outcome.BLOCKED:
                    self._remove(parcel)
                elif outcome is Outcome.DONE:
                    moved |= self._confirm(parcel)
                    delivered.append(parcel.place)
                else:
                    summary = "the server may have the new password or still the old one"
                    told.append(self._unconfirmed(parcel, summary))
            except Undeliverable as problem:
                told.append(self._unconfirmed(parcel, problem.sentence[1]))
        return (*([_delivered(delivered, moved=moved)] if delivered else []), *told)

    def _unconfirmed(self, parcel: _Parcel, why: str) -> Diagnostic:
        written = self._written[parcel.place]
        return Diagnostic(
            "delivery-unconfirmed",
            Severity.WARNING,
            f"{why}; the new one is in `{written}`",
            hint=f"try it, and rename the file to `{parcel.place}` if it is the one",
            address=parcel.address,
        )

    def _confirm(self, parcel: _Parcel) -> bool:
        """Give the file its own name; what earlier runs left unconfirmed is out of date with it.

        Returns:
            Whether there was a file of that name, which has another one now.
        """
        moved = True
        with self._folder_of(parcel) as folder:
            own = self._written[parcel.place].rpartition("/")[2]
            try:
                os.rename(parcel.name, parcel.name + _EARLIER, src_dir_fd=folder, dst_dir_fd=folder)
            except FileNotFoundError:
                moved = False
            os.rename(own, parcel.name, src_dir_fd=folder, dst_dir_fd=folder)
            for name in _unconfirmed_names(parcel):
                with suppress(FileNotFoundError):
                    os.unlink(name, dir_fd=folder)
        del self._written[parcel.place]
        return moved

    def _remove(self, parcel: _Parcel) -> None:
        with self._folder_of(parcel) as folder, suppress(FileNotFoundError):
            os.unlink(self._written[parcel.place].rpartition("/")[2], dir_fd=folder)
        del self._written[parcel.place]

    @contextmanager
    def _folder_of(self, parcel: _Parcel) -> Iterator[int]:
        try:
            with folder_inside(self._root, parcel.folders, make=True) as folder:
                yield folder
        except OSError as problem:
            why = problem.strerror or "it cannot be written"
            hint = "its folder must be one of the repository, no link, and writable"
            raise Undeliverable("delivery-unwritable", f"cannot write `{parcel.place}`: {why}", hint) from problem


def _place(source: SecretSource, address: Address) -> str:
    return source.deliver[0].replace(KEY, address.key.replace("/", "_"))


def _delivered(places: list[str], *, moved: bool) -> Diagnostic:
    shown = ", ".join(f"`{place}`" for place in places[:_SHOWN]) + (", ..." if len(places) > _SHOWN else "")
    summary = f"{len(places):,} new password{'s' if len(places) > 1 else ''} delivered, encrypted: {shown}"
    hint = f"what was there before ends in `{_EARLIER}` now; servers with the same addresses need a folder each"
    return Diagnostic("password-delivered", Severity.NOTE, summary, hint=hint if moved else None)


def _check_place(parcel: _Parcel, folder: int) -> None:
    """See to it that only a file is replaced in the end."""
    _free(parcel, folder)
    with suppress(FileNotFoundError):
        if not stat.S_ISREG(os.stat(parcel.name, dir_fd=folder, follow_symlinks=False).st_mode):
            summary, hint = f"`{parcel.place}` is there, and no regular file", "remove it, or deliver elsewhere"
            raise Undeliverable("delivery-unwritable", summary, hint)


def _check_writable(folder: int) -> None:
    os.close(os.open(_PROBE, _NEW, 0o600, dir_fd=folder))
    os.unlink(_PROBE, dir_fd=folder)


def _unconfirmed_names(parcel: _Parcel) -> list[str]:
    first = parcel.name + _UNCONFIRMED
    return [first, *(f"{first}-{number}" for number in range(2, _MOST_UNCONFIRMED + 1))]


def _free(parcel: _Parcel, folder: int) -> str:
    """A name that is not taken: what an earlier run left unconfirmed may be the only copy of a password in use."""
    for name in _unconfirmed_names(parcel):
        try:
            os.stat(name, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return name
    summary = f"there are {_MOST_UNCONFIRMED} unconfirmed deliveries to `{parcel.place}`"
    raise Undeliverable("delivery-unwritable", summary, "find out which one is in use, and remove the others")


def _recipients(texts: tuple[str, ...]) -> Iterator[Any]:
    try:
        import pyrage  # noqa: PLC0415  optional, and only who delivers to files needs it
    except ImportError as problem:
        hint = "install `mailcow-reconciler[age]`, or deliver to a command that encrypts"
        summary = "files cannot be encrypted here: pyrage is not installed"
        raise Undeliverable("encryption-unavailable", summary, hint) from problem
    for text in texts:
        kind = pyrage.ssh if text.startswith("ssh-") else pyrage.x25519
        try:
            yield kind.Recipient.from_str(text)
        except (pyrage.RecipientError, ValueError) as problem:
            hint = "copy it again: an age recipient ends in a checksum"
            summary = f"`{text[:12]}...` is no recipient that a file can be encrypted for"
            raise Undeliverable("recipient-malformed", summary, hint) from problem


def _encrypted(secret: Secret, recipients: tuple[Any, ...]) -> bytes:
    import pyrage  # noqa: PLC0415  as above

    return pyrage.encrypt(secret.reveal().encode(), list(recipients), armored=True)
