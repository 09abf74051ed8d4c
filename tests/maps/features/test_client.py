"""A program that knows the standard and not us reads the collections: GDAL, which QGIS reads files with."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator

import pyogrio
import pytest
from flask import Flask
from waitress import create_server

from geoplan.run import Run

READ = """
import json, sys
from pyogrio import list_layers
from pyogrio.raw import read
entry, chosen = "OAPIF:" + sys.argv[1], {"where": "status_primary = 'served'"}
counts = {}
for name in [str(one[0]) for one in list_layers(entry)]:
    meta, _, geometry, fields = read(entry, layer=name)
    counts[name] = [len(fields[0]) if fields else 0, int(sum(one is not None for one in geometry))]
counts["served"] = len(read(entry, layer="toytown.cells", **chosen)[2])
print(json.dumps(counts))
"""


@pytest.fixture(scope="module")
def address(app: Flask) -> Iterator[str]:
    server = create_server(app, host="127.0.0.1", port=0)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}/ogc/"
    server.close()


@pytest.mark.skipif("OAPIF" not in pyogrio.list_drivers(), reason="this GDAL has no driver for OGC API Features")
def test_gdal_reads_every_table_whole(address: str, toytown: Run) -> None:
    made = subprocess.run([sys.executable, "-c", READ, address], capture_output=True, text=True, timeout=120)
    assert made.returncode == 0, made.stderr[-2000:]
    counts = json.loads(made.stdout)
    served = counts.pop("served")
    assert served == int((toytown.tables["cells"]["status_primary"] == "served").sum())
    for name, table in toytown.tables.items():
        rows, places = counts[f"toytown.{name}"]
        assert rows == len(table), name
        if hasattr(table, "geom_type"):
            assert places == int(table.geometry.notna().sum()), name
