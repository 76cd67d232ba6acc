"""The commands by name: each one's module is imported when it is used."""

from __future__ import annotations

import importlib
from typing import Final

import click

from reconciler import __version__

PROGRAM: Final = "reconciler"
_WIDTH: Final = 100
COMMANDS: Final = {
    "validate": "Check manifests, without any server.",
    "plan": "Show what would change on the server. Changes nothing.",
    "apply": "Make the server as the manifests say, and prove it.",
    "show": "Show a plan that was kept with `plan --out`.",
    "snapshot": "Keep what a server answers, without secrets.",
    "export": "Write a server's live state as manifests.",
    "kinds": "List everything a manifest can declare.",
    "explain": "Explain a kind, or one of its fields.",
    "schema": "Print the JSON Schemas of manifests and plans.",
    "simulate": "Serve a mailcow of our own, to try things out.",
}
"""What each does; the same words as its own help begins with."""


class LazyGroup(click.Group):
    """A group that knows its commands by name, and imports one when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order people meet them."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now; None when there is none."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"reconciler.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": _WIDTH},
    epilog="Exit codes: 0 done, 2 changes pending (with --detailed-exitcode), 3 a manifest is wrong, 4 the API failed, "
    "5 the plan was refused, 6 the apply is incomplete, 64 wrong usage, 130 interrupted, 1 a bug.",
)
@click.version_option(__version__, message="%(prog)s %(version)s", help="Print the version.")
def root() -> None:
    """Keep a mailcow mail server as YAML manifests in git."""


def help_text() -> str:
    """What ``help.txt`` holds: the help of all commands, kept so that showing it imports nothing."""
    return root.get_help(_context()) + "\n"


def command_help_text(name: str) -> str:
    """The help of one command, as `reconciler NAME --help` prints it."""
    context = _context()
    command = root.get_command(context, name)
    if command is None:
        raise ValueError(f"there is no command {name}")
    own = command.make_context(name, [], parent=context, resilient_parsing=True, obj=None)
    return command.get_help(own) + "\n"


def _context() -> click.Context:
    return root.make_context(PROGRAM, [], resilient_parsing=True, terminal_width=_WIDTH)
