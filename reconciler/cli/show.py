"""``reconciler show``."""

from __future__ import annotations

from typing import Any

import click

from reconciler.cli.exits import of_plan
from reconciler.cli.kept import read_plan
from reconciler.cli.options import ALL_FORMATS, output_options
from reconciler.cli.session import Session
from reconciler.cli.views import plan_view
from reconciler.flow import PlanResult


@click.command("show")
@click.argument("file")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 when there are changes.")
@output_options(*ALL_FORMATS)
@click.pass_obj
def command(session: Session, /, **given: Any) -> int:
    """Show a plan that was kept with `plan --out`.

    It needs no manifests, no server and no key.
    """
    plan = read_plan(session.surroundings.start / given["file"])
    session.give(plan_view(session, PlanResult(plan=plan), calls=False))
    return of_plan(plan, detailed=given["detailed_exitcode"])
