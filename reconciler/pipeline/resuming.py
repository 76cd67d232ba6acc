"""A plan that was kept, taken up again: by its own terms, on its own server, and only as far as nothing moved."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.api.origin import Origin
from reconciler.errors import PlanRefused, UsageError
from reconciler.flow import PlanRequest
from reconciler.history.asked import Choice
from reconciler.kinds import registry
from reconciler.manifest.project import GuardSettings, PruneRule
from reconciler.model.change import Change
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.plan import Plan, Refusal, ServerIdentity, Terms
from reconciler.pipeline.planning import Planned, limits_of, plan
from reconciler.planning.compile import compile_changes
from reconciler.planning.guard import guard
from reconciler.planning.standing import Moved, Standing, dependents, standing
from reconciler.records import fields_of, replace
from reconciler.render.plan_json import plan_document
from reconciler.render.plan_reading import plan_from_document

_AGAIN = "make it again: `reconciler plan PATH... --out FILE`"


def resume(request: PlanRequest, kept: Plan) -> Planned:
    """Plan again by the terms of a kept plan, and take of it what was kept and has not moved.

    Raises:
        PlanRefused: ``plan-not-kept``, ``plan-refused``, ``plan-of-another-server``, ``plan-of-another-tool``,
            ``plan-of-another-version`` or ``plan-of-another-checkout``; nothing was sent.
        ManifestError, ApiError: as `plan`.
    """
    terms = kept.terms
    if terms is None or not kept.desired_digest:
        raise PlanRefused("this plan was only shown, not kept", id="plan-not-kept", hint=_AGAIN)
    if kept.refusals:
        raise _refused_before(kept.refusals)
    origin = request.server.url.rstrip("/")
    if not _is_one_server(kept.server.origin, origin):
        raise _of_another_server(kept.server, origin)
    _check_words(kept, terms)
    request = _on_terms(request, terms)
    fresh = plan(request)
    if fresh.plan.server.version != kept.server.version:
        raise PlanRefused(
            f"this plan was made for mailcow {kept.server.version}, the server runs {fresh.plan.server.version} by now",
            id="plan-of-another-version",
            hint=_AGAIN,
        )
    if fresh.plan.desired_digest != kept.desired_digest:
        raise _of_another_checkout(terms, fresh)
    return _taken(request, kept, fresh)


def _is_one_server(origin: str, other: str) -> bool:
    """Whether two addresses are of one server; in capitals or not, and with the usual port or without."""
    try:
        return origin == other or Origin.parse(origin) == Origin.parse(other)
    except UsageError:
        return False


def _check_words(kept: Plan, terms: Terms) -> None:
    """Refuse what speaks of what is not known here: another version of the tool made it, or somebody wrote into it."""
    kinds = {change.address.kind for change in kept.changes} | {kind for kind, _ in terms.prune}
    limits = fields_of(GuardSettings()).keys() - {"protect"}
    unknown = sorted(kinds - registry().keys()) + sorted(terms.limits.keys() - limits)
    if unknown:
        raise PlanRefused(
            f"this plan speaks of `{unknown[0]}`, which this version of the tool does not know",
            id="plan-of-another-tool",
            hint="carry it out with the version of the tool that made it, or make it again with this one: "
            "`reconciler plan PATH... --out FILE`",
        )


def _on_terms(request: PlanRequest, terms: Terms) -> PlanRequest:
    """The request as it was when the plan was made."""
    named = terms.named_base and request.base.revision is None
    return replace(
        request,
        keep=True,
        focus=terms.focus,
        resend=terms.resend,
        skip_unsupported=terms.skip_unsupported,
        prune=tuple(PruneRule(kind, domains) for kind, domains in terms.prune),
        allowed_deletes=terms.allowed_deletes,
        allowed_kinds=terms.allowed_kinds,
        allowed_vanished=terms.allowed_vanished,
        limits=GuardSettings(**terms.limits, protect=request.limits.protect),
        base=Choice(revision=terms.base[0]) if named else request.base,
    )


def _taken(request: PlanRequest, kept: Plan, fresh: Planned) -> Planned:
    """Of a fresh plan, what was kept, has not moved, and needs nothing that has."""
    kinds, live, capabilities = registry(), fresh.live, fresh.server.capabilities
    found = standing(kinds, kept.changes, fresh.plan.changes, live, as_kept=_as_kept)
    held_back = {each.address for each in found.moved}
    concerned = held_back | {change.address for change in found.todo}
    involved = tuple(change for change in fresh.plan.changes if change.address in concerned)
    blocked = dependents(compile_changes(kinds, involved, live, capabilities=capabilities), held_back)
    moved = (*found.moved, *(Moved(address, f"it needs {need}") for address, need in blocked.items()))
    todo = tuple(change for change in found.todo if change.address not in blocked)
    refusals = guard(kinds, todo, fresh.loaded.desired, live, options=fresh.options, limits=limits_of(request))
    stale = tuple(map(_stale, moved))
    return replace(
        fresh,
        plan=replace(
            fresh.plan,
            changes=todo,
            diagnostics=(*fresh.plan.diagnostics, *_told(found), *stale),
            refusals=refusals,
        ),
        operations=compile_changes(kinds, todo, live, capabilities=capabilities),
        stale=stale,
        left=len(stale) + len(found.beyond),
        incomplete="the plan left out what moved, or what it did not hold" if moved or found.beyond else "",
    )


def _as_kept(change: Change) -> Change:
    """What a change is once it was kept and read again: live secrets and hashes are gone."""
    document = plan_document(Plan(ServerIdentity("", ""), changes=(change,)))
    return plan_from_document(document).changes[0]


def _told(found: Standing) -> list[Diagnostic]:
    told = []
    if found.done:
        summary = f"{len(found.done):,} of the plan's changes {'is' if len(found.done) == 1 else 'are'} done already"
        told.append(Diagnostic("done-already", Severity.NOTE, summary))
    if found.beyond:
        told.append(
            Diagnostic(
                "beyond-the-plan",
                Severity.WARNING,
                f"{len(found.beyond)} more to do by now, which the plan does not hold, left out: "
                f"{', '.join(map(str, found.beyond[:3]))}{' ...' if len(found.beyond) > 3 else ''}",  # noqa: PLR2004
                hint="plan again for these",
            )
        )
    return told


def _stale(moved: Moved) -> Diagnostic:
    return Diagnostic(
        "change-moved",
        Severity.WARNING,
        f"`{moved.address}` is left as it is: {moved.why}",
        hint="plan again, and have it reviewed",
        address=moved.address,
    )


def _refused_before(refusals: Sequence[Refusal]) -> PlanRefused:
    permits = list(dict.fromkeys(each.permit for each in refusals))
    flags = [each for each in permits if each.startswith("-")]
    besides = [each for each in permits if not each.startswith("-")]
    allowing = "".join(f"{each} " for each in flags)
    return PlanRefused(
        "this plan was refused when it was made",
        id="plan-refused",
        hint=f"make one that is allowed, and have it reviewed: `reconciler plan PATH... {allowing}--out FILE`"
        + (f", after {', '.join(besides)}" if besides else ""),
        refused="; ".join(each.summary for each in refusals),
    )


def _of_another_server(server: ServerIdentity, origin: str) -> PlanRefused:
    return PlanRefused(
        f"this plan was made for {server.origin}, not for {origin}",
        id="plan-of-another-server",
        hint=f"name its server, by MAILCOW_URL, `--url` or `--env`; or, for this one, {_AGAIN}",
    )


def _of_another_checkout(terms: Terms, fresh: Planned) -> PlanRefused:
    now = fresh.plan.terms
    then, here = _revision(terms), _revision(now) if now is not None else ""
    same = "the same paths, `--env`, `--values` and `--set`"
    is_read_otherwise = then and then == here and not terms.changed
    return PlanRefused(
        "this plan was made of other manifests than are here",
        id="plan-of-another-checkout",
        hint=f"{f'say {same}' if is_read_otherwise else f'get those it was made of, with {same}'}; or {_AGAIN}",
        made_of=then,
        here=here,
    )


def _revision(terms: Terms) -> str:
    if terms.revision is None:
        return ""
    return terms.revision[:12] + (f", with changes in {', '.join(terms.changed[:3])}" if terms.changed else "")
