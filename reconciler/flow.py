"""What is asked of the pipeline and what it answers: plain values between it and whoever asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.manifest.project import GuardSettings
from reconciler.records import field, record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from reconciler.history.asked import Asked, Choice
    from reconciler.history.git import RunGit
    from reconciler.manifest.project import Project, PruneRule, ServerSettings
    from reconciler.model.command import Run
    from reconciler.model.diagnostic import Diagnostic
    from reconciler.model.focus import Focus
    from reconciler.model.operation import Operation
    from reconciler.model.plan import Plan
    from reconciler.model.policy import Policy
    from reconciler.model.profile import RequestCost
    from reconciler.model.secret import Secret
    from reconciler.model.waves import Waves

    Requests = Callable[[], Sequence[RequestCost]]


@record(frozen=True, slots=True, kw_only=True)
class Clock:
    """The time, handed in, because nothing below the command line looks at it.

    Attributes:
        now: seconds on a clock that never goes back.
        sleep: waits for so many seconds.
        today: the ISO date, for `delete_after`.
        moment: when the run began, as text that sorts by time.
    """

    now: Callable[[], float]
    sleep: Callable[[float], None]
    today: str
    moment: str = ""


@record(frozen=True, slots=True, kw_only=True)
class Workplace:
    """Where the applies of one checkout keep their lock and their journals: outside of it, and only this person's.

    Attributes:
        holder: a few words on this run, for others that want the lock.
        moment: when the run began, as text that sorts by time.
        looked_at: whether it is only looked at, so that an apply may be under way there.
    """

    folder: Path
    holder: str
    moment: str
    looked_at: bool = False


@record(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What is declared, and what it is read with.

    Attributes:
        paths: manifests as a person named them, relative to `start`; ``-`` is standard input.
        start: the folder the run started in.
        project: the project file, where there is one.
        values: values files for templates; a later one wins.
        settings: ``NAME=VALUE`` for templates, the value read as YAML.
        texts: ``NAME=VALUE`` for templates, the value taken as text.
        environ: where ``{env: NAME}`` is looked up; without the variables that hold API keys.
        stdin: reads standard input.
        run: runs the commands secrets come from, when a plan is carried out; None where none may run.
        asked: the same in the words of the command line, for reading another revision; None where that is not wanted.
        git: runs git; None where there is none.
        workplace: where an apply keeps its lock and journal; None where it keeps none.
        cache: the folder where parsed manifests are kept between runs, outside any checkout; None keeps nothing.
    """

    paths: tuple[str, ...]
    start: Path
    project: Project | None
    clock: Clock
    values: tuple[Path, ...] = ()
    settings: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    stdin: Callable[[], bytes] = field(default=bytes, repr=False)
    run: Run | None = field(default=None, repr=False)
    asked: Asked | None = None
    git: RunGit | None = field(default=None, repr=False)
    workplace: Workplace | None = None
    cache: Path | None = None


@record(frozen=True, slots=True, kw_only=True)
class Server:
    """The server of a run.

    Attributes:
        url: scheme, host and port.
        key: the API key.
        settings: how to talk to it.
        allow_plain_http: whether the key may travel unencrypted to a host that is not this machine.
        proxy: the URL of one to go through, which may hold a password; no file of a repository names it, as whoever
            could name it and the certificates to trust would be given the key.
    """

    url: str
    key: Secret
    settings: ServerSettings
    clock: Clock
    allow_plain_http: bool = False
    proxy: Secret | None = None


@record(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What a server answered once, in its place.

    Attributes:
        url: the server it comes from.
        answers: by path, without secrets.
    """

    url: str
    answers: Mapping[str, Any] = field(repr=False)


@record(frozen=True, slots=True, kw_only=True)
class SnapshotTaken:
    """A server's answers, without secrets.

    Attributes:
        text: what goes into the file.
        answers: how many there are.
        timings: seconds by stage.
        requests: tells what requests have cost.
    """

    text: str = field(repr=False)
    answers: int
    diagnostics: tuple[Diagnostic, ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict)
    requests: Requests = tuple


def _everything() -> Focus:
    from reconciler.model.focus import EVERYTHING  # noqa: PLC0415  only plans have a focus

    return EVERYTHING


def _remembered() -> Choice:
    from reconciler.history.asked import Choice  # noqa: PLC0415  as above

    return Choice()


def _all_at_once() -> Waves:
    from reconciler.model.waves import Waves  # noqa: PLC0415  as above

    return Waves()


@record(frozen=True, slots=True, kw_only=True)
class PlanRequest:
    """What a plan is made of.

    Attributes:
        focus: what the run is narrowed to.
        resend: selectors of fields to send although they cannot be compared.
        skip_unsupported: leave out what the server does not know.
        limits: how much the plan may do.
        allowed_deletes: addresses that may be deleted although they are kept.
        allowed_kinds: kinds whose resources may be deleted although they are protected.
        allowed_vanished: kinds of which everything may be gone that was applied before.
        prune: where undeclared resources are deleted.
        policy: what the repository may change; None for no limits.
        show_unmanaged: also list every kind, and what nothing declares.
        base: which revisions say what was declared before.
        keep: whether the plan will be kept, so that it must say what it was made with.
        calls: whether the calls it comes down to are wanted; what is only looked at is planned sooner without them.
        waves: how careful carrying it out is.
    """

    inputs: Inputs
    server: Server | Snapshot
    focus: Focus = field(default_factory=_everything)
    resend: tuple[str, ...] = ()
    skip_unsupported: bool = False
    limits: GuardSettings = field(default_factory=GuardSettings)
    allowed_deletes: tuple[str, ...] = ()
    allowed_kinds: tuple[str, ...] = ()
    allowed_vanished: tuple[str, ...] = ()
    show_unmanaged: bool = False
    prune: tuple[PruneRule, ...] = ()
    policy: Policy | None = None
    base: Choice = field(default_factory=_remembered)
    keep: bool = False
    calls: bool = True
    waves: Waves = field(default_factory=_all_at_once)


@record(frozen=True, slots=True, kw_only=True)
class Validation:
    """Manifests that are right; what is wrong is raised.

    Attributes:
        timings: seconds by stage.
    """

    resources: int
    files: int
    timings: Mapping[str, float] = field(default_factory=dict)


@record(frozen=True, slots=True, kw_only=True)
class PlanResult:
    """A plan, and the calls it comes down to.

    Attributes:
        operations: the calls; none where the request wanted none.
        stale: of a plan that was kept, what is refused because it moved.
        left: how many changes there are besides, for another run: what this one may not make, and of a plan that was
            kept what moved or came since.
        timings: seconds by stage, so far: carrying the plan out adds to them.
        requests: tells what requests have cost so far.
    """

    plan: Plan
    operations: Sequence[Operation] = ()
    stale: tuple[Diagnostic, ...] = ()
    left: int = 0
    timings: Mapping[str, float] = field(default_factory=dict)
    requests: Requests = tuple


@record(frozen=True, slots=True, kw_only=True)
class Exported:
    """A server's live state as manifests.

    Attributes:
        files: text by name, relative to the folder they are for.
        diagnostics: what they leave out, such as secrets that must be supplied.
        timings: seconds by stage.
        requests: tells what requests have cost.
    """

    files: Mapping[str, str]
    diagnostics: tuple[Diagnostic, ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict)
    requests: Requests = tuple
