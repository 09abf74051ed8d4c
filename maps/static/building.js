/* New housing and works on streets in the tool: an outline drawn or given in figures, and the year looked at. */
"use strict";
geoplan.startBuilding = (tool) => {
  const { $, whatif, words, fill, map, freeId, commit, rounded, steps } = tool;
  const { keep, make } = geoplan;
  const METRES = 111_320; // of a degree of latitude
  const shapes = L.layerGroup().addTo(map);
  const outline = L.layerGroup().addTo(map);
  const marks = new Map(); // id of a project -> its layer
  let corners = null; // while an outline is drawn

  function open(on) {
    if (on) tool.stopPlacing();
    $("homes-new").hidden = !on;
    for (const name of ["aria-pressed", "aria-expanded"]) $("build").setAttribute(name, String(on));
    if (!on) return void draw(false);
    const centre = map.getCenter();
    if (!$("lat").value) $("lat").value = centre.lat.toFixed(5);
    if (!$("lon").value) $("lon").value = centre.lng.toFixed(5);
    if (!$("ready").value) $("ready").value = whatif.years[1] || whatif.years[0] || new Date().getFullYear();
    $("homes-name").focus();
  }

  function close() {
    if (!$("homes-new").hidden) open(false);
  }

  function draw(on) {
    corners = on ? [] : null;
    $("draw").setAttribute("aria-pressed", String(on));
    document.querySelector(".map").classList.toggle("placing", on);
    show();
  }

  /* A place clicked, or the middle of the map at Enter, is the next corner. */
  function corner(place) {
    if (!corners) return false;
    corners.push([place.lat, place.lng]);
    show();
    return true;
  }

  function show() {
    outline.clearLayers();
    $("corner-back").hidden = !(corners && corners.length);
    $("homes-state").textContent = corners ? fill(words.corner, { count: corners.length }) : "";
    if (!corners) return;
    for (const point of corners) outline.addLayer(L.circleMarker(point, { radius: 4, color: "#1c2733", fillColor: "#ffffff", fillOpacity: 1, weight: 2, interactive: false }));
    if (corners.length > 1) outline.addLayer(L.polygon(corners, { color: "#1c2733", weight: 2, dashArray: "5 4", fillOpacity: 0.1, interactive: false }));
  }

  /* A square of so many hectares about a place. */
  function square(lat, lon, hectares) {
    const half = Math.sqrt(hectares * 10_000) / 2;
    const [up, across] = [half / METRES, half / (METRES * Math.cos((lat * Math.PI) / 180))];
    return [[lat - up, lon - across], [lat - up, lon + across], [lat + up, lon + across], [lat + up, lon - across]];
  }

  function ring() {
    if (corners && corners.length > 2) return corners;
    const [lat, lon] = [Number($("lat").value), Number($("lon").value)];
    const good = $("lat").value.trim() && $("lon").value.trim() && Math.abs(lat) <= 85 && Math.abs(lon) <= 180;
    return good ? square(lat, lon, Number($("hectares").value) || 1) : null;
  }

  function wkt(points) {
    const pairs = [...points, points[0]].map(([lat, lon]) => `${lon.toFixed(6)} ${lat.toFixed(6)}`);
    return `POLYGON ((${pairs.join(", ")}))`;
  }

  function points(text) {
    const found = /\(\(([^()]+)\)/.exec(text || "");
    return found ? found[1].split(",").map((pair) => pair.trim().split(/\s+/).map(Number).reverse()) : [];
  }

  function add() {
    const found = ring();
    if (!found) return void ($("homes-state").textContent = words.bad_place);
    const id = freeId("homes");
    const name = $("homes-name").value.trim() || `${words.new_homes} ${id.split("-")[1]}`;
    const ready = Number($("ready").value);
    $("homes-name").value = "";
    open(false);
    const year = whatif.years.find((one) => one >= ready);
    if ($("year") && year && !$("year").value) setYear(String(year));
    commit([...steps(), { action: "housing", id, name, dwellings: Number($("dwellings").value), ready, geometry: wkt(found) }]);
  }

  function setYear(text) {
    $("year").value = text;
    keep({ year: text });
  }

  function year() {
    const chosen = $("year") ? Number($("year").value) : 0;
    return chosen ? { year: chosen } : {};
  }

  function drawn(list) {
    if ($("year-box")) $("year-box").hidden = !list.length;
    shapes.clearLayers();
    marks.clear();
    for (const step of list) {
      if (step.action !== "housing") continue;
      const area = points(step.geometry);
      const shape = area.length ? L.polygon(area, { color: "#1c2733", weight: 2, fillColor: "#ffffff", fillOpacity: 0.55 }) : step.lat ? L.circleMarker([step.lat, step.lon], { radius: 8, color: "#1c2733", weight: 2, fillColor: "#ffffff", fillOpacity: 0.8 }) : null;
      if (!shape) continue;
      shape.bindTooltip(make("span", step.name || step.id), { permanent: true, direction: "center", className: "area-name" });
      shapes.addLayer(shape);
      marks.set(step.id, [shape, step.name || step.id]);
    }
  }

  function tell(rows) {
    for (const row of rows) {
      const mark = marks.get(row.id);
      if (mark) mark[0].setTooltipContent(make("span", `${mark[1]}: ${fill(words.brings, { pupils: row.texts[0], served: row.texts[1] })}`));
    }
  }

  function said(step) {
    if (step.action === "housing") return fill(words.builds, { count: step.dwellings, name: step.name || step.id });
    if (step.action === "retrofit") return fill(words.mends, { name: step.name || String(step.elements.length) });
    return "";
  }

  $("build").addEventListener("click", () => open($("homes-new").hidden));
  $("draw").addEventListener("click", () => draw(!corners));
  $("corner-back").addEventListener("click", () => { corners.pop(); show(); $("draw").focus(); });
  $("homes-new").addEventListener("submit", (event) => { event.preventDefault(); add(); });
  if ($("mend")) {
    $("mend").addEventListener("submit", (event) => {
      event.preventDefault();
      commit([...steps(), whatif.works[Number($("works").value)].step]);
    });
  }
  if ($("year")) {
    const asked = new URLSearchParams(location.search).get("year");
    if (asked && whatif.years.includes(Number(asked))) $("year").value = asked;
    $("year").addEventListener("change", () => { setYear($("year").value); tool.ask(); });
  }
  $("build").hidden = !whatif.years.length;
  return { close, corner, draw: drawn, tell, said, year };
};
