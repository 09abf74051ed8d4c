/* New places on the page and on the map: the year, proposals by number, candidates by verdict, new housing. */
"use strict";
geoplan.startSiting = (map) => {
  const { data, hooks, make, card, keyed } = geoplan;
  const { words, siting } = data;
  const SVG = "http://www.w3.org/2000/svg";
  const SHAPES = { // the marks of maps/templates/_siting_legend.html
    pass: ["circle", { cx: 9, cy: 9, r: 6 }],
    conditional: ["path", { d: "M9 1.5 16.5 9 9 16.5 1.5 9z" }],
    fail: ["path", { d: "M3 3 15 15M15 3 3 15" }],
    unknown: ["circle", { cx: 9, cy: 9, r: 6 }],
    home: ["path", { d: "M2 9 9 2.5 16 9M4 8v7h10V8" }],
  };
  const slider = document.getElementById("year");
  const part = document.getElementById("year-part");
  const state = document.getElementById("year-state");
  const marks = new Map(); // "proposal/1", "candidate/id", "housing/id" -> marker
  let year = siting.year;
  let asking = null;

  function svg(shape, className) {
    const [kind, attributes] = SHAPES[shape];
    const picture = document.createElementNS(SVG, "svg");
    for (const [key, value] of Object.entries({ width: 18, height: 18, viewBox: "0 0 18 18", "aria-hidden": "true" })) picture.setAttribute(key, value);
    const node = document.createElementNS(SVG, kind);
    for (const [key, value] of Object.entries({ ...attributes, class: className })) node.setAttribute(key, value);
    picture.append(node);
    return picture;
  }

  /* A mark that can be touched, reached by keyboard, and is named for those who do not see it. */
  function mark(key, place, picture, title, size = 26) {
    const box = make("div");
    box.append(picture, make("span", title, "sr"));
    const icon = L.divIcon({ html: box, className: `mark-box ${key.split("/")[0]}`, iconSize: [size, size] });
    const marker = L.marker(place, { icon, keyboard: true, riseOnHover: true, pane: "marks" });
    marker.bindTooltip(make("span", title), { direction: "top", offset: [0, -10] });
    marks.set(key, marker);
    return marker;
  }

  /* The year: what is on the map at once, the figures as soon as they are there, the address with both. */
  function setYear(wanted) {
    if (wanted === year) return;
    year = wanted;
    showNeed();
    for (const node of document.querySelectorAll("[data-year-text]")) node.textContent = year;
    showYear();
    geoplan.keep({ year: String(year) });
    fetchPart();
  }

  /* Put on the map anew rather than redrawn: Leaflet redraws at the map's zoom, which need not be whole. */
  function showNeed() {
    const layer = keyed.get("need");
    if (!layer) return;
    layer.setUrl(siting.need.replace("{year}", year), true);
    if (map.hasLayer(layer)) layer.remove().addTo(map);
  }

  function showYear() {
    if (!slider) return;
    slider.value = String(siting.years.indexOf(year));
    slider.setAttribute("aria-valuetext", String(year));
    for (const link of document.querySelectorAll("a[data-year]")) {
      if (Number(link.dataset.year) === year) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }

  async function fetchPart() {
    if (asking) asking.abort();
    const mine = new AbortController();
    asking = mine;
    const wanted = year;
    state.textContent = words.counting.replace("{year}", wanted);
    const address = new URL(siting.part, location.href);
    address.searchParams.set("year", wanted);
    try {
      const answer = await fetch(address, { signal: mine.signal });
      if (!answer.ok) throw new Error(String(answer.status));
      const made = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (mine.signal.aborted) return;
      part.replaceChildren(...made.body.childNodes);
      state.textContent = "";
    } catch (error) {
      if (error.name === "AbortError") return;
      part.replaceChildren();
      state.textContent = words.year_failed.replace("{year}", wanted);
    }
  }

  function years() {
    if (!slider) return;
    slider.hidden = false;
    showYear();
    slider.addEventListener("input", () => setYear(siting.years[Number(slider.value)]));
    document.querySelector(".years").addEventListener("click", (event) => {
      const link = event.target.closest("a[data-year]");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      setYear(Number(link.dataset.year));
    });
  }

  /* Proposals: the number on the map opens the card, the card's link finds the number. */
  function proposals() {
    const layer = L.layerGroup();
    for (const { rank, name, recommended, lat, lon } of siting.proposals) {
      const picture = make("span", String(rank), recommended ? "pin" : "pin weak");
      const marker = mark(`proposal/${rank}`, [lat, lon], picture, `${words.proposal} ${rank} ${name}`, 34);
      marker.setZIndexOffset(1000);
      marker.on("click", () => openCard(rank));
      marker.on("keydown", ({ originalEvent: pressed }) => {
        if (pressed.key !== "Enter" && pressed.key !== " ") return;
        pressed.preventDefault(); // the key is not for the summary that has the focus next
        openCard(rank);
      });
      layer.addLayer(marker);
    }
    return layer;
  }

  function cardOf(rank) {
    return document.getElementById(`proposal-${rank}`);
  }

  function openCard(rank) {
    const box = cardOf(rank);
    if (!box) return;
    box.open = true;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    box.scrollIntoView({ block: "start", behavior: calm ? "auto" : "smooth" });
    box.querySelector("summary").focus({ preventScroll: true });
  }

  function choose(rank) {
    for (const [key, marker] of marks) {
      const node = key.startsWith("proposal/") && marker.getElement();
      if (node) node.classList.toggle("chosen", key === `proposal/${rank}`);
    }
    geoplan.keep({ proposal: rank });
  }

  function cards() {
    for (const box of document.querySelectorAll("details[data-proposal]")) {
      box.addEventListener("toggle", () => {
        const rank = box.dataset.proposal;
        if (box.open) {
          for (const other of document.querySelectorAll("details[data-proposal][open]")) if (other !== box) other.open = false;
          choose(rank);
          const marker = marks.get(`proposal/${rank}`);
          if (marker && !map.getBounds().pad(-0.1).contains(marker.getLatLng())) map.panTo(marker.getLatLng(), { animate: false });
        } else if (!document.querySelector("details[data-proposal][open]")) choose("");
      });
    }
    const asked = siting.proposal && cardOf(siting.proposal);
    if (asked) choose(siting.proposal);
  }

  function candidates() {
    const layer = L.layerGroup();
    L.geoJSON(siting.outlines, { interactive: false, style: { color: "#3b4753", weight: 1.5, dashArray: "3 3", fillColor: "#1f5f8b", fillOpacity: 0.08 } }).addTo(layer);
    for (const { id, name, verdict, word, lat, lon } of siting.candidates) {
      const marker = mark(`candidate/${id}`, [lat, lon], svg(verdict, `v ${verdict}`), `${name} · ${word}`);
      marker.bindPopup(make("p", words.looking), { minWidth: 240, maxWidth: 300 });
      marker.on("popupopen", () => tellCandidate(id, marker.getPopup()));
      layer.addLayer(marker);
    }
    return layer;
  }

  async function tellCandidate(id, popup) {
    try {
      const answer = await fetch(`${siting.candidate}/${encodeURIComponent(id)}?lang=${data.language}`);
      if (!answer.ok) throw new Error(String(answer.status));
      const found = await answer.json();
      const box = card(found.card);
      if (found.checks.length) box.append(make("h4", words.checks), checks(found.checks));
      popup.setContent(box);
    } catch {
      popup.setContent(make("p", words.failed));
    }
  }

  function checks(rows) {
    const table = make("table", undefined, "checks");
    for (const { verdict, word, text } of rows) {
      const row = table.insertRow();
      const head = make("th");
      head.scope = "row";
      const dot = make("span", undefined, `mark ${verdict}`);
      dot.setAttribute("aria-hidden", "true");
      head.append(dot, word);
      row.append(head, make("td", text));
    }
    return table;
  }

  function housing() {
    const layer = L.layerGroup();
    for (const { id, name, unmet, status, lat, lon } of siting.housing) {
      const marker = mark(`housing/${id}`, [lat, lon], svg("home", unmet ? "home unmet" : "home"), `${words.housing} ${name} · ${status}`);
      marker.bindPopup(() => card({ name, note: status, rows: [] }), { minWidth: 180 });
      layer.addLayer(marker);
    }
    return layer;
  }

  function control() {
    map.createPane("marks").style.zIndex = 620;
    const overlays = {};
    if (siting.candidates.length) overlays[words.candidates] = candidates();
    if (siting.housing.length) overlays[words.housing] = housing();
    if (siting.proposals.length) overlays[words.proposals] = proposals();
    for (const layer of Object.values(overlays)) layer.addTo(map);
    const schools = keyed.get("schools");
    if (schools) overlays[words.schools] = schools;
    const bases = {};
    for (const { key, title } of siting.layers) {
      const layer = keyed.get(key);
      bases[title] = layer;
      if (key === data.layer) layer.addTo(map);
      else layer.remove();
    }
    L.control.layers(bases, overlays, { collapsed: window.innerWidth < 900, autoZIndex: false }).addTo(map);
    const toggle = document.querySelector(".leaflet-control-layers-toggle");
    if (toggle) for (const name of ["title", "aria-label"]) toggle.setAttribute(name, words.layers);
  }

  /* A home, with its pupils of the year shown. */
  async function home(at, place) {
    const popup = L.popup({ minWidth: 220, maxWidth: 300 }).setLatLng(place).setContent(make("p", words.loading)).openOn(at);
    const query = new URLSearchParams({ lon: place.lng.toFixed(6), lat: place.lat.toFixed(6), stage: data.stage, lang: data.language });
    if (year) query.set("year", year);
    try {
      const answer = await fetch(`${data.cell}?${query}`);
      if (!answer.ok) throw new Error(String(answer.status));
      const found = await answer.json();
      popup.setContent(found.card ? card(found.card) : make("p", words.nobody));
    } catch {
      popup.setContent(make("p", words.failed));
    }
  }

  function toMark(key, place) {
    const marker = marks.get(key);
    map.setView(marker ? marker.getLatLng() : place, Math.max(map.getZoom(), 15), { animate: false });
    if (marker && marker.getPopup()) marker.openPopup();
    geoplan.reveal();
  }

  function listen() {
    hooks.place = home;
    document.addEventListener("click", (event) => {
      const link = event.target.closest("a[data-at], a[data-candidate], a[data-housing]");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      const { at, candidate, housing: project } = link.dataset;
      if (at) toMark(`proposal/${link.closest("[data-proposal]").dataset.proposal}`, L.latLng(at.split(",").map(Number)));
      else toMark(candidate ? `candidate/${candidate}` : `housing/${project}`, map.getCenter());
    });
    /* A page that comes back from the browser's memory shows the year of its address. */
    window.addEventListener("pageshow", () => {
      const asked = Number(new URL(location.href).searchParams.get("year"));
      if (siting.years.includes(asked)) setYear(asked);
      else showYear();
    });
  }

  control();
  years();
  cards();
  listen();
};
