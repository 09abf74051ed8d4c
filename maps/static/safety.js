/* Route safety on the map: streets and crossings by level, one of them or a home's routes by click. */
"use strict";
geoplan.startSafety = (map) => {
  const { data, hooks, make, card } = geoplan;
  const { words, safety } = data;
  const LAYERS = ["segments", "crossings"];
  const NEAR = 6; // px around a click in which lines and circles are found
  const pane = map.createPane("levels");
  pane.style.zIndex = 440;
  pane.style.pointerEvents = "none";
  map.createPane("routes").style.zIndex = 445;
  const routes = L.layerGroup().addTo(map);
  let gl = null; // MapLibre's map, where the browser has WebGL
  let asking = null;

  function hasWebGL() {
    const canvas = document.createElement("canvas");
    return Boolean(canvas.getContext("webgl2") || canvas.getContext("webgl"));
  }

  /* MapLibre asks from its worker: addresses must be whole. */
  function completed(style) {
    for (const source of Object.values(style.sources)) source.tiles = source.tiles.map((tile) => location.origin + tile);
    return style;
  }

  function vectors() {
    maplibregl.setWorkerUrl(safety.worker);
    const layer = L.maplibreGL({ style: completed(safety.style), pane: "levels", attributionControl: false, fadeDuration: 0, canvasContextAttributes: { preserveDrawingBuffer: true } /* else paper is blank */ }).addTo(map);
    gl = layer.getMaplibreMap();
    gl.getCanvas().setAttribute("aria-hidden", "true");
    gl.getCanvas().tabIndex = -1;
    gl.on("error", (event) => { if (event.error && event.error.status !== 404) document.querySelector("[data-lines-failed]").hidden = false; });
    const shown = (name, visible) => {
      for (const { id, source } of safety.style.layers) if (source === name) gl.setLayoutProperty(id, "visibility", visible ? "visible" : "none");
    };
    return LAYERS.map((name) => switchable((visible) => (gl.isStyleLoaded() ? shown(name, visible) : gl.once("load", () => shown(name, visible)))));
  }

  function switchable(show) {
    return L.layerGroup().on("add", () => show(true)).on("remove", () => show(false));
  }

  function pictures() {
    return LAYERS.map((name) => L.tileLayer(safety.pictures[name], { pane: "levels", maxZoom: 19, maxNativeZoom: 17 }));
  }

  function works() {
    const layer = L.layerGroup();
    for (const [lat, lng, rank] of safety.works) {
      const icon = L.divIcon({ html: make("span", String(rank)), className: "work", iconSize: [22, 22] });
      const marker = L.marker([lat, lng], { icon, keyboard: false, interactive: false, title: `${words.works} ${rank}` });
      layer.addLayer(marker);
    }
    return layer;
  }

  /* Vectors where the browser can draw them, the same as pictures where it cannot or will not. */
  function lines() {
    if (!hasWebGL()) return pictures();
    try {
      return vectors();
    } catch {
      gl = null;
      return pictures();
    }
  }

  function control() {
    const [segments, crossings] = lines();
    for (const layer of [segments, crossings]) layer.addTo(map);
    const overlays = { [words.streets]: segments, [words.crossings]: crossings };
    if (safety.works.length) overlays[words.works] = works();
    const schools = geoplan.keyed.get("schools");
    if (schools) overlays[words.schools] = schools;
    L.control.layers(null, overlays, { collapsed: window.innerWidth < 900, autoZIndex: false }).addTo(map);
  }

  /* The feature under a place: a crossing before a street; the busiest one where several lie there. */
  function underneath(place) {
    if (!gl) return null;
    const { x, y } = gl.project([place.lng, place.lat]);
    const box = [[x - NEAR, y - NEAR], [x + NEAR, y + NEAR]];
    for (const ids of [["crossings-all"], ["segments-certain", "segments-range"]]) {
      const held = ids.filter((id) => gl.getLayer(id));
      const found = gl.queryRenderedFeatures(box, { layers: held }).sort((a, b) => b.properties.pupils - a.properties.pupils || a.id - b.id);
      if (found.length) return `${found[0].source}/${found[0].id}`;
    }
    return null;
  }

  async function ask(address) {
    if (asking) asking.abort();
    asking = new AbortController();
    const url = new URL(address, location.href);
    url.searchParams.set("lang", data.language);
    const answer = await fetch(url, { signal: asking.signal });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  }

  function open(place, waiting) {
    return L.popup({ minWidth: 220, maxWidth: 300 }).setLatLng(place).setContent(make("p", waiting)).openOn(map);
  }

  async function tell(popup, address, show) {
    try {
      show(await ask(address));
    } catch (error) {
      if (error.name !== "AbortError") popup.setContent(make("p", words.failed));
    }
  }

  function choose(key) {
    if (!gl) return;
    const [layer, row] = (key || "/-1").split("/");
    for (const name of LAYERS) if (gl.getLayer(`${name}-chosen`)) gl.setFilter(`${name}-chosen`, ["==", ["id"], name === layer ? Number(row) : -1]);
  }

  function showElement(key, place) {
    routes.clearLayers();
    const popup = open(place, words.looking);
    popup.on("remove", () => choose(null));
    choose(key);
    tell(popup, `${safety.elements}/${key}`, (found) => popup.setContent(card(found.card)));
  }

  async function atPlace(map, place) {
    const key = underneath(place);
    if (key) return showElement(key, place);
    if (gl) return showHome(place);
    const metres = (NEAR + 4) * 40075016.7 * Math.cos(place.lat * Math.PI / 180) / 2 ** (map.getZoom() + 8);
    const near = new URLSearchParams({ lon: place.lng.toFixed(6), lat: place.lat.toFixed(6), within_m: Math.min(metres, 500).toFixed(1) });
    const popup = open(place, words.looking);
    return tell(popup, `${safety.elements}?${near}`, (found) => {
      if (found.row === null) showHome(place);
      else popup.setContent(card(found.card));
    });
  }

  /* A home: its school and both routes, the shortest dashed, the safest whole, in the colour of its group. */
  function showHome(place) {
    routes.clearLayers();
    const query = new URLSearchParams({ lon: place.lng.toFixed(6), lat: place.lat.toFixed(6), stage: data.stage });
    const popup = open(place, safety.route ? words.routing : words.loading);
    popup.on("remove", () => routes.clearLayers());
    tell(popup, `${safety.route || safety.cell}?${query}`, (found) => {
      popup.setContent(found.card ? card(found.card) : make("p", words.nobody));
      drawRoutes(found);
    });
  }

  function drawRoutes({ shortest, safest, worst }) {
    const line = (route, look) => L.geoJSON(route.geometry, { pane: "routes", interactive: false, style: look }).addTo(routes);
    if (safest) {
      line(safest, { color: "#ffffff", weight: 9, opacity: 0.95 });
      line(safest, { color: safety.verdicts[safest.verdict], weight: 6, opacity: 1 });
    }
    if (shortest) line(shortest, { color: "#1c2733", weight: 3, opacity: 1, dashArray: "2 7" });
    if (worst) L.circleMarker([worst.lat, worst.lon], { pane: "routes", radius: 9, color: "#1c2733", weight: 3, fill: false, interactive: false }).addTo(routes);
  }

  /* The traffic checklist under a school's card, asked for once; updating a popup makes its card anew. */
  const checked = new Map();
  function checklist(box, id, marker) {
    if (!safety.gates) return;
    if (checked.has(id)) {
      const items = checked.get(id);
      if (items.length) box.append(make("h4", words.gates), list(items));
      return;
    }
    const place = make("p", words.looking, "note");
    box.append(place);
    fetch(`${safety.gates}/${encodeURIComponent(id)}?lang=${data.language}`).then((answer) => answer.json()).then(({ items }) => {
      checked.set(id, items);
      marker.getPopup().update();
    }).catch(() => { place.textContent = words.failed; });
  }

  function list(items) {
    const table = make("table", undefined, "figures");
    for (const { item, answer, evidence } of items) {
      const row = table.insertRow();
      const head = make("th", item);
      head.scope = "row";
      if (evidence) head.append(make("br"), make("span", evidence, "note"));
      row.append(head, make("td", answer));
    }
    return table;
  }

  function listen() {
    hooks.place = atPlace;
    hooks.card = checklist;
    document.addEventListener("click", (event) => {
      const link = event.target.closest("a[data-at]");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      const place = L.latLng(link.dataset.at.split(",").map(Number));
      map.setView(place, Math.max(map.getZoom(), 17), { animate: false });
      const key = link.dataset.element;
      if (key && !key.endsWith("/-1")) showElement(key, place);
      geoplan.reveal();
    });
  }

  control();
  listen();
};
