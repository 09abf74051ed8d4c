"""The command ``worker``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option("--workspace", type=click.Path(path_type=Path), default=Path("workspace"), show_default=True)
@click.option("--threads", type=click.IntRange(1, 16), default=1, show_default=True, help="jobs at a time")
def worker(workspace: Path, threads: int) -> None:
    """Do the jobs that people start on the pages; ends with Ctrl-C or SIGTERM and loses nothing."""
    from maps.jobs.worker import work
    from maps.operation import logs, settings

    settings.check()
    logs.begin()
    work(workspace.absolute(), threads=threads)
