"""DKIM keys."""

from typing import Any, Final, Required, TypedDict

from reconciler.model.operation import Verb
from reconciler.model.resource import Value, Values
from reconciler.model.version import Version
from reconciler.records import replace
from reconciler.spec.addresses import Domain
from reconciler.spec.codec import Codec, Scope, refuse
from reconciler.spec.codecs import Flag, text
from reconciler.spec.kind import Kind, Routes, Situation, Source
from reconciler.spec.language import Annotated
from reconciler.spec.mark import ASKED, MAIN, field
from reconciler.spec.secrets import SECRET
from reconciler.spec.step import Step

_DEFAULT_SELECTOR: Final = "dkim"
_LEFT_BEHIND: Final = "random number generator"
"""What OpenSSL says of a file it did not find when it made a key; PHP tells it to whoever imports one afterwards."""
_SIZES: Final = (1024, 2048, 3072, 4096, 8192)
_OVERWRITTEN_SINCE: Final = Version(2022, 6, "a")
_ANY_MARK_SINCE: Final = Version(2025, 1)
_3072_SHOWN_SINCE: Final = Version(2025, 3)


def _accept_size(value: Any, _scope: Scope) -> int:
    if isinstance(value, int) and value in _SIZES:
        return value
    hint = f"write one of {', '.join(map(str, _SIZES))}, as a number without quotes"
    raise refuse("size-unknown", f"`{value}` is none of the sizes that mailcow tells apart", hint=hint)


SIZE: Final = Codec(accept=_accept_size, decode=int, encode=int, schema={"enum": list(_SIZES)})


def _no_key(secret: str) -> tuple[str, str] | None:
    if "PRIVATE KEY-----" in secret:
        return None
    return "is no private key in PEM", "it begins with `-----BEGIN PRIVATE KEY-----`, or `BEGIN RSA PRIVATE KEY`"


PRIVATE_KEY: Final = replace(SECRET, unfit=_no_key)


class DkimKey(TypedDict, total=False):
    """The key that signs a domain's outgoing mail. A new one needs a new DNS record before it is of use."""

    domain: Required[Annotated[Domain, field("The domain or alias domain.", read=ASKED, add="domains")]]
    selector: Annotated[
        str,
        text(least=1, pattern=r"^[A-Za-z0-9_.-]*[A-Za-z0-9][A-Za-z0-9_.-]*$"),
        field(
            "The name of the DNS record, before `._domainkey`. Before 2025-01 it has no dots, and with a key of your "
            "own nothing but letters and digits.",
            read="dkim_selector",
            add="dkim_selector",
            default=_DEFAULT_SELECTOR,
        ),
    ]
    size: Annotated[
        int,
        SIZE,
        field(
            "Bits of a key that the server makes: 1024, 2048, 3072, 4096 or 8192.",
            read="length",
            add="key_size",
            default=2048,
        ),
    ]
    private_key: Annotated[
        Value,
        PRIVATE_KEY,
        field(
            "A key of your own (PEM), so that a server can be built anew without a change in DNS. Never shown again.",
            add="private_key_file",
        ),
    ]
    replace: Annotated[
        Flag,
        field("Let another selector, size or key take the place of the one there is: DNS must follow."),
    ]


def _imported(steps: tuple[Step, ...], situation: Situation) -> tuple[Step, ...]:
    """Import the key that is given; make one otherwise. There is no edit, and add refuses where there is a key.

    A domain made from a template gets a key with it. An import may fail with an error that an earlier request left
    behind, and succeed when it is sent again (all versions, functions.dkim.inc.php, recorded exchanges). It takes the
    place of what is there, once it knows that the key is one: nothing is deleted before, but where a private half would
    be left under another selector (until 2022-06).
    """
    made = tuple(_made(step, situation) if step.verb is Verb.ADD else step for step in steps)
    imports = situation.verb is not Verb.DELETE and "private_key" in situation.after
    overwrites = imports and situation.capabilities.version >= _OVERWRITTEN_SINCE
    return tuple(step for step in made if step.verb is not Verb.DELETE) if overwrites else made


def _made(step: Step, situation: Situation) -> Step:
    if "private_key" not in situation.after:
        attributes = {name: value for name, value in step.attributes.items() if name != "private_key_file"}
        return replace(step, attributes=attributes, unclear=frozenset({"dkim_domain_or_sel_invalid"}))
    attributes = {
        "domain": step.attributes["domains"],
        "dkim_selector": step.attributes.get("dkim_selector", _DEFAULT_SELECTOR),
        "private_key_file": step.attributes["private_key_file"],
        "overwrite_existing": 1,
    }
    return replace(step, route="dkim_import", attributes=attributes, passing=_LEFT_BEHIND)


def _check(values: Values) -> tuple[tuple[str, str, str], ...]:
    if "private_key" in values and "size" in values:
        return (("size", "an imported key has the size it has", "leave `size` out"),)
    return ()


def _clashes(situation: Situation) -> tuple[tuple[str, str, str], ...]:
    """Name a selector that an older server refuses (functions.dkim.inc.php of 2022-01a, 2024-08a and 2025-01)."""
    selector = str(situation.after.get("selector", _DEFAULT_SELECTOR))
    if situation.capabilities.version >= _ANY_MARK_SINCE or "selector" not in situation.changed:
        return ()
    allowed = "" if "private_key" in situation.after else "-_"
    if selector.translate(str.maketrans("", "", allowed)).isalnum():
        return ()
    hint = "use letters and digits only" if not allowed else "use letters, digits, `-` and `_` only"
    return (("selector", f"mailcow before {_ANY_MARK_SINCE} does not take `{selector}`", hint),)


def _effects(situation: Situation) -> tuple[str, ...]:
    """Say that a key the server makes is another one than ever was: whoever makes a server anew has to know."""
    if situation.verb is Verb.DELETE or "private_key" in situation.after:
        return ()
    name = f"{situation.after.get('selector', _DEFAULT_SELECTOR)}._domainkey.{situation.address.key}"
    return (f"makes a new key: mail signed with it fails the check until `{name}` in the DNS holds its public half",)


def _settled(name: str, situation: Situation) -> bool:
    """Whether a size is what the server shows for it: 3072 bits as 2048 before 2025-03 (functions.dkim.inc.php)."""
    sizes = (situation.before.get(name), situation.after.get(name))
    return name == "size" and sizes == (2048, 3072) and situation.capabilities.version < _3072_SHOWN_SINCE


def _numbered(row: Any, _capabilities: Any) -> Any:
    """Read a length the server only estimates (``>= 8192``) as a number (2022-01a to 2026-07a)."""
    return {**row, "length": str(row.get("length", "")).removeprefix(">= ")}


KIND = Kind(
    name="dkim_key",
    plural="dkim_keys",
    record=DkimKey,
    example={"domain": "acme.example", "selector": "dkim", "private_key": {"file": "keys/acme.example.pem"}},
    key=("domain",),
    sources={MAIN: Source(path="dkim/{each}", each="domain")},
    routes=Routes(add="dkim", delete="dkim", added=("dkim_added",), deleted=("dkim_removed",)),
    handle=ASKED,
    domain_field="domain",
    within=("domain", "alias_domain"),
    replaceable="replace",
    on_read=_numbered,
    on_check=_check,
    clashes=_clashes,
    effects=_effects,
    settled=_settled,
    on_steps=_imported,
    also_called={"length": "size", "key_size": "size"},
)
"""There is no list: each domain is asked for its key. Keys outlive their domains, so they are deleted before them."""
