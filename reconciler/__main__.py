"""``python -m reconciler``."""

from reconciler.cli import program

program()
