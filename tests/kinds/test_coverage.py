"""Every route of the published API that writes is reached from a manifest, or it is said here why not."""

import json
from functools import cache
from pathlib import Path

from reconciler.kinds import registry
from reconciler.model.address import Address
from reconciler.model.operation import Operation
from reconciler.model.state import DesiredState, Relocation
from reconciler.planning.compile import compile_changes
from tests.kinds.samples import payloads, whole_manifest
from tests.kinds.server import Server, changed

CONTRACT = Path(__file__).parents[1] / "contract"

OPERATIONS = {
    "add/sso/domain-admin": "logs somebody in once; there is nothing to keep",
    "delete/mailq": "empties the queue",
    "edit/mailq": "delivers, holds or deletes mail in the queue",
    "delete/qitem": "deletes mail in quarantine",
    "edit/qitem": "releases mail from quarantine, or has it learned",
}
"""What the documents have that does something once."""

LEFT_OUT = {
    "add/dkim_duplicate": "copies a key: one for several domains is imported into each of them",
}
"""What the documents have that manifests say in another way."""


def documented() -> set[str]:
    """The routes of both documents that write, without what stands for an object."""
    found = set()
    for version in ("2022-01a", "2026-07a"):
        for method, path in json.loads((CONTRACT / f"routes-{version}.json").read_text()):
            if method == "POST":
                found.add("/".join(part for part in path.split("/") if part and not part.startswith("{")))
    return found


def known() -> set[str]:
    """The routes that write which mailcow has had between 2022-01 and 2026-07a."""
    history = json.loads((CONTRACT / "route-history.json").read_text())
    return {path for path, _, _ in history if path.partition("/")[0] in ("add", "edit", "delete")}


def _route(operation: Operation) -> str:
    route = operation.route
    if "/tag/" in route:
        route = route.partition("/tag/")[0] + "/tag"
    return f"{operation.verb.value}/{route}"


def _sent(server: Server, wanted: DesiredState) -> set[str]:
    """The routes by which a server would be made as is wanted."""
    live = server.read(wanted)
    changes = server.difference(wanted, live).changes
    operations = compile_changes(registry(), changes, live, capabilities=server.capabilities)
    return {_route(operation) for operation in operations}


def _moves(server: Server, manifest: dict[str, object]) -> DesiredState:
    """Everything that can be given another key, given another key."""
    moves = []
    for resource in server.desired(manifest):
        address = resource.address
        if registry()[address.kind].on_move is not None:
            moves.append(Relocation(address, Address(address.kind, f"new-{address.key}"), resource.place))
    return DesiredState({}, relocations=tuple(moves))


@cache
def reached() -> set[str]:
    """The routes that creating, changing, moving and deleting everything takes."""
    found: set[str] = set()
    for version in ("2023-10", "2026-07a"):
        server = Server(version, base=DesiredState({}))
        manifest = whole_manifest()
        if version < "2024-02":
            manifest = changed(manifest, "domains", 0, footer={"plain": "Acme"})
        found |= _sent(server, server.desired(manifest))
        server.apply(manifest)
        mutated = manifest
        for name, kind in registry().items():
            for fields in payloads(name)["mutations"]:
                mutated = changed(mutated, kind.plural, 0, **fields)
        mutated = changed(mutated, "mailboxes", 0, authentication="mailcow")
        found |= _sent(server, server.desired(mutated))
        found |= _sent(server, server.desired({"identity_provider": {"provider": "none"}}))
        server.base = None
        found |= _sent(server, _moves(server, manifest if version >= "2024-11" else {}))
    return found


def test_every_documented_route_is_reached_from_a_manifest_or_left_out_for_a_reason() -> None:
    found = reached()
    assert documented() - found == set(OPERATIONS.keys() & documented()) | set(LEFT_OUT)
    assert not found & (OPERATIONS.keys() | LEFT_OUT.keys())


def test_nothing_is_sent_to_routes_mailcow_never_had() -> None:
    tags = {"delete/domain/tag", "delete/mailbox/tag"}
    assert reached() - known() - tags == set()


UNDOCUMENTED = {
    "add/fido2-args": "part of logging in with a security key",
    "add/fido2-registration": "part of registering a security key",
    "add/sso": "part of logging in",
    "add/webauthn-tfa-registration": "part of registering a second factor",
    "delete/eas_cache": "makes phones synchronise anew",
    "delete/rlhash": "forgives who sent too much",
    "delete/sogo_profile": "resets somebody's webmail",
    "edit/fail2ban/banlist": "gives the list of bans a new secret address",
    "edit/fido2-fn": "names a security key; a user's own affair",
    "edit/identity-provider-test": "tries a connection",
    "edit/pushover-test": "sends a notice to try it",
    "edit/self": "the account that is logged in changes itself; an API key has none",
}
"""What the documents do not mention, and manifests do not reach."""


def test_every_route_mailcow_has_had_is_reached_or_left_out_for_a_reason() -> None:
    assert known() - reached() == UNDOCUMENTED.keys() | OPERATIONS.keys() & known() | LEFT_OUT.keys()
