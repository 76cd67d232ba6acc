"""delete/rlhash: lets a sender who ran into a rate limit go on. Nothing is ever sent here, so no such entry exists.

Source: mailcow 2026-07a, json_api.php prints what the function returns, and it returns false for an unknown hash.
"""

from __future__ import annotations

from reconciler.simulator.routing import EMPTY, Call, deletes


@deletes("rlhash", log=(), key="hash")
def delete_rate_limit_hash(call: Call) -> bytes:
    """Print nothing, which is how PHP prints false."""
    del call
    return EMPTY
