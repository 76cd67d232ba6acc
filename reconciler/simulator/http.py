"""The simulator behind HTTP, made for loopback.

with serving(Simulator(api_key="secret")) as url:
    httpx.get(f"{url}/api/v1/get/domain/all", headers={"X-API-Key": "secret"})
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from reconciler.errors import UsageError

from . import Simulator, state_file
from .connection import Site
from .faults import Faults

SAVE_INTERVAL_SECONDS: Final = 1.0
SHARE_OF_SAVING: Final = 10
"""A large state is saved less often: saving takes no more than a tenth of the time."""


async def _listen(simulator: Simulator, faults: Faults, address: tuple[str, int]) -> tuple[Site, tuple[str, int]]:
    site = Site(simulator, faults)
    try:
        return site, await site.listen(*address)
    except OSError as error:
        raise UsageError(
            f"Cannot listen on {address[0]}:{address[1]}: {error.strerror or error}",
            id="cannot-listen",
            hint="Choose another port; 0 takes a free one",
        ) from error


def _url(address: tuple[str, int]) -> str:
    host = f"[{address[0]}]" if ":" in address[0] else address[0]
    return f"http://{host}:{address[1]}"


@contextmanager
def serving(
    simulator: Simulator, *, faults: Faults | None = None, host: str = "127.0.0.1", port: int = 0
) -> Iterator[str]:
    """Serve in a thread of its own; gives the base URL and stops at the end.

    Raises:
        UsageError: ``cannot-listen``.
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="simulator", daemon=True)
    thread.start()
    try:
        listening = asyncio.run_coroutine_threadsafe(_listen(simulator, faults or Faults(), (host, port)), loop)
        site, address = listening.result()
        try:
            yield _url(address)
        finally:
            asyncio.run_coroutine_threadsafe(_close(site), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _close(site: Site) -> None:
    site.close()
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def serve(
    simulator: Simulator,
    host: str,
    port: int,
    *,
    faults: Faults | None = None,
    state_file_path: Path | None = None,
    ready: Callable[[str], object] = str,
) -> None:
    """Serve until interrupted (KeyboardInterrupt ends it quietly).

    Args:
        simulator: The server.
        host: Address to listen on.
        port: Port, 0 for any free one.
        faults: What goes wrong.
        state_file_path: Where the state is kept; written soon after a change (a second, longer for a large state),
            and at the end.
        ready: Called with the base URL once connections are accepted.

    Raises:
        UsageError: ``cannot-listen``.
    """

    async def run() -> None:
        site, address = await _listen(simulator, faults or Faults(), (host, port))
        ready(_url(address))
        pause = SAVE_INTERVAL_SECONDS
        try:
            while True:
                await asyncio.sleep(pause)
                if site.changed and state_file_path is not None:
                    site.changed = False
                    started = time.monotonic()
                    state_file.save(simulator, state_file_path)
                    pause = max(SAVE_INTERVAL_SECONDS, SHARE_OF_SAVING * (time.monotonic() - started))
        finally:
            await _close(site)
            if state_file_path is not None:
                state_file.save(simulator, state_file_path)

    try:
        asyncio.run(run())
    except KeyboardInterrupt:
        return
