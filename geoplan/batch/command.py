"""The command ``batch``; the door says which function draws ``map.html``."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from geoplan.errors import PlanError

if TYPE_CHECKING:
    from geoplan.batch.ledger import Ledger
    from geoplan.batch.province import Province
    from geoplan.batch.running import Order

SEVERITY = (("failed", 1), ("data", 2), ("request", 3))  # exit code by what went wrong, the gravest first
OUT = Path("province")
OPTIONS = (
    click.argument("plans", nargs=-1, required=True, type=click.Path(path_type=Path)),
    click.option("--workers", type=click.IntRange(1, 512), help="plans at a time; one a processor when absent"),
    click.option(
        "--scheduler", metavar="ADDRESS", help="a Dask scheduler to use instead of processes of this machine"
    ),
    click.option("--resume", is_flag=True, help="skip plans that were computed before from the same files"),
    click.option(
        "--only", default="coverage,safety,siting", show_default=True, help="what to compute; commas between"
    ),
    click.option(
        "--out",
        "target",
        type=click.Path(path_type=Path),
        help="folder for runs and summary; when absent runs go to each plan's own runs/, the summary to province/",
    ),
    click.option("--json", "as_json", is_flag=True, help="one machine-readable object on stdout"),
    click.option("--language", type=click.Choice(["en", "zh"]), default=None),
)


def batch_command(render: str) -> Callable[..., None]:
    """The function of the command with its options, to be registered by the door.

    Parameters
    ----------
    render
        ``module:function`` that draws ``map.html`` from a run and a language, found again in every process.
    """

    def batch(
        plans: Sequence[Path],
        workers: int | None,
        scheduler: str | None,
        resume: bool,
        only: str,
        **rest: object,
    ) -> None:
        """Compute many plans and sum up the province; one bad county never stops the others.

        PLANS are plan folders, plan.toml files, folders of plan folders, or a list of them in a .txt. The exit code
        is 2 when the data of some could not be used.
        """
        from geoplan.batch.plans import list_plans
        from geoplan.batch.running import Order

        target, language = rest["target"], rest["language"]
        order = Order(
            plans=list_plans(plans),
            out=target if isinstance(target, Path) else OUT,
            apart=target is not None,
            workers=workers,
            scheduler=scheduler,
            resume=resume,
            parts=_parts(only),
            language=str(language) if language else None,
            render=render,
        )
        _run(order, as_json=bool(rest["as_json"]))

    for option in reversed(OPTIONS):
        batch = option(batch)
    return batch


def _parts(only: str) -> tuple[str, ...]:
    from geoplan.plan import PARTS

    parts = tuple(name.strip() for name in only.split(",") if name.strip())
    if unknown := sorted(set(parts) - set(PARTS)):
        raise PlanError(f"--only knows {', '.join(PARTS)}, not {', '.join(unknown)}")
    return parts


def _run(order: Order, *, as_json: bool) -> None:
    from geoplan.batch.progress import Progress
    from geoplan.batch.province import province
    from geoplan.batch.running import run_batch
    from geoplan.batch.summary import write_summary
    from geoplan.batch.told import print_province, progress_line, skipped_line
    from geoplan.batch.words import words

    language, err = order.language or "en", Console(stderr=True)

    def tell(progress: Progress) -> None:
        for line in (skipped_line(progress, language), progress_line(progress, language)):
            if line:
                err.print(line, style="dim", highlight=False, markup=False)

    try:
        ledger = run_batch(order, watch=tell)
    except KeyboardInterrupt:
        err.print(words(language)["stopped"], highlight=False)
        raise
    made = province(ledger)
    files = write_summary(made, order.out, language=language)
    if as_json:
        _emit(made, ledger, files)
    else:
        print_province(Console(), made, ledger, files, language)
    sys.exit(exit_code(ledger))


def exit_code(ledger: Ledger) -> int:
    """0 when every plan has its run, else by the gravest of what went wrong."""
    states = {entry.outcome.state for entry in ledger.values()}
    return next((code for state, code in SEVERITY if state in states), 0)


def _emit(made: Province, ledger: Ledger, files: Sequence[Path]) -> None:
    from geoplan.identity import plain

    rows = made.counties.drop(columns="geometry").astype(object).to_dict("records")
    runs = {key: entry.outcome.run for key, entry in ledger.items()}
    faults = made.faults.astype(object).to_dict("records")
    data = {
        "counties": [{**row, "run": runs[row["plan"]]} for row in rows],
        "faults": faults,
        "files": [str(file) for file in files],
    }
    sys.stdout.write(json.dumps(plain(data), ensure_ascii=False, indent=1) + "\n")
