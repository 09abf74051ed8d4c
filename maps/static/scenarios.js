/* Saved scenarios of a plan: who saved them when; opened, compared, computed, renamed and deleted from the tool. */
"use strict";
geoplan.startScenarios = (tool) => {
  const { $, whatif, words, fill, kept, token, refusal, button } = tool;
  const { data, make, keep } = geoplan;
  const box = $("scenarios");

  /* The address holds which scenario was opened, and which content of it: a later one is not overwritten unseen. */
  function opened(name, etag) {
    Object.assign(kept, { name, etag });
    keep({ scenario: name ? `${name}~${etag.replaceAll('"', "")}` : "" });
    if (name) $("save-name").value = name;
  }

  function when(at) {
    const moment = new Date(at);
    return Number.isNaN(moment.getTime()) ? at : moment.toLocaleString(data.language === "zh" ? "zh-CN" : "en-GB", { dateStyle: "medium", timeStyle: "short" });
  }

  function conflict(told) {
    const found = told.conflict;
    if (!found) return "";
    if (!found.now) return fill(words.gone, { name: found.scenario });
    const by = { name: found.scenario, person: found.now.person || words.somebody, at: when(found.now.at) };
    return fill(found.stale ? words.stale : words.taken, by);
  }

  function compareWith(spec, on) {
    const url = new URL(whatif.compare, location.href);
    const first = whatif.own ? "base" : `run:${whatif.run}`;
    for (const [key, value] of Object.entries({ a: on ? first : "base", b: spec, ...(on ? { on: whatif.run } : {}) })) url.searchParams.set(key, value);
    const view = new URLSearchParams(location.search).get("view");
    if (view) url.searchParams.set("view", view);
    return `${url.pathname}${url.search}`;
  }

  /* The link to the comparison of the steps there are. */
  function follow(packed) {
    const link = $("compare");
    link.hidden = !packed;
    if (packed) link.href = compareWith(`steps:${packed}`, true);
    if (!tool.steps().length && kept.name) opened("", "");
  }

  async function call(name, options) {
    const headers = { "Content-Type": "application/json", ...token(), ...(options.headers || {}) };
    const answer = await fetch(`${whatif.scenarios}/${encodeURIComponent(name)}`, { ...options, headers });
    return { answer, told: answer.status === 204 ? {} : await answer.json() };
  }

  async function open(name) {
    const { answer, told } = await call(name, {});
    if (!answer.ok) return void ($("saved").textContent = refusal(told));
    const etag = answer.headers.get("ETag");
    if (!whatif.own) { // its steps start from the plan as it is
      const url = new URL(whatif.plan, location.href);
      url.searchParams.set("whatif", tool.pack(told.steps));
      url.searchParams.set("scenario", `${name}~${etag.replaceAll('"', "")}`);
      return void location.assign(url);
    }
    tool.commit(told.steps);
    opened(name, etag);
    $("save-title").value = (data.language === "zh" ? told.title_zh : told.title) || "";
  }

  async function change(scenario, options, done) {
    try {
      const { answer, told } = await call(scenario.name, { ...options, headers: { "If-Match": `"${scenario.etag}"` } });
      $("saved").textContent = answer.ok ? done : conflict(told) || refusal(told);
      if (answer.ok && kept.name === scenario.name) opened(options.method === "DELETE" ? "" : scenario.name, answer.headers.get("ETag") || "");
    } catch {
      $("saved").textContent = words.failed;
    }
    list();
  }

  function remove(scenario) {
    if (confirm(fill(words.sure, { name: titled(scenario) }))) change(scenario, { method: "DELETE" }, fill(words.removed, { name: titled(scenario) }));
  }

  function rename(scenario) {
    const title = prompt(fill(words.new_title, { name: titled(scenario) }), titled(scenario));
    if (title) change(scenario, { method: "PATCH", body: JSON.stringify({ [data.language === "zh" ? "title_zh" : "title"]: title.trim().slice(0, 120) }) }, "");
  }

  function titled(scenario) {
    const pair = data.language === "zh" ? [scenario.title_zh, scenario.title] : [scenario.title, scenario.title_zh];
    return pair.find(Boolean) || scenario.name;
  }

  function computing(scenario) {
    const form = make("form");
    Object.assign(form, { method: "post", action: whatif.jobs });
    const meta = document.querySelector('meta[name="csrf-token"]');
    const fields = { kind: "run", plan_id: whatif.plan_id, scenario: scenario.name, csrf_token: meta ? meta.content : "" };
    for (const [name, value] of Object.entries(fields)) form.append(Object.assign(make("input"), { type: "hidden", name, value }));
    const send = make("button", words.compute, "button");
    send.setAttribute("aria-label", `${words.compute}: ${titled(scenario)}`);
    form.append(send);
    return form;
  }

  function row(scenario) {
    const item = make("li");
    const title = titled(scenario);
    const said = [scenario.readable ? fill(words.steps, { count: scenario.steps }) : words.unreadable, scenario.at ? `${scenario.person || words.somebody}, ${when(scenario.at)}` : "", scenario.runs.length ? words.runs : ""];
    item.append(make("span", title === scenario.name ? title : `${title} (${scenario.name})`), make("span", said.filter(Boolean).join(" · "), "note"));
    if (!scenario.readable) return item;
    const pair = make("span", undefined, "pair");
    const link = make("a", words.compare, "button");
    link.href = compareWith(`scenario:${scenario.name}`, false);
    link.dataset.wait = $("compare").dataset.wait;
    link.setAttribute("aria-label", `${words.compare}: ${title}`);
    pair.append(button(words.open, () => open(scenario.name), `${words.open}: ${title}`), link);
    if (whatif.save) {
      pair.append(computing(scenario), button(words.rename, () => rename(scenario), `${words.rename}: ${title}`));
      pair.append(button(words.remove_scenario, () => remove(scenario), `${words.remove_scenario}: ${title}`));
    }
    item.append(pair);
    return item;
  }

  async function list() {
    if (!box.open) return;
    try {
      const answer = await fetch(whatif.scenarios);
      const found = await answer.json();
      $("list").replaceChildren(...(answer.ok && found.length ? found.map(row) : [make("li", answer.ok ? words.no_scenarios : words.failed, "note")]));
    } catch {
      $("list").replaceChildren(make("li", words.failed, "note"));
    }
  }

  box.addEventListener("toggle", list);
  const [name, etag] = (new URLSearchParams(location.search).get("scenario") || "").split("~");
  if (name && etag) {
    Object.assign(kept, { name, etag: `"${etag}"` });
    $("save-name").value = name;
  }
  return { opened, conflict, follow, list };
};
