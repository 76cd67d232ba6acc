"""Kinds and addresses as people name them on a command line: in the singular or in the plural."""

from __future__ import annotations

from reconciler.errors import UsageError
from reconciler.manifest.project import PruneRule
from reconciler.spec.names import pattern_for_people


def kind_named(word: str, *, hint: str) -> str:
    """The name of a kind.

    Args:
        word: its name, or its plural.
        hint: what to do, where it is not clear what was meant.

    Raises:
        UsageError: ``kind-unknown``.
    """
    # the kinds take long to import; only who names one pays for it here
    from reconciler.kinds import by_plural, registry  # noqa: PLC0415
    from reconciler.manifest.suggest import close_to  # noqa: PLC0415

    kind = registry().get(word) or by_plural().get(word)
    if kind is not None:
        return kind.name
    meant = close_to(word, registry())
    told = f"did you mean `{meant}`?" if meant else hint
    raise UsageError(f"there is no kind `{word}`", id="kind-unknown", hint=told)


def prune_rule(text: str) -> PruneRule:
    """A prune scope: a kind, perhaps with a pattern of domains.

    Raises:
        UsageError: ``kind-unknown``; ``prune-malformed`` where no domain follows the colon, which is not taken for
            all, or what cannot be one.
    """
    word, colon, pattern = text.partition(":")
    hint = "write it like `--prune alias:*.acme.example`"
    if colon and not pattern:
        raise UsageError(f"`--prune {text}` names no domain", id="prune-malformed", hint=f"{hint}, or `--prune {word}`")
    if "," in pattern or "@" in pattern:
        several = f"{hint}, once for each domain"
        raise UsageError(f"`--prune {text}` names what no domain is called", id="prune-malformed", hint=several)
    return PruneRule(kind_named(word, hint=hint), (pattern_for_people(pattern) or "*",))


def address_named(text: str) -> str:
    """An address as plans show it.

    Raises:
        UsageError: ``address-malformed`` or ``kind-unknown``.
    """
    word, slash, key = text.partition("/")
    hint = "write it as plans show it, such as `--allow-delete alias/info@acme.example`"
    if not (slash and key):
        raise UsageError(f"`{text}` is no address", id="address-malformed", hint=hint)
    return f"{kind_named(word, hint=hint)}/{key}"
