"""The limit a plan is measured against, as a program of its own: `python limit.py parse|scan FOLDER URL`.

parse   reads every byte of the manifests and parses them with the fastest YAML parser there is for this Python that
        refuses what must be refused (yaml-rs; PyYAML where it is missing), fetches the lists of mailboxes and aliases
        in one request each over one connection, and parses them with the fastest JSON parser (msgspec) into values.
scan    reads every byte of both, without parsing the manifests at all; the lists are only looked through by msgspec for
        being well-formed lists of well-formed objects, without any value being made: nothing that works is so fast.

Both include the start of Python and the import of their parsers, and leave out everything a tool is for: checking,
comparing, saying anything. Garbage is not collected. Of the server they read the two large lists only.
"""

from __future__ import annotations

import gc
import importlib
import os
import socket
import sys
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

LISTS = ("get/mailbox/reduced", "get/alias/all")


def files(folder: str) -> Iterator[bytes]:
    """The bytes of every file below a folder."""
    with os.scandir(folder) as found:
        for entry in found:
            if entry.is_dir():
                yield from files(entry.path)
            else:
                with open(entry.path, "rb", buffering=0) as file:  # noqa: PTH123  pathlib takes long to import
                    yield file.read()


def answers(url: str) -> Iterator[bytearray]:
    """The bodies of the large lists."""
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as connection:
        for path in LISTS:
            connection.sendall(f"GET /api/v1/{path} HTTP/1.1\r\nHost: {host}\r\nX-API-Key: x\r\n\r\n".encode())
            received = b""
            while b"\r\n\r\n" not in received:
                received += connection.recv(1 << 16)
            head, _, begun = received.partition(b"\r\n\r\n")
            body = bytearray(int(head.lower().rpartition(b"content-length:")[2]))
            body[: len(begun)] = begun
            view, at = memoryview(body), len(begun)
            while at < len(body):
                at += connection.recv_into(view[at:])
            yield body


def main(how: str, folder: str, url: str) -> None:
    """Do it, and keep what was made until the end, as a tool would have to."""
    gc.disable()
    kept: list[object] = []
    decode: Callable[[bytearray], Any] = msgspec.json.Decoder().decode
    if how == "parse":
        try:
            yaml_rs = importlib.import_module("yaml_rs")
            kept += [yaml_rs.loads(content.decode(), parse_datetime=False) for content in files(folder)]
        except ImportError:
            yaml = importlib.import_module("yaml")
            kept += [yaml.load(content, Loader=yaml.CSafeLoader) for content in files(folder)]
    else:
        sum(map(len, files(folder)))
        decode = msgspec.json.Decoder(list[msgspec.Raw]).decode
    kept += [len(decode(body)) if how == "scan" else decode(body) for body in answers(url)]
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:4])
