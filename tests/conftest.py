"""Runs made once for many tests."""

from __future__ import annotations

import pytest

from geoplan.plan import make_run, read_layers
from geoplan.run import Run
from layers.bundle import Layers
from layers.demo.embedded import write_demo


@pytest.fixture(scope="session")
def demo_layers(tmp_path_factory: pytest.TempPathFactory) -> Layers:
    """The embedded county, read."""
    return read_layers(write_demo(tmp_path_factory.mktemp("monaco")))


@pytest.fixture(scope="session")
def made_run(demo_layers: Layers) -> Run:
    """The embedded county, computed."""
    return make_run(demo_layers)
