/* The map's own behaviour: school rings, cards, legends, and the state of the page in its address. */
"use strict";
const geoplan = (() => {
  const data = JSON.parse(document.getElementById("page-data").textContent);
  const words = data.words;
  const rings = new Map(); // school id -> marker of the stage shown
  const keyed = new Map(); // layers by their key: cell layers, schools
  const SVG = "http://www.w3.org/2000/svg";
  const hooks = { place: lookUp, card: null }; // what a panel does of its own: a place clicked, a school's card

  function make(tag, text, className) {
    const node = document.createElement(tag);
    if (text !== undefined) node.textContent = text;
    if (className) node.className = className;
    return node;
  }

  function circle(radius, className) {
    const node = document.createElementNS(SVG, "circle");
    for (const [key, value] of Object.entries({ cx: 18, cy: 18, r: radius, class: className })) node.setAttribute(key, value);
    return node;
  }

  /* A school: a white ring sized by load, 36 px to touch, named for those who do not see it. */
  function ring(feature, place) {
    const school = feature.properties;
    const box = make("div");
    const svg = document.createElementNS(SVG, "svg");
    for (const [key, value] of Object.entries({ width: 36, height: 36, viewBox: "0 0 36 36", "aria-hidden": "true" })) svg.setAttribute(key, value);
    svg.append(circle(school.radius + 3, "halo"), circle(school.radius, `ring ${school.kind}`));
    box.append(svg, make("span", `${words.school} ${school.name}, ${words.load} ${school.load}`, "sr"));
    const icon = L.divIcon({ html: box, className: "ring-box", iconSize: [36, 36] });
    const marker = L.marker(place, { icon, keyboard: true, riseOnHover: true });
    marker.bindTooltip(make("span", `${school.name} · ${school.load}`), { direction: "top", offset: [0, -10] });
    marker.bindPopup(() => schoolCard(school.id, marker), { minWidth: 220, maxWidth: 300 });
    marker.on("add", () => rings.set(school.id, marker));
    if (!data.stages) {
      marker.on("popupopen", () => keep({ school: school.id }));
      marker.on("popupclose", () => keep({ school: "" }));
    }
    return marker;
  }

  function schoolCard(id, marker) {
    const box = card(cardOf(id));
    if (hooks.card) hooks.card(box, id, marker);
    return box;
  }

  function cardOf(id) {
    const { labels, schools } = data.stages ? data.stages[data.stage] : data;
    const [name, note, values] = schools[id];
    return { name, note, rows: labels.map((label, k) => [label, values[k]]) };
  }

  /* A proposal in the map file: its number, and what it is when asked. */
  function numbered(feature, place) {
    const { rank, name, said, weak } = feature.properties;
    const box = make("div");
    box.append(make("span", String(rank), weak ? "pin weak" : "pin"), make("span", name, "sr"));
    const marker = L.marker(place, { icon: L.divIcon({ html: box, className: "mark-box proposal", iconSize: [34, 34] }), keyboard: true, zIndexOffset: 1000 });
    marker.bindPopup(() => {
      const told = card({ name, rows: [] });
      told.append(make("p", said));
      return told;
    }, { minWidth: 220, maxWidth: 300 });
    return marker;
  }

  function gate(feature, place) {
    return L.circleMarker(place, { radius: 3, weight: 1.5, color: "#1f5f8b", fillColor: "#ffffff", fillOpacity: 1, interactive: false });
  }

  function area(feature, layer) {
    layer.bindTooltip(make("span", feature.properties.name), { permanent: true, direction: "center", className: "area-name", pane: "names" });
  }

  function card(shown) {
    const box = make("div");
    const title = make("h3");
    if (shown.colour) {
      const dot = make("span", "", "dot");
      dot.style.background = shown.colour;
      title.append(dot);
    }
    title.append(shown.name);
    box.append(title);
    if (shown.note) box.append(make("p", shown.note, "note"));
    const table = make("table", undefined, "figures");
    for (const [label, value] of shown.rows || []) {
      const row = table.insertRow();
      const head = make("th", label);
      head.scope = "row";
      row.append(head, make("td", value));
    }
    box.append(table);
    return box;
  }

  function showLegend(layer) {
    for (const node of document.querySelectorAll("[data-legend]")) node.hidden = node.dataset.legend !== layer;
  }

  /* One home, looked up where the map was clicked. */
  let asking = null;
  async function lookUp(map, place) {
    if (!data.cell) return;
    if (asking) asking.abort();
    asking = new AbortController();
    const popup = L.popup({ minWidth: 220, maxWidth: 300 }).setLatLng(place).setContent(make("p", words.loading)).openOn(map);
    const query = new URLSearchParams({ lon: place.lng.toFixed(6), lat: place.lat.toFixed(6), stage: data.stage, lang: data.language });
    try {
      const answer = await fetch(`${data.cell}?${query}`, { signal: asking.signal });
      const found = answer.ok ? await answer.json() : null;
      if (!found) popup.setContent(make("p", words.failed));
      else popup.setContent(found.card ? card(found.card) : make("p", words.nobody));
    } catch (error) {
      if (error.name !== "AbortError") popup.setContent(make("p", words.failed));
    }
  }

  /* The address holds view and layer; links that keep the state are told about it. */
  function keep(state) {
    const write = (address) => {
      const url = new URL(address, location.href);
      for (const [key, value] of Object.entries(state)) {
        if (value) url.searchParams.set(key, value);
        else url.searchParams.delete(key);
      }
      return url;
    };
    history.replaceState(null, "", write(location.href));
    for (const link of document.querySelectorAll("a[data-keep]")) link.href = write(link.href);
  }

  function viewText(map) {
    const centre = map.getCenter();
    return `${centre.lat.toFixed(5)},${centre.lng.toFixed(5)},${map.getZoom()}`;
  }

  function toSchool(map, id) {
    const marker = rings.get(id);
    if (!marker) return;
    map.setView(marker.getLatLng(), Math.max(map.getZoom(), 15), { animate: false });
    marker.openPopup();
    reveal();
  }

  function toHome(map, text) {
    const [lat, lng] = text.split(",").map(Number);
    map.setView([lat, lng], Math.max(map.getZoom(), 16), { animate: false });
    hooks.place(map, L.latLng(lat, lng));
    reveal();
  }

  function reveal() {
    const behaviour = matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
    document.querySelector(".map").scrollIntoView({ block: "nearest", behavior: behaviour });
  }

  function listen(map) {
    document.addEventListener("click", (event) => {
      const link = event.target.closest("a[data-school], a[data-home]");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      if (link.dataset.school) toSchool(map, link.dataset.school);
      else toHome(map, link.dataset.home);
    });
    map.on("click", (event) => hooks.place(map, event.latlng));
    map.getContainer().addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.target === map.getContainer()) hooks.place(map, map.getCenter());
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") map.closePopup();
    });
    map.on("popupopen", (event) => {
      const button = event.popup.getElement().querySelector(".leaflet-popup-close-button");
      if (button) for (const name of ["title", "aria-label"]) button.setAttribute(name, words.close);
    });
    map.on("baselayerchange", (event) => {
      data.layer = event.layer.options.key;
      showLegend(data.layer);
      if (!data.stages) keep({ layer: data.layer });
    });
  }

  function furnish(map) {
    map.attributionControl.setPrefix(false);
    L.control.zoom({ position: "topleft", zoomInTitle: words.zoom_in, zoomOutTitle: words.zoom_out }).addTo(map);
    L.control.scale({ imperial: false }).addTo(map);
    map.getContainer().setAttribute("aria-label", words.map);
    const toggle = document.querySelector(".leaflet-control-layers-toggle");
    if (toggle) for (const name of ["title", "aria-label"]) toggle.setAttribute(name, words.layers);
  }

  /* Rings shrink when the whole county is in view. */
  function scaleRings(map) {
    const scale = Math.min(1, Math.max(0.5, (map.getZoom() - 7) / 7));
    map.getContainer().style.setProperty("--ring-scale", scale.toFixed(2));
  }

  function start(map) {
    furnish(map);
    map.on("zoomend", () => scaleRings(map));
    scaleRings(map);
    listen(map);
    showLegend(data.layer);
    if (data.bounds) fit(map);
    if (data.stages) return;
    map.on("moveend", () => keep({ view: viewText(map), layer: data.layer }));
    if (rings.has(data.school)) rings.get(data.school).openPopup();
    window.addEventListener("resize", () => map.invalidateSize());
  }

  /* Room on the right for legend and layer control, where the map is wide enough to spare it. */
  function fit(map) {
    const right = map.getContainer().clientWidth > 860 ? 282 : 12;
    map.fitBounds(data.bounds, { paddingTopLeft: [12, 12], paddingBottomRight: [right, 30], animate: false });
  }

  for (const kind of [L.ImageOverlay, L.GeoJSON, L.TileLayer]) {
    kind.addInitHook(function remember() {
      if (this.options.key) keyed.set(this.options.key, this);
    });
  }

  return { data, keyed, rings, hooks, make, card, keep, reveal, ring, numbered, gate, area, start, showLegend };
})();
