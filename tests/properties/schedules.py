"""What goes wrong when: kinds of faults, the calls they strike, and how often."""

from __future__ import annotations

from hypothesis import strategies as st

WITHOUT_ANSWER = (
    "empty",
    "empty-after",
    "reset-before",
    "reset-after",
    "truncated",
    "status=500",
    "status-after=500",
    "status=502",
    "status-after=502",
    "status=503",
    "status-after=504",
    "status=429",
    "status=404",
    "status=413",
    "status-after=524",
    "restart=2ms",
    "database-down",
    "page",
    "page-after",
    "redirect",
    "half",
    "torn=1",
    "torn=2",
    "torn=5",
    "cut",
    "warned",
)
MISLEADING = ("danger", "pretended", "refused=0.3", "refused=1", "redis-full")
HARMLESS = ("latency=5ms", "trickle=200000")
SILENT = ("timeout-before", "timeout-after")
FINAL = ("denied", "read-only")
KINDS = (*WITHOUT_ANSWER, *MISLEADING, *HARMLESS, *SILENT, *FINAL)
VERBS = ("get", "write", "add", "edit", "delete")
ROUTES = (
    *(
        "get/domain",
        "get/mailbox",
        "get/alias",
        "get/rl-mbox",
        "get/transport",
        "get/relayhost",
        "get/policy_wl_domain",
    ),
    *("add/domain", "add/mailbox", "add/alias", "add/relayhost", "add/transport", "add/bcc", "add/app-passwd"),
    *("edit/domain", "edit/mailbox", "edit/alias", "edit/transport", "edit/rl-mbox", "edit/user-acl"),
    *("delete/domain", "delete/mailbox", "delete/alias", "delete/relayhost", "delete/dkim", "add/dkim"),
)


def occasions() -> st.SearchStrategy[str]:
    """At a call, from one on, for a while, or by chance."""
    bursts = st.tuples(st.integers(1, 30), st.integers(1, 15)).map(lambda burst: f"{burst[0]}-{sum(burst)}")
    return st.one_of(
        st.integers(1, 30).map(str), st.integers(1, 40).map("{}+".format), st.integers(1, 60).map("{}%".format), bursts
    )


def schedules() -> st.SearchStrategy[list[str]]:
    """Several faults, of calls of a sort or to a place; none takes long."""
    places = st.one_of(st.sampled_from(VERBS), st.sampled_from(ROUTES))
    early = st.integers(1, 4).map(str)
    kinds = st.sampled_from([kind for kind in KINDS if kind not in SILENT])
    one = st.builds("{}:{}:{}".format, kinds, places, st.one_of(early, occasions()))
    return st.lists(one, min_size=1, max_size=4)
