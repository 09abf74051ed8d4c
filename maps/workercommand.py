"""The command ``worker``."""

from __future__ import annotations

import logging
from pathlib import Path

import click


@click.command()
@click.option("--workspace", type=click.Path(path_type=Path), default=Path("workspace"), show_default=True)
@click.option("--threads", type=click.IntRange(1, 16), default=1, show_default=True, help="jobs at a time")
def worker(workspace: Path, threads: int) -> None:
    """Do the jobs that people start on the pages; ends with Ctrl-C or SIGTERM and loses nothing."""
    from maps.jobs.worker import work

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    logging.getLogger("huey").setLevel(logging.WARNING)
    work(workspace.absolute(), threads=threads)
