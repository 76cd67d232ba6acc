"""How near to the ideal rate the ways to send many writes come: `python tests/bench/transports.py [CALLS] [SECONDS]`.

The ideal is calls / connections x latency. The raw row, an event loop that writes prepared bytes, shows how much of
it the stand-in server and the machine allow; the others are what a client may be built on.
"""

import asyncio
import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx

from reconciler.api import Client, ServerAccess, Timing

_CONNECTIONS = 16
_BODY = {"address": "a@one.example", "goto": "b@one.example", "active": 1, "sogo_visible": 1, "public_comment": ""}
_HEADERS = {"X-API-Key": "AAAA-BBBB", "Accept": "application/json", "Content-Type": "application/json"}
_PATH = "/api/v1/add/alias"


@contextmanager
def latency_server(latency: float) -> Iterator[int]:
    """Run the stand-in server in a process of its own; yields its port."""
    command = [sys.executable, str(Path(__file__).with_name("latency_server.py")), str(latency)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def our_client(port: int) -> Callable[[], object]:
    access = ServerAccess(origin=f"http://127.0.0.1:{port}", key="AAAA-BBBB", parallelism=_CONNECTIONS)
    client = Client(access, timing=Timing(time.perf_counter, time.sleep))
    return lambda: client.post("add", "alias", body=_BODY)


def httpx_per_thread(port: int) -> Callable[[], object]:
    own = threading.local()

    def send() -> object:
        if not hasattr(own, "client"):
            own.client = httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=_HEADERS, trust_env=False)
        return json.loads(own.client.post(_PATH, content=json.dumps(_BODY)).content)

    return send


def httpx_one_pool(port: int) -> Callable[[], object]:
    client = httpx.Client(
        base_url=f"http://127.0.0.1:{port}",
        headers=_HEADERS,
        trust_env=False,
        limits=httpx.Limits(max_connections=_CONNECTIONS),
    )
    return lambda: json.loads(client.post(_PATH, content=json.dumps(_BODY)).content)


def standard_library(port: int) -> Callable[[], object]:
    own = threading.local()

    def send() -> object:
        if not hasattr(own, "connection"):
            own.connection = http.client.HTTPConnection("127.0.0.1", port)
        own.connection.request("POST", _PATH, json.dumps(_BODY).encode(), _HEADERS)
        return json.loads(own.connection.getresponse().read())

    return send


def measure(send: Callable[[], object], calls: int) -> tuple[float, float]:
    """Send so many calls from as many threads as there are connections; wall and processor seconds."""
    with ThreadPoolExecutor(_CONNECTIONS) as pool:
        list(pool.map(lambda _: send(), range(_CONNECTIONS * 4)))
        processor, wall = time.process_time(), time.perf_counter()
        for _ in pool.map(lambda _: send(), range(calls)):
            pass
        return time.perf_counter() - wall, time.process_time() - processor


def measure_raw(port: int, calls: int) -> tuple[float, float]:
    body = json.dumps(_BODY).encode()
    request = b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (_PATH.encode(), len(body), body)
    left = calls

    async def one_connection() -> None:
        nonlocal left
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while left > 0:
            left -= 1
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(head.lower().rpartition(b"content-length:")[2]))
        writer.close()

    async def everything() -> None:
        await asyncio.gather(*(one_connection() for _ in range(_CONNECTIONS)))

    processor, wall = time.process_time(), time.perf_counter()
    asyncio.run(everything())
    return time.perf_counter() - wall, time.process_time() - processor


def main() -> None:
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
    latency = float(sys.argv[2]) if len(sys.argv) > 2 else 0.02
    ideal = calls / _CONNECTIONS * latency
    ways = [our_client, standard_library, httpx_per_thread, httpx_one_pool]
    with latency_server(latency) as port:
        results = [("raw", measure_raw(port, calls))]
        results += [(way.__name__, measure(way(port), calls)) for way in ways]
    for name, (wall, processor) in results:
        share = f"{ideal / wall:4.0%} of ideal" if latency else ""
        sys.stdout.write(
            f"{name:18} {wall:6.2f} s  {calls / wall:6.0f}/s  {processor / calls * 1e3:.2f} ms each  {share}\n"
        )


if __name__ == "__main__":
    main()
