"""The options commands share, as data (`words`)."""

from __future__ import annotations

from reconciler.cli.session import JSON, MARKDOWN, TEXT
from reconciler.cli.surroundings import PROXY_VARIABLE, URL_VARIABLE
from reconciler.cli.words import Argument, Numbers, Option, flag, option

ALL_FORMATS = (TEXT, JSON, MARKDOWN)


def format_option(*formats: str) -> Option:
    """``--format``."""
    return option("--format", "Form of the data on standard output.", takes=formats, default=TEXT)


def output_options(*formats: str) -> tuple[Option, ...]:
    """``--format``, ``-v``, ``-q`` and ``--profile``."""
    return (
        format_option(*formats),
        flag("-v, --verbose", "Say more: every call, and where an error came from."),
        flag("-q, --quiet", "Say only what matters."),
        flag("--profile", "Say where the time went."),
    )


PATHS = Argument("paths", metavar="[PATH]...", many=True)

PROJECT_OPTIONS = (
    option("--project", "The project file; found upwards from here otherwise.", metavar="FILE"),
    option("--env", "An environment of the project file.", name="environment", metavar="NAME"),
)

INPUT_OPTIONS = (
    option("--values", "Values for templates; the last one wins.", metavar="FILE", many=True),
    option("--set", "A value for templates, as YAML.", name="settings", metavar="NAME=VALUE", many=True),
    option("--set-string", "A value for templates, as text.", name="texts", metavar="NAME=TEXT", many=True),
    flag("--no-cache", "Parse every file anew."),
)

CONNECTION_OPTIONS = (
    option("--url", f"The server; otherwise {URL_VARIABLE}, or the project file's.", metavar="URL"),
    option("--ca-file", "Certificates to trust in place of the public ones.", metavar="FILE"),
    option(
        "--proxy", f"Go through this one; otherwise {PROXY_VARIABLE}'s. No other variable's is taken.", metavar="URL"
    ),
    flag("--insecure-http", "Send the API key unencrypted to another machine."),
    option("--parallelism", "Requests at once; fewer while the server labours.", metavar="N", takes=Numbers(1, 64)),
)

SERVER_OPTIONS = (
    *CONNECTION_OPTIONS,
    option("--domain", "Only what belongs to these domains.", name="domains", metavar="PATTERN", many=True),
)

PLAN_OPTIONS = (
    option(
        "--target", "Only this, and what it needs; `*` matches anything.", name="targets", metavar="KIND/KEY", many=True
    ),
    flag("--show-calls", "Show the exact API calls, without secrets."),
    flag("--skip-unsupported", "Leave out what the server's version does not know."),
    option(
        "--resend",
        "Send what cannot be compared, such as a password; `*` matches anything.",
        metavar="KIND/KEY[#FIELD]",
        many=True,
    ),
    option("--base", "Delete what this revision declared and the manifests do not any more.", metavar="REV"),
    flag("--no-base", "Delete nothing for being no longer declared."),
    option(
        "--prune",
        "Delete what is not declared of this kind, in domains like PATTERN; besides what the project file says.",
        metavar="KIND[:PATTERN]",
        many=True,
    ),
    option(
        "--policy-from",
        "Only what reconciler-policy.yaml of this revision permits; its guards are taken too.",
        metavar="REV[:FILE]",
    ),
    flag("--show-unmanaged", "List what is on the server and nothing declares."),
    option("--allow-delete", "Delete it although it is to be kept.", metavar="KIND/KEY", many=True),
    option("--allow-delete-kind", "Delete of a protected kind.", metavar="KIND", many=True),
    option("--allow-vanished", "All of it may be gone that was applied.", metavar="KIND", many=True),
    option("--allow-deletes", "Up to so many deletions.", metavar="N", takes=Numbers(0)),
    option("--allow-delete-percent", "Up to this share of a kind.", metavar="N", takes=Numbers(0, 100)),
    option("--allow-delete-bytes", "Up to so many bytes of mail.", metavar="N", takes=Numbers(0)),
    option("--allow-changes", "Up to so many changes.", metavar="N", takes=Numbers(0)),
)

WHAT_TO_PLAN = (PATHS, *PROJECT_OPTIONS, *SERVER_OPTIONS, *INPUT_OPTIONS, *PLAN_OPTIONS)
"""What a plan is made of; an apply begins with one."""
