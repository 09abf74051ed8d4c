"""Base maps of others, offered only where the person who runs the service names them; none by default."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import folium
from flask import current_app


@dataclass(frozen=True)
class Ground:
    """An online tile service: its address, the host pages may then load pictures from, and its attribution."""

    title: str
    address: str
    host: str
    attribution: str
    subdomains: str = "abc"


GROUNDS = {
    "osm": Ground(
        "OpenStreetMap (online)",
        "https://tile.openstreetmap.org/{z}/{x}/{y}.png",
        "https://tile.openstreetmap.org",
        "© OpenStreetMap contributors (ODbL)",
    ),
    "tianditu": Ground(
        "天地图 Tianditu (online)",
        "https://t{s}.tianditu.gov.cn/vec_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=vec&STYLE=default"
        "&TILEMATRIXSET=w&FORMAT=tiles&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}&tk=",
        "https://*.tianditu.gov.cn",
        "© 天地图",
        "01234567",
    ),
    "gaode": Ground(
        "高德 Gaode (online; GCJ-02, shifted)",
        "https://webrd0{s}.is.autonavi.com/appmaptile?lang=zh_cn&size=1&scale=1&style=8&x={x}&y={y}&z={z}",
        "https://*.is.autonavi.com",
        "© 高德地图",
        "1234",
    ),
}


def configured() -> list[str]:
    """Names of the online base maps that may be offered; Tianditu only with its key."""
    names = [name.strip() for name in str(current_app.config["TILES"]).split(",")]
    key = current_app.config["TIANDITU_KEY"]
    return [name for name in names if name in GROUNDS and (name != "tianditu" or key)]


def ground_hosts() -> list[str]:
    """Hosts the pages may load pictures from."""
    return [GROUNDS[name].host for name in configured()]


def ground_layers() -> Iterable[folium.TileLayer]:
    """The configured base maps as overlays, all switched off at first."""
    for name in configured():
        ground = GROUNDS[name]
        key = current_app.config["TIANDITU_KEY"] if name == "tianditu" else ""
        yield folium.TileLayer(
            ground.address + key,
            attr=ground.attribution,
            name=ground.title,
            overlay=True,
            show=False,
            subdomains=ground.subdomains,
            max_native_zoom=18,
            max_zoom=19,
            z_index=2,
            pane="ground",
        )
