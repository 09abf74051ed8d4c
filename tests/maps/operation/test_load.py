"""Many at once beside a process pool in one server: all are answered, nothing aborts, the batch is whole."""

from __future__ import annotations

import signal
from pathlib import Path

from bench.load import burst
from geoplan.batch.ledger import read_ledger
from tests.geoplan.batch.towns import write_town
from tests.maps.operation.conftest import Start

BUSY = """
import sys, threading
from pathlib import Path
from geoplan.batch.plans import list_plans
from geoplan.batch.running import Order, run_batch
from maps.app import create_app
from maps.operation.serving import serve
if __name__ == "__main__":
    folder, towns = Path(sys.argv[1]), Path(sys.argv[2])
    app = create_app({"WORKSPACE": folder, "THREADS": 12})

    def ready(text):
        threading.Thread(target=batch).start()
        print("ready", flush=True)

    def batch():
        run_batch(Order(plans=list_plans([towns]), out=towns.parent / "province", workers=2, parts=("coverage",)))
        print("batch done", flush=True)

    serve(app, "127.0.0.1", int(sys.argv[3]), ready=ready)
"""


def test_many_threads_and_a_process_pool_in_one_server_never_abort(
    start: Start, desk_folder: Path, tmp_path: Path, port: int
) -> None:
    for name in ("north", "south"):
        write_town(tmp_path / "towns" / name)
    server = start("-c", BUSY, str(desk_folder), str(tmp_path / "towns"), str(port))
    assert server.stdout and server.stdout.readline()
    told = burst(port, ["east", "west"], viewers=12, planners=2, seconds=2, think_s=0.3)
    wrong = [fault for fault in told.wrong if "files have changed since this run" not in fault]
    assert wrong == [] and {"page", "tile", "api", "what-if", "job"} <= set(told.seconds)
    assert len(told.seconds["page"]) > 12
    assert server.stdout.readline() == "batch done\n"
    assert {entry.outcome.state for entry in read_ledger(tmp_path / "province").values()} == {"done"}
    server.send_signal(signal.SIGTERM)
    _, err = server.communicate(timeout=120)
    assert server.returncode == 0 and "Fatal" not in err, err
