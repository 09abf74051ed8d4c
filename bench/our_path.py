"""Coverage of a plan folder by this project, in a process of its own; prints one line of JSON."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

begun = time.perf_counter()

from bench import process_peak_mb  # noqa: E402
from geoplan.plan import make_run, read_layers  # noqa: E402  (imports are part of a cold start)
from geoplan.run import Run  # noqa: E402


def main() -> None:
    """From files to accounts: once from a cold start, then again."""
    folder = Path(sys.argv[1])
    run, sizes, cold = _timed(folder, begun)
    peak_mb = process_peak_mb()
    warm = min(_timed(folder, time.perf_counter())[2] for _ in range(2))
    steps = run.manifest["timings"]["seconds"]
    stages = {name: _shares(run, name) for name in run.summary["stages"]}
    found = {"cold": cold, "warm": warm, "peak_mb": peak_mb, "steps": steps, "shares": stages, "sizes": sizes}
    print(json.dumps(found))


def _timed(folder: Path, since: float) -> tuple[Run, dict[str, int], float]:
    layers = read_layers(folder)
    run = make_run(layers)
    seconds = time.perf_counter() - since
    nodes, edges = len(layers.streets.nodes), len(layers.streets.edges)
    return (
        run,
        {"nodes": nodes, "edges": edges, **{name: len(run.tables[name]) for name in ("cells", "schools")}},
        seconds,
    )


def _shares(run: Run, stage: str) -> dict[str, float]:
    found = run.summary["stages"][stage]
    return {limit: pupils / found["pupils"] for limit, pupils in found["reach"].items()}


if __name__ == "__main__":
    main()
