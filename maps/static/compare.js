/* Maps side by side: one view, one layer and one cursor for all of them; homes that change drawn over each. */
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("page-data").textContent);
  const words = data.words;
  const SVG = "http://www.w3.org/2000/svg";
  const sheets = []; // {map, tiles, changes, cursor, box}
  let moving = false;

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

  function ring({ properties: school, geometry }, fresh) {
    const box = make("div");
    const svg = document.createElementNS(SVG, "svg");
    for (const [key, value] of Object.entries({ width: 36, height: 36, viewBox: "0 0 36 36", "aria-hidden": "true" })) svg.setAttribute(key, value);
    svg.append(circle(school.radius + 3, "halo"), circle(school.radius, `ring ${school.kind}`));
    box.append(fresh ? make("span", "+", "fresh") : svg, make("span", `${words.school} ${school.name}, ${words.load} ${school.load}`, "sr"));
    const icon = L.divIcon({ html: box, className: fresh ? "mark-box" : "ring-box", iconSize: [36, 36] });
    const marker = L.marker([geometry.coordinates[1], geometry.coordinates[0]], { icon, keyboard: false, riseOnHover: true, zIndexOffset: fresh ? 2000 : 0 });
    const said = [school.name, fresh ? words.opened : "", school.load].filter(Boolean).join(" · ");
    return marker.bindTooltip(make("span", said), { direction: "top", offset: [0, -10] });
  }

  function cross(school) {
    const face = make("div");
    face.append(make("span", "×", "gone"), make("span", `${school.name}: ${words.closed}`, "sr"));
    const icon = L.divIcon({ html: face, className: "mark-box", iconSize: [36, 36] });
    return L.marker([school.lat, school.lon], { icon, keyboard: false, zIndexOffset: 1500 }).bindTooltip(make("span", `${school.name} · ${words.closed}`));
  }

  function home(project) {
    const face = make("div");
    face.append(make("span", "⌂", "fresh"), make("span", `${words.built}: ${project.name}`, "sr"));
    const icon = L.divIcon({ html: face, className: "mark-box", iconSize: [36, 36] });
    return L.marker([project.lat, project.lon], { icon, keyboard: false, zIndexOffset: 1800 }).bindTooltip(make("span", `${words.built}: ${project.name}`), { direction: "top", offset: [0, -14] });
  }

  function radius(map) {
    return Math.min(10, Math.max(3, map.getZoom() - 9));
  }

  function changes(map, homes) {
    const group = L.layerGroup();
    const canvas = L.canvas({ pane: "changes", padding: 0.2 });
    for (const [lon, lat, kind] of homes.values.toReversed()) {
      const { colour, hollow } = data.change[kind];
      const look = hollow ? { color: colour, weight: 3, fillColor: "#ffffff" } : { color: "#ffffff", weight: 1, fillColor: colour };
      group.addLayer(L.circleMarker([lat, lon], { ...look, radius: radius(map), fillOpacity: 0.95, renderer: canvas, interactive: false }));
    }
    map.on("zoomend", () => group.eachLayer((home) => home.setRadius(radius(map))));
    return group;
  }

  function pane(map, name, order, through) {
    map.createPane(name).style.zIndex = order;
    if (through) map.getPane(name).style.pointerEvents = "none";
  }

  function sheet(told) {
    const box = document.getElementById(`map-${told.letter}`);
    const map = L.map(box, { zoomControl: false, zoomSnap: 0.25, maxZoom: 19, minZoom: 3 });
    box.setAttribute("aria-label", words.of.replace("{letter}", told.letter.toUpperCase()));
    box.setAttribute("role", "region");
    pane(map, "ground", 100);
    pane(map, "cells", 200);
    pane(map, "changes", 420, true);
    map.attributionControl.setPrefix(false);
    L.control.zoom({ position: "topleft", zoomInTitle: words.zoom_in, zoomOutTitle: words.zoom_out }).addTo(map);
    L.control.scale({ imperial: false }).addTo(map);
    L.tileLayer(told.base, { pane: "ground", maxZoom: 19, attribution: make("span", data.credit).innerHTML }).addTo(map);
    const tiles = L.tileLayer(told.tiles[data.layer], { pane: "cells", maxZoom: 19 }).addTo(map);
    const made = { map, box, tiles, told, changes: told.homes ? changes(map, told.homes) : null };
    made.cursor = L.marker([0, 0], { icon: L.divIcon({ className: "cursor", iconSize: [14, 14] }), interactive: false, keyboard: false });
    sheets.push(made);
    return made;
  }

  function furnish({ map, told }) {
    for (const feature of told.schools) ring(feature, told.opened.includes(feature.properties.id)).addTo(map);
    for (const project of told.built) home(project).addTo(map);
    for (const school of data.closed) if (school.letters.includes(told.letter)) cross(school).addTo(map);
  }

  /* Rings shrink when the whole county is in view. */
  function scaleRings(map) {
    map.getContainer().style.setProperty("--ring-scale", Math.min(1, Math.max(0.5, (map.getZoom() - 7) / 7)).toFixed(2));
  }

  function follow(leader) {
    if (moving) return;
    moving = true;
    for (const { map } of sheets) if (map !== leader) map.setView(leader.getCenter(), leader.getZoom(), { animate: false });
    moving = false;
    sheets.forEach(({ map }) => scaleRings(map));
  }

  function point(leader, place) {
    for (const { map, cursor } of sheets) {
      if (map === leader || !place) cursor.remove();
      else cursor.setLatLng(place).addTo(map);
    }
  }

  function keep(state) {
    const write = (address) => {
      const url = new URL(address, location.href);
      for (const [key, value] of Object.entries(state)) url.searchParams.set(key, value);
      return url;
    };
    history.replaceState(null, "", write(location.href));
    for (const link of document.querySelectorAll("a[data-keep]")) if (!("layer" in state && link.dataset.layer)) link.href = write(link.href);
  }

  function viewText(map) {
    const centre = map.getCenter();
    return `${centre.lat.toFixed(5)},${centre.lng.toFixed(5)},${map.getZoom()}`;
  }

  function showLayer(name) {
    data.layer = name;
    for (const { tiles, told } of sheets) tiles.setUrl(told.tiles[name]);
    for (const link of document.querySelectorAll("a[data-layer]")) {
      if (link.dataset.layer === name) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    for (const node of document.querySelectorAll("[data-legend]")) node.hidden = node.dataset.legend !== name;
    keep({ layer: name });
  }

  function showChanges(on) {
    for (const { map, box, changes: part } of sheets) {
      if (!part) continue;
      if (on) part.addTo(map);
      else part.remove();
      box.classList.toggle("with-changes", on && part.getLayers().length > 0);
    }
  }

  function open() {
    data.maps.forEach(sheet);
    const [first] = sheets;
    const view = data.view.split(",").map(Number);
    if (view.length === 3) sheets.forEach(({ map }) => map.setView([view[0], view[1]], view[2], { animate: false }));
    else {
      first.map.fitBounds(data.bounds, { padding: [12, 12], animate: false });
      follow(first.map);
    }
    for (const made of sheets) {
      const { map } = made;
      furnish(made);
      scaleRings(map);
      map.on("move", () => follow(map));
      map.on("moveend", () => { if (!moving) keep({ view: viewText(map) }); });
      map.on("mousemove", (event) => point(map, event.latlng));
      map.on("mouseout", () => point(map, null));
    }
    showChanges(document.getElementById("changes").checked);
    window.addEventListener("resize", () => sheets.forEach(({ map }) => map.invalidateSize()));
  }

  function listen() {
    document.getElementById("changes").addEventListener("change", (event) => showChanges(event.target.checked));
    document.addEventListener("click", (event) => {
      const link = event.target.closest("a[data-layer], a[data-home]");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      if (link.dataset.layer) return void showLayer(link.dataset.layer);
      const [lat, lng] = link.dataset.home.split(",").map(Number);
      sheets[0].map.setView([lat, lng], Math.max(sheets[0].map.getZoom(), 16), { animate: false });
      document.querySelector(".sheets").scrollIntoView({ block: "nearest" });
    });
  }

  open();
  listen();
})();
