"""The commands ``backup``, ``restore`` and ``bundle``."""

from __future__ import annotations

from pathlib import Path

import click

from maps.usercommands import at_the_command_line

FILE = click.Path(path_type=Path)
MB = 1_000_000


@click.command()
@click.argument("file", type=FILE)
@click.option("--workspace", type=FILE, default=Path("workspace"), show_default=True)
def backup(file: Path, workspace: Path) -> None:
    """Write one file that brings the workspace back; the service may go on meanwhile."""
    from maps.operation.backup import back_up

    made = back_up(workspace, file, by=at_the_command_line())
    click.echo(f"{made.path}: {made.files} files, {made.bytes / MB:.1f} MB")
    if made.gone:
        click.echo(f"{len(made.gone)} files were deleted while it was made and are not in it", err=True)


@click.command()
@click.argument("file", type=FILE)
@click.option("--workspace", type=FILE, required=True, help="a folder that is empty, or not there")
@click.option("--replace", is_flag=True, help="put it in the place of the workspace there, which is kept beside it")
def restore(file: Path, workspace: Path, replace: bool) -> None:
    """Bring a workspace back from a backup: checked whole before anything is put in place."""
    from maps.operation.restore import restore as bring_back

    done = bring_back(file, workspace, replace=replace, by=at_the_command_line())
    click.echo(f"{done.workspace}: {done.files} files as of {done.created} (geoplan {done.version})")
    if done.aside is not None:
        click.echo(f"the workspace that was there is now {done.aside}")


@click.command()
@click.argument("folder", type=FILE)
@click.option("--no-wheels", is_flag=True, help="without libraries, for who has a package index of their own")
def bundle(folder: Path, no_wheels: bool) -> None:
    """Write what a machine without internet needs: wheels, browser libraries, source, a script to install."""
    from maps.operation.bundle import bundle as write

    made = write(folder, wheels=not no_wheels)
    click.echo(f"{made.path}: {made.files} files, {made.wheels} wheels, {made.bytes / MB:.0f} MB")
