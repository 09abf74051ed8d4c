"""The command line door: thin commands, one error table, honest exit codes."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from geoplan import __version__
from geoplan.batch.command import batch_command
from geoplan.errors import PlanError
from layers.errors import Fault, InputError
from layers.planfile import plan_language
from maps.operation.commands import backup, bundle, restore
from maps.usercommands import user
from maps.workercommand import worker

if TYPE_CHECKING:
    from geoplan.exports.orders import Paper

EXIT_BUG, EXIT_DATA, EXIT_REQUEST, EXIT_INTERRUPTED = 1, 2, 3, 130
LANGUAGES = click.Choice(["en", "zh"])

out = Console()
err = Console(stderr=True)


class Command(click.Command):
    """A command that leaves what was asked for where :func:`main` finds it when it fails."""

    def invoke(self, ctx: click.Context) -> Any:
        """Note the options, then run."""
        if isinstance(ctx.obj, dict):
            ctx.obj.update(ctx.params)
        return super().invoke(ctx)


class Commands(click.Group):
    """The commands."""

    command_class = Command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="geoplan")
def cli() -> None:
    """School-layout planning: who can reach a school, is the way safe, where must the next school stand."""


@cli.command()
@click.option("--county", is_flag=True, help="the generated county of 500,000 people instead of the embedded one")
@click.option("--out", "folder", type=click.Path(path_type=Path), default=Path("workspace"), show_default=True)
@click.option("--language", type=LANGUAGES, default=None, help="language of the texts; the plan's own when absent")
def demo(county: bool, folder: Path, language: str | None) -> None:
    """Write a demo county as a plan folder, check it, run it, and say where the map is."""
    from layers.demo.county import NAME as COUNTY
    from layers.demo.county import write_county
    from layers.demo.embedded import NAME, write_demo

    plan_folder = folder / (COUNTY if county else NAME)
    if county and (plan_folder / "plan.toml").exists():
        err.print(f"keeping the plan that is already in {plan_folder}", highlight=False)
        plan_file = plan_folder / "plan.toml"
    else:
        plan_file = (write_county if county else write_demo)(plan_folder)
    _run(plan_file, language=language, as_json=False, target=None)


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--place", default="", help="name of the place, to be downloaded by 'fetch'")
def new(folder: Path, place: str) -> None:
    """Write a commented plan.toml to fill in; an existing one is kept."""
    from layers.template import plan_template

    file = folder / "plan.toml"
    if file.exists():
        raise PlanError(f"{file} exists already and is kept; name another folder")
    folder.mkdir(parents=True, exist_ok=True)
    file.write_text(plan_template(folder.resolve().name, place), encoding="utf-8")
    out.print(f"wrote {file}: fill it in, then: python -m geoplan check {folder}", highlight=False)


@cli.command()
@click.argument("plan", type=click.Path(path_type=Path))
def fetch(plan: Path) -> None:
    """Download what plan.toml names as online into the plan folder; the only command that uses the internet."""
    from layers.online import fetch as download
    from layers.planfile import read_plan

    for file in download(read_plan(plan, files=False), lambda text: err.print(text, highlight=False)):
        out.print(str(file), highlight=False, soft_wrap=True)


@cli.command()
@click.argument("plan", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="one machine-readable object on stdout")
@click.option("--language", type=LANGUAGES, default=None)
def check(plan: Path, as_json: bool, language: str | None) -> None:
    """The data doctor: every fault and warning with file, row, column, value and remedy; exit 2 on errors."""
    from geoplan.doctor import examine
    from geoplan.plan import read_layers
    from geoplan.report import fault_table, fault_verdict

    language = language or plan_language(plan)
    faults: tuple[Fault, ...]
    try:
        layers = read_layers(plan, say=partial(_say, language=language))
        faults = (*layers.faults, *examine(layers))
    except InputError as error:
        faults = error.faults
    if as_json:
        _emit({"faults": [fault.as_dict(language) for fault in faults]})
    else:
        if faults:
            out.print(fault_table(faults, language))
        out.print(fault_verdict(faults, language), highlight=False)
    if any(fault.severity == "error" for fault in faults):
        sys.exit(EXIT_DATA)


@cli.command()
@click.argument("plan", type=click.Path(path_type=Path))
@click.option("--only", default="coverage,safety,siting", show_default=True, help="what to compute; commas between")
@click.option("--scenario", help="a scenario file, or the name of one in the plan's scenarios/")
@click.option("--out", "target", type=click.Path(path_type=Path), help="folder for runs/; the plan's own when absent")
@click.option("--json", "as_json", is_flag=True, help="one machine-readable object on stdout")
@click.option("--language", type=LANGUAGES, default=None)
def run(
    plan: Path, only: str, scenario: str | None, target: Path | None, as_json: bool, language: str | None
) -> None:
    """Read, check and compute a plan; write the run; print the accounts in plain words."""
    _run(plan, language=language, as_json=as_json, target=target, only=only, scenario=scenario)


def _run(
    plan: Path,
    *,
    language: str | None,
    as_json: bool,
    target: Path | None,
    only: str = "coverage,safety,siting",
    scenario: str | None = None,
) -> None:
    from geoplan.plan import PARTS, make_run, read_layers
    from geoplan.report import print_run
    from geoplan.store import sweep, write_run
    from layers.scenariofile import read_scenario, scenario_path
    from maps.standalone import standalone

    parts = [name.strip() for name in only.split(",") if name.strip()]
    if unknown := sorted(set(parts) - set(PARTS)):
        raise PlanError(f"--only knows {', '.join(PARTS)}, not {', '.join(unknown)}")
    language = language or plan_language(plan)
    say = partial(_say, language=language)
    what_if = None if scenario is None else read_scenario(scenario_path(plan, scenario))
    layers = read_layers(plan, say=say)
    result = make_run(layers, scenario=what_if, say=say, parts=parts, cache=layers.plan.root / "cache")
    say("map")
    folder = target or layers.plan.root
    sweep(folder / "runs")
    path = write_run(result, folder, render=lambda made: standalone(made, language))
    if as_json:
        _emit({"run": result.run_id, "path": str(path), "summary": result.summary})
    else:
        print_run(out, result, path, language)


@cli.command()
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--map", "page", type=click.Path(path_type=Path), help="write the difference as a page of pictures")
@click.option("--out", "layer", type=click.Path(path_type=Path), help="write the cells that change as a GeoPackage")
@click.option("--json", "as_json", is_flag=True, help="one machine-readable object on stdout")
@click.option("--language", type=LANGUAGES, default="en")
def compare(runs: Sequence[Path], page: Path | None, layer: Path | None, as_json: bool, language: str) -> None:
    """Two or more runs side by side: accounts, reach, sub-areas, schools whose load changed."""
    from geoplan.compare import compare as side_by_side
    from geoplan.exports.difference import write_differences
    from geoplan.report import print_comparison
    from geoplan.store import aside_file, find_run, read_run
    from maps.difference import difference_page

    read = [read_run(find_run(path)) for path in runs]
    found = side_by_side(read)
    if page is not None:
        with aside_file(page) as aside:
            aside.write_bytes(difference_page(read, language))
    if layer is not None:
        write_differences(read, found["stages"], layer)
    if as_json:
        _emit(found)
    else:
        print_comparison(out, found, language)
        for file in filter(None, (page, layer)):
            out.print(str(file), highlight=False, soft_wrap=True)


@cli.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--name", required=True, help="what the scenario is called; its file gets this name")
@click.option("--proposals", default="", help="ranks of proposed schools, commas between, or all")
@click.option("--works", default="", help="ranks of packages of works on streets, commas between, or all")
@click.option("--out", "folder", type=click.Path(path_type=Path), help="folder; the plan's scenarios/ when absent")
def scenario(run: Path, name: str, proposals: str, works: str, folder: Path | None) -> None:
    """Write what a run proposes as a scenario file, to be run, changed and compared."""
    from geoplan.scenario.saved import ranks, scenario_of
    from geoplan.store import find_run, read_run
    from layers.scenariofile import FOLDER, write_scenario

    path = find_run(run)
    found = scenario_of(read_run(path), name, proposals=ranks(proposals), works=ranks(works))
    out.print(str(write_scenario(found, folder or path.parent.parent / FOLDER)), highlight=False, soft_wrap=True)


@cli.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "formats",
    default="gpkg,csv",
    show_default=True,
    help="csv, geojson, gpkg, cog, xlsx, docx, pdf, sheets; commas between",
)
@click.option("--language", type=LANGUAGES, default="en")
@click.option("--template", type=click.Path(path_type=Path), help="your own Word template for docx")
@click.option("--paper", type=click.Choice(["a4", "a3"]), default="a4", show_default=True, help="of map sheets")
@click.option(
    "--out", "folder", type=click.Path(path_type=Path), help="where to write; the run's exports/ when absent"
)
def export(run: Path, formats: str, language: str, folder: Path | None, paper: Paper, template: Path | None) -> None:
    """Write a run as files that QGIS, Excel and other programs open."""
    from geoplan.exports import export as write_files
    from geoplan.store import find_run, read_run

    path = find_run(run)
    wanted = [name.strip() for name in formats.split(",") if name.strip()]
    target = folder or path.parent.parent / "exports" / path.name
    for file in write_files(read_run(path), wanted, target, language=language, template=template, paper=paper):
        out.print(str(file), highlight=False, soft_wrap=True)


@cli.command()
@click.argument("profile", required=False)
@click.option("--json", "as_json", is_flag=True, help="one machine-readable object on stdout")
@click.option("--language", type=LANGUAGES, default="en")
def standards(profile: str | None, as_json: bool, language: str) -> None:
    """Every norm of a profile with value, unit, metric, force, source, date and confidence."""
    from geoplan.report import norm_table
    from geoplan.standards import load, norm_rows, profiles

    if profile is None:
        names = list(profiles())
        if as_json:
            _emit({"profiles": names})
        else:
            out.print("\n".join(names), highlight=False)
        return
    rows = norm_rows(load(profile))
    if as_json:
        _emit({"profile": profile, "norms": rows})
    else:
        out.print(norm_table(rows, language))


@cli.command()
@click.argument("instance", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, default=True, help="implied")
@click.option("--language", type=LANGUAGES, default="en")
def locate(instance: Path, as_json: bool, language: str) -> None:
    """Solve a location model given as JSON (lscp, mclp, p_median, p_center, cflp); prints one JSON object."""
    from geoplan.siting.location import as_data, read_instance
    from geoplan.siting.location import locate as solve

    try:
        text = instance.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = str(getattr(error, "strerror", None) or getattr(error, "reason", error))
        raise InputError([Fault("location_unreadable", file=str(instance), params={"why": why})]) from None
    _emit(as_data(solve(read_instance(text, instance.name)), language))


@cli.command()
@click.option("--workspace", type=click.Path(path_type=Path), default=Path("workspace"), show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--read-only", is_flag=True, help="everyone may look, nobody may change")
@click.option("--no-worker", is_flag=True, help="start no process for jobs; 'worker' does them then")
def serve(workspace: Path, host: str, port: int, read_only: bool, no_worker: bool) -> None:
    """Open the web application: without a log-in for this machine, with one where others can reach it."""
    from maps.app import create_app
    from maps.jobs.beside import worker_beside
    from maps.operation import logs
    from maps.operation.serving import leave
    from maps.operation.serving import serve as answer
    from maps.people.settings import serving

    logs.begin()
    app = create_app(serving(workspace, host, read_only=read_only))
    with worker_beside(None if no_worker else workspace) as ending:
        cut = answer(app, host, port, ready=lambda text: err.print(text, highlight=False), ending=ending.set)
    if cut:
        leave()


cli.command(name="batch")(batch_command(render="maps.standalone:standalone"))
cli.add_command(user)
cli.add_command(worker)
cli.add_command(backup)
cli.add_command(restore)
cli.add_command(bundle)


def _say(step: str, language: str = "en") -> None:
    from geoplan.report import step_text

    err.print(step_text(step, language), style="dim", highlight=False)


def _emit(data: Any) -> None:
    from geoplan.identity import plain

    sys.stdout.write(json.dumps(plain(data), ensure_ascii=False, indent=1) + "\n")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command; the table of errors and exit codes is here and nowhere else."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    asked: dict[str, Any] = {"as_json": "--json" in given}
    try:
        cli.main(args=given, prog_name="geoplan", standalone_mode=False, obj=asked)
    except InputError as error:
        sys.exit(_refused(error, asked))
    except (KeyboardInterrupt, click.Abort):
        err.print(_text("interrupted", asked), highlight=False)
        sys.exit(EXIT_INTERRUPTED)
    except click.ClickException as error:
        sys.exit(_unmet(error.format_message(), asked, error))
    except PlanError as error:
        sys.exit(_unmet(str(error), asked))
    except OSError as error:
        from geoplan.report import unwritten

        sys.exit(_unmet(unwritten(error, _language(asked)), asked))


def _language(asked: Mapping[str, Any]) -> str:
    """The language asked for, else the plan's, else English."""
    return asked.get("language") or (plan_language(asked["plan"]) if asked.get("plan") else "en")


def _text(key: str, asked: Mapping[str, Any]) -> str:
    from geoplan.report import TEXTS

    return TEXTS[_language(asked)][key]


def _refused(error: InputError, asked: Mapping[str, Any]) -> int:
    """Say what is wrong with the data: one object on stdout, or a table on stderr."""
    from geoplan.report import fault_table, fault_verdict

    language = _language(asked)
    if asked["as_json"]:
        _emit({"error": {"kind": "data", "faults": [fault.as_dict(language) for fault in error.faults]}})
    else:
        err.print(fault_table(error.faults, language))
        err.print(fault_verdict(error.faults, language), highlight=False)
    return EXIT_DATA


def _unmet(message: str, asked: Mapping[str, Any], usage: click.ClickException | None = None) -> int:
    """Say why a request cannot be met: one object on stdout, or a sentence on stderr."""
    if asked["as_json"]:
        _emit({"error": {"kind": "request", "faults": [{"message": line} for line in message.splitlines()]}})
    elif usage is not None:
        usage.show()
    else:
        err.print(message, style="bold", highlight=False, markup=False)
    return EXIT_REQUEST


if __name__ == "__main__":
    main()
