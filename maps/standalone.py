"""``map.html``: a run as one file that opens from disk with no network, a few MB whatever the county's size.

Cells are pictures in Web Mercator, one per stage and layer; the ground is a picture too. Streets and outlines are
vectors within a budget, the important ones first, and the page says what was left out.
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
import zlib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

from geoplan.run import Run
from geoplan.style import css_tokens
from maps import assets, basemap, coverage, scene, schools, story, style, tables, tiles
from maps.coverage import Sheets, Tiles
from maps.language import day, number, speaker, translations
from maps.siting import proposals
from maps.siting.drawing import proposal_layers
from maps.siting.story import milestone_rows
from maps.streetlines import StreetLines, street_lines

LONG_SIDE = 1400  # pixels of a cell picture
GROUND_SIDE = 2000  # pixels of the ground picture
HERE = Path(__file__).resolve().parent
FULLEST = 5


def standalone(run: Run, language: str) -> bytes:
    """The self-contained map of a run.

    Where the browser libraries are not installed the file holds the figures, and says how to get the map.

    Parameters
    ----------
    language
        ``en`` or ``zh``.
    """
    shown = scene.make_scene(run)
    stages = story.stages(run)
    streets = street_lines(run.tables)
    lacking = assets.remedy()
    data = {} if lacking else _page_data(shown, stages, streets, language)
    body, script = ("", "") if lacking else coverage.map_parts(_map(shown, stages, language))
    text = (
        environment(language)
        .get_template("standalone.html")
        .render(
            language=language,
            panels=[_panel(run, stage, language) for stage in stages],
            stage_names=style.stage_names(language),
            sources=tables.source_rows(run),
            run_id=run.run_id,
            created=day(str(run.manifest.get("created", "")), language),
            legends=style.legends(
                language, story.limits_m(run, stages[0]), known=[story.places_known(run, stage) for stage in stages]
            )
            if stages
            else {},
            first=story.first_stage(run),
            shown=story.first_layer(run, story.first_stage(run)),
            left_out=_left_out(streets, language),
            lacking=lacking,
            styles=style_sheets(),
            scripts=[]
            if lacking
            else [*_libraries(), f"{script}\ngeoplan.start(map_plan);\ngeoplan.startFile(map_plan);"],
            map_body=body,
            page_data=data,
            hashed=_hashed,
        )
    )
    return text.encode()


def _panel(run: Run, stage: str, language: str) -> dict[str, Any]:
    return {
        "story": story.tell(run, stage, language),
        "fullest": schools.fullest(schools.cards(run, stage, language), FULLEST),
        "areas": tables.area_rows(run, stage, language),
        "milestones": milestone_rows(run, stage, language),
        "proposals": proposals.cards(run, stage, language),
    }


def _map(shown: scene.Scene, stages: tuple[str, ...], language: str) -> Any:
    first = story.first_stage(shown.run)
    ground = scene.framed(shown.run, *_sides(shown.run, GROUND_SIDE), margin=0.15)
    names = style.layer_titles(language) if stages else {}
    pictures = _pictures(shown, first)
    corners = _degrees(_frame(shown.run))
    sheets = Sheets(
        base=Tiles("base", "", _picture_uri(shown, ground), _degrees(ground)),
        cells=[Tiles(name, title, pictures[name], corners) for name, title in names.items()],
        shown=story.first_layer(shown.run, first),
        extra=tuple(proposal_layers(shown.run, language)),
    )
    return coverage.coverage_map(shown.run, first, sheets, language=language)


def _page_data(shown: scene.Scene, stages: tuple[str, ...], streets: StreetLines, language: str) -> dict[str, Any]:
    return {
        "stage": (first := story.first_stage(shown.run)),
        "layer": story.first_layer(shown.run, first),
        "language": language,
        "bounds": scene.corners(shown.run),
        "streets": streets.lines,
        "stages": {stage: _stage_data(shown, stage, language) for stage in stages},
        "words": style.script_words(language),
    }


def _stage_data(shown: scene.Scene, stage: str, language: str) -> dict[str, Any]:
    cards = schools.cards(shown.run, stage, language)
    on_the_map = stage == story.first_stage(shown.run)  # its pictures are there already
    pictures = {} if on_the_map else _pictures(shown, stage, style.PER_STAGE)
    return {**schools.card_data(cards), "rings": schools.ring_features(cards), "pictures": pictures}


def _pictures(shown: scene.Scene, stage: str, layers: tuple[str, ...] = style.CELL_LAYERS) -> dict[str, str]:
    frame = _frame(shown.run)
    drawn = {layer: scene.draw(shown, layer, stage, frame) for layer in layers}
    return {
        layer: data_uri(
            tiles.palette_png(
                classes, scene.layer_palette(shown, layer, stage), level=9, strategy=zlib.Z_DEFAULT_STRATEGY
            ),
            "image/png",
        )
        for layer, classes in drawn.items()
    }


def _frame(run: Run) -> tiles.Canvas:
    return scene.framed(run, *_sides(run, LONG_SIDE), margin=0.01)


def _sides(run: Run, longest: int) -> tuple[int, int]:
    """Width and height of a picture in the shape of the region."""
    square = scene.framed(run, longest, longest, margin=0.0)
    x, y = scene.mercator_size(run)
    side = square.bounds[2] - square.bounds[0]
    return max(64, round(longest * x / side)), max(64, round(longest * y / side))


def _degrees(canvas: tiles.Canvas) -> tuple[float, float, float, float]:
    west, south, east, north = canvas.bounds
    lon, lat = scene.TO_DEGREES.transform([west, east], [south, north])
    return lon[0], lat[0], lon[1], lat[1]


def _picture_uri(shown: scene.Scene, canvas: tiles.Canvas) -> str:
    picture = basemap.draw(scene.base_map(shown), canvas, streets=False)
    out = io.BytesIO()
    picture.quantize(24).save(out, "PNG", optimize=True)
    return data_uri(out.getvalue(), "image/png")


def data_uri(body: bytes, mimetype: str) -> str:
    """Bytes as an address a page can hold."""
    return f"data:{mimetype};base64,{base64.b64encode(body).decode()}"


def _left_out(streets: StreetLines, language: str) -> str:
    if not streets.left_out:
        return ""
    say = speaker(language)
    return say(
        "To keep this file small, %(n)s of %(total)s stretches of street, the least important ones, are left out.",
        n=number(streets.left_out, language),
        total=number(streets.total, language),
    )


@cache
def environment(language: str) -> Environment:
    """Templates that speak a language."""
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"), autoescape=True, extensions=["jinja2.ext.i18n"]
    )
    catalogue = translations(language)
    install: Callable[..., None] = environment.install_gettext_callables  # type: ignore[attr-defined]
    install(catalogue.gettext, catalogue.ngettext, newstyle=True)
    return environment


def _libraries() -> list[str]:
    files = [assets.VENDOR / "leaflet.js", assets.VENDOR / "fullscreen.js", HERE / "static" / "map.js"]
    texts = [path.read_text(encoding="utf-8") for path in [*files, HERE / "static" / "mapfile.js"]]
    return [re.sub(r"//# sourceMappingURL=\S+", "", text) for text in texts]


def style_sheets() -> str:
    """Every style sheet with its pictures inside; without the libraries only our own."""
    ours = ((HERE / "static" / name).read_text(encoding="utf-8") for name in ("geoplan.css", "media.css"))
    own = "\n".join((f":root {{ {css_tokens()} }}", *ours))
    if assets.missing():
        return own
    sheets = [_inlined(name) for name in ("leaflet.css", "fullscreen.css")]
    return "\n".join([*sheets, own])


def _inlined(name: str) -> str:
    text = (assets.VENDOR / name).read_text(encoding="utf-8")
    return re.sub(r"url\(['\"]?([\w./-]+)['\"]?\)", _inlined_picture, text)


def _inlined_picture(match: re.Match[str]) -> str:
    path = assets.VENDOR / match[1]
    kinds: Mapping[str, str] = {".png": "image/png", ".svg": "image/svg+xml"}
    return f'url("{data_uri(path.read_bytes(), kinds[path.suffix])}")' if path.is_file() else "none"


def _hashed(script: str) -> str:
    """The source expression that lets exactly this script run."""
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
