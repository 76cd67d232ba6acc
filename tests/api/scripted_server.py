"""A server on loopback that says what a test's script says, byte for byte, and remembers what it was asked."""

import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import parse_headers
from io import BufferedReader
from pathlib import Path
from typing import Any, Self

CERTIFICATE = Path(__file__).with_name("localhost.pem")  # for localhost and 127.0.0.1, signed by itself
ISSUED = Path(__file__).with_name("issued.pem")  # for the same, signed by an authority nobody has


@dataclass(frozen=True)
class Asked:
    """One request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def sent_json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """What to do with one request."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    wait: float = 0.0
    reset: bool = False
    cut: int = 0
    close: bool = False


def says(value: Any, status: int = 200, **headers: str) -> Reply:
    named = {name.replace("_", "-"): content for name, content in headers.items()}
    return Reply(status, json.dumps(value).encode(), {"Content-Type": "application/json", **named})


Script = Callable[[Asked], Reply]


class ScriptedServer:
    """Answers each request by calling the script; one thread a connection, as keep-alive needs."""

    def __init__(
        self,
        script: Script,
        *,
        tls: bool = False,
        certificate: Path = CERTIFICATE,
        version: ssl.TLSVersion = ssl.TLSVersion.MAXIMUM_SUPPORTED,
        greet: Callable[[], object] = bool,
    ) -> None:
        self.script = script
        self._greet = greet
        self.asked: list[Asked] = []
        self.connections = 0
        self.most_at_once = 0
        self._at_once = 0
        self._serving = 0
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._context: ssl.SSLContext | None = None
        if tls:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(certificate)
            self._context.maximum_version = version
        self.port: int = self._listener.getsockname()[1]
        self.origin = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # closing alone leaves the thread accepting: it was seen to take connections of the next server, one in ten, and
        # to answer them as this one would
        self._ended.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._acceptor.join()
        self._listener.close()
        self.drop_connections()

    def drop_connections(self) -> None:
        """Close every connection, as a server does with idle ones."""
        with self._lock:
            dropped, self._open = self._open, []
        for connection in dropped:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
            finally:
                connection.close()

    def has_greeted(self, *, within: float) -> bool:
        """Wait until a connection is open, its handshake done."""
        return self._comes_to_be(lambda: bool(self._open), within)

    def all_connections_closed(self, *, within: float) -> bool:
        """Wait until the clients have closed every connection."""
        return self._comes_to_be(lambda: self._serving == 0, within)

    def was_asked(self, times: int) -> bool:
        """Whether so many requests came, and no more; those that nobody waits for may still be on their way."""
        return self._comes_to_be(lambda: len(self.asked) >= times, within=60) and len(self.asked) == times

    def _comes_to_be(self, true: Callable[[], bool], within: float) -> bool:
        end = time.monotonic() + within
        while time.monotonic() < end:
            with self._lock:
                if true():
                    return True
            time.sleep(0.01)
        return False

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                self._serving += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            self._greet()
            if self._context:
                connection = self._context.wrap_socket(connection, server_side=True)
            with self._lock:
                self._open.append(connection)
            with connection.makefile("rb") as stream:
                while (asked := _read(stream)) and self._answer(connection, asked):
                    pass
        except OSError:
            pass
        finally:
            connection.close()
            with self._lock:
                self._serving -= 1

    def _answer(self, connection: socket.socket, asked: Asked) -> bool:
        with self._lock:
            self.asked.append(asked)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        reply = self.script(asked)
        self._ended.wait(reply.wait)
        with self._lock:
            self._at_once -= 1
        if reply.reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        lengths = {} if "Transfer-Encoding" in reply.headers else {"Content-Length": str(len(reply.body))}
        headers = lengths | reply.headers | ({"Connection": "close"} if reply.close else {})
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        body = reply.body[: len(reply.body) - reply.cut]
        connection.sendall(f"HTTP/1.1 {reply.status} Said\r\n{head}\r\n".encode("latin-1") + body)
        return not (reply.cut or reply.close)


def _read(stream: BufferedReader) -> Asked | None:
    line = stream.readline().decode("latin-1")
    if not line:
        return None
    method, target, _ = line.split(" ")
    headers = dict(parse_headers(stream).items())
    return Asked(method, target, headers, stream.read(int(headers.get("Content-Length", 0))))
