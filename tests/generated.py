"""Everything in this repository that is made from the code: `make generated` writes it, `make check` compares it.

python -m tests.generated           write what is not fresh
python -m tests.generated --check   only tell, with exit code 1
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from reconciler import pipeline
from reconciler.cli import commands, group
from reconciler.kinds import discovered
from reconciler.remote.schedule import readable_routes
from reconciler.render.plan_json import json_text
from reconciler.render.reference_markdown import kinds_markdown
from reconciler.render.schema import plan_schema

ROOT: Final = Path(__file__).parent.parent
README: Final = "README.md"
_SECTION: Final = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def generated(root: Path = ROOT) -> Mapping[str, str]:
    """Every generated file as it should be, by its place in the repository."""
    schemas = {**pipeline.schemas(), "plan.schema.json": plan_schema()}
    return {
        README: _with_sections((root / README).read_text(encoding="utf-8")),
        "reconciler/cli/help.txt": group.help_text(),
        "reconciler/kinds/_index.py": index_of_kinds(),
        **{f"schemas/{name}": json_text(schema) for name, schema in schemas.items()},
    }


def _with_sections(readme: str) -> str:
    """The README with its generated sections made anew."""
    sections = {"kinds": kinds_markdown(pipeline.references()), "commands": commands_markdown()}
    return _SECTION.sub(lambda found: f"{found[1]}\n{sections[found[2]]}\n{found[3]}", readme)


def commands_markdown() -> str:
    """The help of every command; ends with a newline."""
    helps = {name: group.command_help_text(name) for name in commands.COMMANDS}
    return "\n".join(f"### {commands.PROGRAM} {name}\n\n```text\n{text}```\n" for name, text in helps.items())


def index_of_kinds() -> str:
    """The module that spares runs importing every kind."""
    kinds = discovered()
    routes = sorted(readable_routes(kinds.values()))
    return "\n".join(
        [
            '"""What is in this folder; made by `make generated`."""\n',
            "from typing import Final\n",
            "INDEX: Final = {",
            *(f'    "{name}": "{kind.plural}",' for name, kind in kinds.items()),
            "}",
            '"""The key manifests use for each kind, by its name; in the order they are created on a server."""\n',
            "ROUTES: Final = frozenset(",
            "    {",
            *(f'        "{route}",' for route in routes),
            "    }",
            ")",
            '"""The collections they are read from (`schedule.readable_routes`)."""\n',
        ]
    )


def main(arguments: list[str], root: Path = ROOT) -> int:
    """Write what is not fresh, or only tell of it."""
    only_tell = arguments == ["--check"]
    fresh = generated(root)
    stale = [name for name, text in fresh.items() if not (root / name).exists() or (root / name).read_text() != text]
    for name in stale:
        sys.stdout.write(f"{'stale' if only_tell else 'written'}: {name}\n")
        if not only_tell:
            (root / name).write_text(fresh[name], encoding="utf-8")
    if stale and only_tell:
        sys.stdout.write("run `make generated`\n")
    return 1 if stale and only_tell else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
