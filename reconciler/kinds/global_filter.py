"""The global filters."""

from typing import Final, TypedDict

from reconciler.model.operation import Verb
from reconciler.model.resource import Value, Values
from reconciler.records import replace
from reconciler.spec.codecs import text
from reconciler.spec.kind import Kind, Routes, Situation, Source
from reconciler.spec.language import Annotated
from reconciler.spec.mark import MAIN, field
from reconciler.spec.step import Step


def _unix(script: Value) -> str:
    """Read a script; false is shown where its file is missing."""
    return str(script or "").replace("\r\n", "\n").replace("\r", "\n")


SCRIPT: Final = replace(text(), decode=_unix, fold=_unix)
"""The server writes line ends of one kind (2022-01a to 2026-07a, functions.mailbox.inc.php)."""


class GlobalFilter(TypedDict, total=False):
    """The scripts that sort everybody's mail. Each write restarts Dovecot."""

    prefilter: Annotated[str, SCRIPT, field('Runs before all others; `""` for none.', "prefilter", absent="")]
    postfilter: Annotated[str, SCRIPT, field('Runs after all others; `""` for none.', "postfilter", absent="")]


def _one_by_one(steps: tuple[Step, ...], _situation: Situation) -> tuple[Step, ...]:
    """Overwrite each script by an add: there is no edit (2022-01a to 2026-07a, ``add/global-filter``)."""
    return tuple(
        replace(
            step,
            verb=Verb.ADD,
            item=None,
            attributes={"filter_type": name, "script_data": script},
            fields=frozenset({name}),
        )
        for step in steps
        for name, script in step.attributes.items()
    )


def _check(values: Values) -> tuple[tuple[str, str, str], ...]:
    """Find what the server is sure to refuse, on all versions."""
    from reconciler.spec.sieve import mistake  # noqa: PLC0415  only where there are scripts

    found = ((name, mistake(_unix(script))) for name, script in values.items())
    return tuple((name, f"mailcow takes no such script: {why}", "mend it") for name, why in found if why is not None)


def _clashes(situation: Situation) -> tuple[tuple[str, str, str], ...]:
    """Find an extension this server does not know."""
    from reconciler.spec.sieve import unknown_extension  # noqa: PLC0415  only where scripts change

    version = situation.capabilities.version
    found = ((name, unknown_extension(_unix(situation.after[name]), version)) for name in sorted(situation.changed))
    why = "mailcow takes no script that requires `{}`, whatever Dovecot knows"
    return tuple((name, why.format(unknown), "do without it") for name, unknown in found if unknown is not None)


KIND = Kind(
    name="global_filter",
    plural="global_filters",
    record=GlobalFilter,
    example={"prefilter": 'require "fileinto"; if header :is "X-Spam-Flag" "YES" { fileinto "Junk"; }'},
    key=(),
    sources={MAIN: Source(path="global_filters/all")},
    routes=Routes(edit="global-filter", edited=("global_filter_written",)),
    singleton=True,
    on_steps=_one_by_one,
    on_check=_check,
    clashes=_clashes,
    effects=lambda _situation: ("restarts Dovecot",),
)
