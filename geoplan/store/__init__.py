"""Runs on disk: written whole beside their place, then renamed; never edited."""

from geoplan.identity import run_identity
from geoplan.store.aside import aside_file, aside_folder, sweep, writing_to
from geoplan.store.rasters import cog_bytes, value_rasters
from geoplan.store.runs import RunEntry, find_run, latest, list_runs, read_run, run_folder, write_run
from geoplan.store.tables import LazyTables, TableFacts, table_facts

__all__ = [
    "LazyTables",
    "RunEntry",
    "TableFacts",
    "aside_file",
    "aside_folder",
    "cog_bytes",
    "find_run",
    "latest",
    "list_runs",
    "read_run",
    "run_folder",
    "run_identity",
    "sweep",
    "table_facts",
    "value_rasters",
    "write_run",
    "writing_to",
]
