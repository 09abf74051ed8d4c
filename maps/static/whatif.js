/* Changes tried on the map: steps, undo, the difference at once, saving, and a link that holds the steps. */
"use strict";
geoplan.startWhatIf = (map) => {
  const { data, hooks, make, keep, rings } = geoplan;
  const { whatif } = data;
  const box = document.getElementById("whatif");
  if (!whatif || !box) return;
  const words = whatif.words;
  const $ = (id) => document.getElementById(`wi-${id}`);
  const fresh = new Map(); // id of a new school -> its marker
  const plain = new Map(); // schools drawn otherwise -> their ring as it was
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, key) => values[key]);
  let steps = [];
  let past = [];
  let future = [];
  let placing = false;
  let asking = false;
  let waiting = false;
  const kept = { name: "", etag: "" }; // the scenario opened or saved last

  map.createPane("whatif").style.zIndex = 420;
  map.getPane("whatif").style.pointerEvents = "none";
  const canvas = L.canvas({ pane: "whatif", padding: 0.2 });
  const homes = L.layerGroup().addTo(map);
  const marks = L.layerGroup().addTo(map);

  /* Steps in the address: few letters a step, as UTF-8 in base64url. */
  function pack(list) {
    const short = list.map((step) => {
      const plain = Object.keys(step).length;
      if (step.action === "close" && plain === 2) return ["c", step.school_id];
      if (step.action === "resize" && plain === 4 && "places" in step && step.stage) return ["r", step.school_id, step.stage, step.places];
      if (step.action !== "open" || !simple(step)) return ["s", step];
      const sizes = Object.fromEntries(stagesOf(step.stage).map(({ stage }) => [stage, step[`places_${stage}`]]));
      return ["o", step.id, step.stage, step.lon, step.lat, sizes, step.name];
    });
    const bytes = new TextEncoder().encode(JSON.stringify(short));
    return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  }

  /* A new school with nothing but place, name and places of what it teaches. */
  function simple(step) {
    const own = ["action", "id", "stage", "lon", "lat", "name", ...stagesOf(step.stage).map(({ stage }) => `places_${stage}`)];
    return Object.keys(step).every((key) => own.includes(key)) && own.every((key) => key in step);
  }

  function unpack(text) {
    const raw = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    const list = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(raw, (c) => c.charCodeAt(0))));
    return list.slice(0, whatif.most_steps).map(([kind, id, ...rest]) => {
      if (kind === "c") return { action: "close", school_id: String(id) };
      if (kind === "r") return { action: "resize", school_id: String(id), stage: String(rest[0]), places: Number(rest[1]) };
      if (kind === "s") return id;
      if (kind !== "o") throw new Error("unknown step");
      const [stage, lon, lat, sizes, name] = rest;
      const places = Object.fromEntries(Object.entries(sizes).map(([one, value]) => [`places_${one}`, Number(value)]));
      return { action: "open", id: String(id), stage: String(stage), lon: Number(lon), lat: Number(lat), ...places, name: String(name) };
    });
  }

  function stagesOf(kind) {
    const found = whatif.kinds.find((one) => one.kind === kind);
    if (found) return found.stages;
    const taught = { nine_year: ["primary", "junior"], twelve_year: ["primary", "junior", "senior"], secondary: ["junior", "senior"] };
    return (taught[kind] || [kind]).map((stage) => ({ stage, name: stage }));
  }

  function nameOf(id) {
    const own = steps.find((step) => step.action === "open" && step.id === id);
    if (own) return own.name;
    return data.schools[id] ? data.schools[id][0] : id;
  }

  /* Every change of the list goes through here, so that it can be undone. */
  function commit(next) {
    if (next.length > whatif.most_steps) return void ($("state").textContent = words.too_many);
    past.push(steps);
    future = [];
    show(next);
  }

  function travel(from, to) {
    if (!from.length) return;
    to.push(steps);
    show(from.pop());
  }

  function show(next) {
    steps = next;
    const packed = steps.length ? pack(steps) : "";
    const fits = packed.length <= whatif.longest_link;
    keep({ whatif: fits ? packed : "" });
    if (steps.length) box.open = true;
    for (const [id, off] of [["undo", !past.length], ["redo", !future.length], ["clear", !steps.length]]) $(id).disabled = off;
    $("link").disabled = !fits;
    saved.follow(fits ? packed : "");
    $("saved").textContent = fits ? "" : words.too_long;
    listSteps();
    placeFresh();
    ask();
  }

  function button(text, act, label) {
    const node = make("button", text, "button");
    node.type = "button";
    if (label) node.setAttribute("aria-label", label);
    node.addEventListener("click", act);
    return node;
  }

  function sizeField(text, value, change) {
    const label = make("label", text);
    const input = make("input");
    Object.assign(input, { type: "number", min: 0, max: 20000, step: 1, value });
    input.inputMode = "numeric";
    input.addEventListener("change", () => { if (input.value !== "" && input.checkValidity()) change(Number(input.value)); });
    label.append(input);
    return label;
  }

  function listSteps() {
    const items = steps.map((step, at) => {
      const item = make("li");
      const id = step.action === "open" ? step.id : step.school_id;
      const said = building.said(step) || fill(words[`${step.action}s`], { name: nameOf(id) });
      const change = (part) => commit(steps.map((one, k) => (k === at ? { ...one, ...part } : one)));
      item.append(make("span", said));
      if (step.action === "open") {
        for (const { stage, name } of stagesOf(step.stage)) item.append(sizeField(`${name}, ${words.places}`, step[`places_${stage}`], (value) => change({ [`places_${stage}`]: value })));
      }
      if (step.action === "housing") item.append(sizeField(words.dwellings, step.dwellings, (value) => change({ dwellings: value })), sizeField(words.ready, step.ready, (value) => change({ ready: value })));
      if (step.action === "resize" && "places" in step) item.append(sizeField(words.places, step.places, (value) => change({ places: value })));
      const pair = make("span", undefined, "pair");
      if (step.action === "open") pair.append(button(words.centre, () => change(rounded(map.getCenter())), `${words.centre}: ${nameOf(id)}`));
      pair.append(button(words.remove, () => {
        commit(without(at));
        ($("steps").querySelector("button") || $("undo")).focus();
      }, `${words.remove}: ${said}`));
      item.append(pair);
      return item;
    });
    $("steps").replaceChildren(...items);
  }

  /* A school that is not added cannot be resized or closed afterwards. */
  function without(at) {
    const gone = steps[at].action === "open" ? steps[at].id : null;
    return steps.filter((step, k) => k !== at && (gone === null || step.school_id !== gone));
  }

  function rounded(place) {
    return { lon: Number(place.lng.toFixed(6)), lat: Number(place.lat.toFixed(6)) };
  }

  function freeId(kind = "new") {
    let number = 1;
    const taken = (id) => data.schools[id] || steps.some((step) => step.id === id);
    while (taken(`${kind}-${number}`)) number += 1;
    return `${kind}-${number}`;
  }

  function add(place) {
    const form = $("new");
    if (!form.reportValidity()) return;
    const id = freeId();
    const sizes = {};
    for (const input of $("places").querySelectorAll("input")) sizes[`places_${input.dataset.stage}`] = Number(input.value);
    const name = $("name").value.trim() || `${words.new} ${id.split("-")[1]}`;
    $("name").value = "";
    setPlacing(false);
    commit([...steps, { action: "open", id, stage: $("kind").value, ...rounded(place), ...sizes, name }]);
  }

  function closeSchool(id) {
    const kept = steps.filter((step) => step.school_id !== id);
    commit(steps.some((step) => step.id === id) ? kept.filter((step) => step.id !== id) : [...kept, { action: "close", school_id: id }]);
  }

  function resize(id, places) {
    const key = `places_${data.stage}`;
    if (steps.some((step) => step.id === id)) return commit(steps.map((step) => (step.id === id ? { ...step, [key]: places } : step)));
    commit([...steps.filter((step) => step.school_id !== id), { action: "resize", school_id: id, stage: data.stage, places }]);
  }

  function setPlacing(on) {
    placing = on;
    if (on) building.close();
    $("add").setAttribute("aria-pressed", String(on));
    $("add").setAttribute("aria-expanded", String(on));
    $("new").hidden = !on;
    document.querySelector(".map").classList.toggle("placing", on);
    $("state").textContent = on ? words.place : "";
  }

  function placeFresh() {
    marks.clearLayers();
    fresh.clear();
    steps.forEach((step) => {
      if (step.action !== "open") return;
      const face = make("div");
      face.append(make("span", "+", "fresh"), make("span", step.name, "sr"));
      const icon = L.divIcon({ html: face, className: "mark-box", iconSize: [36, 36] });
      const marker = L.marker([step.lat, step.lon], { icon, draggable: true, keyboard: true, autoPan: true, zIndexOffset: 2000 });
      const at = steps.indexOf(step);
      const moved = () => steps.map((one, k) => (k === at ? { ...one, ...rounded(marker.getLatLng()) } : one));
      marker.bindTooltip(make("span", step.name), { direction: "top", offset: [0, -14] });
      marker.bindPopup(() => cardFor(step.id, step.name), { minWidth: 220 });
      marker.on("drag", () => ask(moved()));
      marker.on("dragend", () => commit(moved()));
      marks.addLayer(marker);
      fresh.set(step.id, marker);
    });
  }

  function cardFor(id, name) {
    const shown = make("div");
    shown.append(make("h3", name));
    actions(shown, id);
    return shown;
  }

  function actions(shown, id) {
    const part = make("div", undefined, "card-actions");
    const field = sizeField("", "", () => {});
    const input = field.querySelector("input");
    input.setAttribute("aria-label", words.places);
    const shut = (act) => { act(); map.closePopup(); };
    part.append(input, button(words.resize, () => { if (input.value !== "" && input.checkValidity()) shut(() => resize(id, Number(input.value))); }));
    part.append(button(words.close, () => shut(() => closeSchool(id))));
    shown.append(part);
  }

  /* One question at a time; what changed meanwhile is asked next, so that a drag is answered while it lasts. */
  let wanted = null;
  async function ask(list = steps) {
    wanted = list;
    if (asking) return void (waiting = true);
    building.draw(list);
    if (!list.length) return clear();
    asking = true;
    if (!placing) $("state").textContent = words.counting;
    try {
      const headers = { "Content-Type": "application/json", ...token() };
      const answer = await patiently(headers, JSON.stringify({ stage: data.stage, steps: list, ...building.year() }));
      const told = await answer.json();
      if (list === wanted || wanted.length) tell(answer.ok, told);
    } catch {
      $("state").textContent = words.failed;
    } finally {
      asking = false;
    }
    if (waiting) {
      waiting = false;
      ask(wanted);
    }
  }

  // where others are being answered, the service says when to ask again
  async function patiently(headers, body) {
    for (let turn = 0; ; turn++) {
      const answer = await fetch(whatif.ask, { method: "POST", headers, body });
      const pause = Number(answer.headers.get("Retry-After"));
      if (answer.status !== 503 || !pause || turn >= 90) return answer;
      await new Promise((go) => setTimeout(go, 1000 * pause));
    }
  }

  function token() {
    const meta = document.querySelector('meta[name="csrf-token"]');
    return meta ? { "X-CSRFToken": meta.content } : {};
  }

  function refusal(told) {
    const faults = (told.faults || []).map((fault) => fault.message || fault.text).filter(Boolean);
    return faults.length ? faults.join(data.language === "zh" ? "" : " ") : told.detail || words.failed;
  }

  function tell(ok, told) {
    if (!ok) {
      clear();
      $("state").textContent = refusal(told);
      return;
    }
    $("state").textContent = placing ? words.place : fill(words.took, { seconds: told.seconds });
    $("finding").textContent = told.finding.join(data.language === "zh" ? "" : " ");
    $("result").hidden = false;
    $("uncounted").textContent = told.uncounted ? told.uncounted.text : "";
    building.tell(told.housing || []);
    bars(told.accounts);
    const rows = told.accounts.map((row) => tableRow([row.name, ...row.texts], row.colour));
    rows.push(...told.stages.map((row) => tableRow([`${row.name}: ${told.accounts[0].name}`, ...row.texts])));
    $("accounts").replaceChildren(...rows);
    tellHomes(told.cells);
    tellSchools(told.schools);
  }

  function tableRow(texts, colour) {
    const row = make("tr");
    const head = make("th");
    head.scope = "row";
    if (colour) {
      const dot = make("span", "", "dot");
      dot.style.background = colour;
      head.append(dot);
    }
    head.append(texts[0]);
    row.append(head, ...texts.slice(1).map((text) => make("td", text)));
    return row;
  }

  function bars(accounts) {
    const two = make("div", undefined, "two");
    [words.now, words.then].forEach((label, at) => {
      const bar = make("div", undefined, "bar");
      bar.setAttribute("role", "img");
      bar.setAttribute("aria-label", accounts.map((row) => `${row.name} ${row.texts[at]}`).join(", "));
      for (const row of accounts) {
        if (!row.widths[at]) continue;
        const part = make("i");
        part.style.width = `${row.widths[at]}%`;
        part.style.background = row.colour;
        bar.append(part);
      }
      two.append(make("span", label), bar);
    });
    $("bars").replaceChildren(two);
  }

  function radius() {
    return Math.min(10, Math.max(3, map.getZoom() - 9));
  }

  function tellHomes(cells) {
    homes.clearLayers();
    const lost = whatif.legend.length - 1;
    for (const [lon, lat, kind] of cells.values.toReversed()) {
      const { colour } = whatif.legend[kind];
      const look = kind === lost ? { color: colour, weight: 3, fillColor: "#ffffff" } : { color: "#ffffff", weight: 1, fillColor: colour };
      homes.addLayer(L.circleMarker([lat, lon], { ...look, radius: radius(), fillOpacity: 0.95, renderer: canvas, interactive: false }));
    }
    map.getContainer().classList.toggle("whatif-on", cells.values.length > 0);
    const text = cells.total === 0 ? words.no_homes : cells.shown < cells.total ? words.homes : words.all_homes;
    $("count").textContent = fill(text, cells);
    $("homes").replaceChildren(...cells.rows.map((home) => {
      const row = make("tr");
      const head = make("th");
      head.scope = "row";
      const link = make("a", home.place);
      link.href = "#map_plan";
      link.dataset.home = `${home.lat},${home.lon}`;
      const status = home.status[0] === home.status[1] ? home.status[0] : home.status.join(" → ");
      head.append(link, make("br"), make("span", `${home.change} · ${status}`, "note"));
      row.append(head, make("td", home.pupils), make("td", home.walk.join(" → ")));
      return row;
    }));
    $("homes-box").hidden = !cells.rows.length;
  }

  function tellSchools(schools) {
    restoreRings();
    for (const school of schools) {
      if (school.kind === "closed") cross(school);
      else redraw(school);
      const marker = fresh.get(school.id);
      if (marker) marker.setTooltipContent(make("span", `${school.name} · ${school.texts.load[1]}`));
    }
    $("schools").replaceChildren(...schools.map((school) => {
      const texts = school.texts;
      const row = tableRow([school.name, texts.pupils.join(" → "), texts.load.join(" → ")]);
      const head = row.querySelector("th");
      const notes = [];
      if (school.kind !== "changed") notes.push(words[school.kind]);
      if (texts.places[0] !== texts.places[1]) notes.push(`${texts.places.join(" → ")} ${words.places}`);
      if (notes.length) head.append(make("br"), make("span", notes.join(" · "), "note"));
      return row;
    }));
    $("schools-box").hidden = !schools.length;
  }

  function ringOf(id) {
    const marker = rings.get(id);
    const icon = marker && marker.getElement();
    return icon ? icon.querySelectorAll("circle") : [];
  }

  function redraw(school) {
    const [halo, ring] = ringOf(school.id);
    if (!ring || school.load === null) return;
    plain.set(school.id, [halo.getAttribute("r"), ring.getAttribute("r"), ring.getAttribute("class")]);
    halo.setAttribute("r", school.ring + 3);
    ring.setAttribute("r", school.ring);
    ring.classList.toggle("over", school.over);
  }

  function restoreRings() {
    for (const [id, [outer, inner, look]] of plain) {
      const [halo, ring] = ringOf(id);
      if (!ring) continue;
      halo.setAttribute("r", outer);
      ring.setAttribute("r", inner);
      ring.setAttribute("class", look);
    }
    plain.clear();
    for (const layer of marks.getLayers()) if (layer.options.gone) marks.removeLayer(layer);
  }

  function cross(school) {
    const face = make("div");
    face.append(make("span", "×", "gone"), make("span", `${school.name}: ${words.closed}`, "sr"));
    const icon = L.divIcon({ html: face, className: "mark-box", iconSize: [36, 36] });
    marks.addLayer(L.marker([school.lat, school.lon], { icon, interactive: false, keyboard: false, zIndexOffset: 1500, gone: true }));
  }

  function clear() {
    homes.clearLayers();
    restoreRings();
    map.getContainer().classList.remove("whatif-on");
    $("result").hidden = true;
    $("finding").textContent = $("uncounted").textContent = "";
    if (!placing) $("state").textContent = "";
  }

  async function save() {
    const name = $("save-name").value.trim();
    const title = $("save-title").value.trim();
    const headers = { "Content-Type": "application/json", ...token(), ...(kept.name === name ? { "If-Match": kept.etag } : {}) };
    const titles = data.language === "zh" ? { title_zh: title } : { title };
    try {
      const answer = await fetch(whatif.save, { method: "POST", headers, body: JSON.stringify({ name, ...titles, stage: data.stage, run: whatif.run, steps }) });
      const told = await answer.json();
      if (answer.ok) saved.opened(name, answer.headers.get("ETag"));
      $("saved").textContent = answer.ok ? fill(words.saved, { name }) : saved.conflict(told) || refusal(told);
      if (answer.ok) saved.list();
    } catch {
      $("saved").textContent = words.failed;
    }
  }

  async function copyLink() {
    try {
      await navigator.clipboard.writeText(location.href);
      $("saved").textContent = words.copied;
    } catch { // no clipboard without https: the address is shown to be copied by hand
      $("saved").replaceChildren(make("span", `${words.link} `), make("code", location.href));
    }
  }

  function kindFields() {
    const kind = whatif.kinds.find((one) => one.kind === $("kind").value);
    $("places").replaceChildren(...(kind ? kind.stages : []).map(({ stage, name, places }) => {
      const field = sizeField(`${name}, ${words.places}`, places || "", () => {});
      const input = field.querySelector("input");
      input.dataset.stage = stage;
      input.required = true;
      return field;
    }));
  }

  function furnish() {
    $("kind").replaceChildren(...whatif.kinds.map(({ kind, name }) => new Option(name, kind)));
    kindFields();
    $("school").replaceChildren(...Object.entries(data.schools).map(([id, [name]]) => new Option(name, id)).sort((a, b) => a.text.localeCompare(b.text, data.language)));
    $("legend").replaceChildren(...whatif.legend.map(({ kind, colour, name }) => {
      const item = make("li");
      const dot = make("span", "", kind === "lost" ? "dot hollow" : "dot");
      if (kind === "lost") dot.style.borderColor = colour;
      else dot.style.background = colour;
      item.append(dot, name);
      return item;
    }));
    $("save").hidden = !whatif.save;
    $("add").hidden = !whatif.kinds.length;
  }

  function listen() {
    const lookUp = hooks.place;
    hooks.place = (shown, place) => (placing ? add(place) : building.corner(place) || lookUp(shown, place));
    hooks.card = actions;
    $("add").addEventListener("click", () => setPlacing(!placing));
    $("undo").addEventListener("click", () => travel(past, future));
    $("redo").addEventListener("click", () => travel(future, past));
    $("clear").addEventListener("click", () => commit([]));
    $("kind").addEventListener("change", kindFields);
    $("close").addEventListener("click", () => { if ($("school").value) closeSchool($("school").value); });
    $("link").addEventListener("click", copyLink);
    const submits = [
      ["new", () => add(map.getCenter())],
      ["change", () => { if ($("size").value !== "" && $("school").value) resize($("school").value, Number($("size").value)); else $("size").focus(); }],
      ["save", save],
    ];
    for (const [id, act] of submits) $(id).addEventListener("submit", (event) => { event.preventDefault(); act(); });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && placing) setPlacing(false);
      if (event.key === "Escape") building.close();
      const typing = event.target.closest && event.target.closest("input, textarea, select");
      if (typing || !(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z") return;
      event.preventDefault();
      if (event.shiftKey) travel(future, past);
      else travel(past, future);
    });
    map.on("zoomend", () => homes.eachLayer((home) => home.setRadius(radius())));
  }

  const building = geoplan.startBuilding({ $, whatif, words, fill, map, freeId, commit, rounded, steps: () => steps, ask: () => ask(), stopPlacing: () => setPlacing(false) });
  const saved = geoplan.startScenarios({ $, whatif, words, fill, kept, token, refusal, button, commit, pack, steps: () => steps });
  furnish();
  listen();
  const shared = new URLSearchParams(location.search).get("whatif");
  if (!shared) return;
  try {
    show(unpack(shared));
  } catch {
    keep({ whatif: "" });
    $("state").textContent = words.bad_link;
  }
};
