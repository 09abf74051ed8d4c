/* What only the self-contained map file needs: streets from the page's own data, and the switch between stages. */
"use strict";
geoplan.startFile = (map) => {
  const data = geoplan.data;
  const LOOKS = { major: [3.2, 0], middle: [2.4, 10], minor: [1.5, 13], path: [0.7, 15] }; // width at zoom 14, least zoom
  const canvas = L.canvas({ pane: "streets", padding: 0.3 });
  const drawn = [];

  function points(numbers) {
    const found = [];
    let x = 0;
    let y = 0;
    for (let k = 0; k < numbers.length; k += 2) {
      x += numbers[k];
      y += numbers[k + 1];
      found.push([y / 1e5, x / 1e5]);
    }
    return found;
  }

  function addStreets(name, casing) {
    const lines = (data.streets[name] || []).map(points);
    const colour = casing ? "#d3d4cf" : name === "path" ? "#e0e0db" : "#ffffff";
    drawn.push({ name, casing, layer: L.polyline(lines, { renderer: canvas, color: colour, interactive: false, opacity: 1 }) });
  }

  function styleStreets() {
    const zoom = map.getZoom();
    for (const { name, casing, layer } of drawn) {
      const [width, least] = LOOKS[name];
      if (zoom < least) {
        layer.remove();
        continue;
      }
      layer.setStyle({ weight: Math.min(14, width * 2 ** ((zoom - 14) * 0.6)) + (casing ? 1.4 : 0) });
      layer.addTo(map);
    }
    for (const { layer } of drawn) if (map.hasLayer(layer)) layer.bringToFront();
  }

  /* The first stage's pictures are on the map from the start: remember them, to come back. */
  const first = data.stages[data.stage];
  const perStage = new Set(Object.values(data.stages).flatMap((stage) => Object.keys(stage.pictures)));
  if (first) for (const key of perStage) first.pictures[key] = geoplan.keyed.get(key)._url;

  function show(stage) {
    data.stage = stage;
    const shown = data.stages[stage];
    for (const [key, address] of Object.entries(shown.pictures)) geoplan.keyed.get(key).setUrl(address);
    const schools = geoplan.keyed.get("schools");
    map.closePopup();
    geoplan.rings.clear();
    schools.clearLayers();
    schools.addData(shown.rings);
    for (const node of document.querySelectorAll("[data-panel]")) node.hidden = node.dataset.panel !== stage;
    for (const node of document.querySelectorAll("button[data-stage]")) node.setAttribute("aria-pressed", String(node.dataset.stage === stage));
  }

  for (const name of ["minor", "middle", "major"]) addStreets(name, true);
  for (const name of ["path", "minor", "middle", "major"]) addStreets(name, false);
  map.on("zoomend", styleStreets);
  styleStreets();
  for (const button of document.querySelectorAll("button[data-stage]")) button.addEventListener("click", () => show(button.dataset.stage));
};
