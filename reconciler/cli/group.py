"""The command line as click knows it: it reads what is not written plainly, says what is wrong, and writes the help."""

from __future__ import annotations

import importlib
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

import click

from reconciler import __version__
from reconciler.cli.commands import COMMANDS, PROGRAM, Said
from reconciler.cli.session import Session
from reconciler.cli.words import Argument, Numbers, Option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.cli.words import Word

__all__ = ["command_help_text", "help_text", "read_with_click", "root"]

_WIDTH: Final = 100
_ELSEWHERE: Final = {
    "check": "validate",
    "diff": "plan",
    "dump": "export",
    "get-zones": "export",
    "import": "export",
    "preview": "plan",
    "push": "apply",
    "sync": "apply",
}
"""What similar tools call such commands."""


class LazyGroup(click.Group):
    """A group that knows its commands by name, and imports one when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order people meet them."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now; None when there is none."""
        del ctx
        return _command(cmd_name) if cmd_name in COMMANDS else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is meant; a word that is none is told with the one it may be, here or elsewhere."""
        word = args[0]
        if word not in COMMANDS and not word.startswith("-"):
            meant = _ELSEWHERE.get(word) or next(iter(get_close_matches(word, COMMANDS, n=1)), None)
            if meant is not None:
                ctx.fail(f"No such command '{word}'. (Did you mean '{meant}'?)")
        return super().resolve_command(ctx, args)

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


def read_with_click(typed: Sequence[str], session: Session) -> Said | int:
    """Read a command line.

    Args:
        typed: all of it, behind the program's name.
        session: is told what it must heed even while the rest turns out to be wrong.

    Returns:
        What was said; an exit code where it was a question that is answered by now, such as for help.

    Raises:
        click.ClickException: something is wrong with it.
    """
    try:
        with root.make_context(PROGRAM, list(typed), obj=session) as context:
            said: Said = root.invoke(context)
            return said
    except click.exceptions.Exit as ended:
        return ended.exit_code


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


def _command(name: str) -> click.Command:
    module = importlib.import_module(f"reconciler.cli.{name}")
    return click.Command(
        name,
        params=list(map(_parameter, module.WORDS)),
        help=module.act.__doc__,
        callback=lambda **given: Said(name, given),
    )


def _parameter(word: Word) -> click.Parameter:
    if isinstance(word, Argument):
        many = -1 if word.many else 1
        return click.Argument([word.name], nargs=many, metavar=word.metavar, callback=_say_something, **_default(word))
    if word.is_flag:
        return click.Option([*word.flags, word.name], is_flag=True, callback=_heed, help=word.told)
    return click.Option(
        [*word.flags, word.name],
        type=_type(word),
        metavar=word.metavar,
        multiple=word.many,
        required=word.required,
        show_default=word.shows_default,
        is_eager=word.name == "format",
        callback=_heed,
        help=word.told,
        **_default(word),
    )


def _default(word: Word) -> dict[str, Any]:
    """What click is told of a default: to some of its versions, None is one."""
    return {} if word.default is None else {"default": word.default}


def _type(option: Option) -> click.ParamType[Any]:
    if isinstance(option.takes, Numbers):
        bounds = option.takes
        return click.INT if bounds == Numbers() else click.IntRange(bounds.least, bounds.most)
    return click.STRING if option.takes is None else click.Choice(option.takes)


def _heed(context: click.Context, parameter: click.Parameter, value: Any) -> Any:
    """Tell the session how it is to speak, so that what is wrong with the rest is told that way."""
    if parameter.name is not None and isinstance(context.obj, Session):
        context.obj.heed(parameter.name, value)
    return _say_something(context, parameter, value)


def _say_something(context: click.Context, parameter: click.Parameter, value: Any) -> Any:
    """Refuse what is empty: a variable that is not set must not pass for nothing said, such as no policy at all."""
    if value == "" or (isinstance(value, tuple) and "" in value):
        raise click.BadParameter("it is empty; is the variable set that should hold it?", context, parameter)
    return value
