"use strict";
// Fetches the changing part of the page again while something waits or runs, less and less often while nothing changes.
(() => {
  const pick = document.getElementById("pick");
  if (!pick) return;
  pick.hidden = false;
  pick.addEventListener("click", (event) => {
    const wanted = event.target.dataset.pick;
    if (wanted === undefined) return;
    document.querySelectorAll('input[name="plans"]').forEach((box) => { box.checked = wanted === "yes"; });
  });
})();
(() => {
  const FIRST_MS = 1000, LONGEST_MS = 15000, SLOWER = 1.4;
  const part = document.getElementById("part");
  let pause = FIRST_MS, before = part.innerHTML.trim(), failed = false;
  const inside = () => part.firstElementChild;

  const told = (text) => {
    let note = document.getElementById("stale");
    if (!text) { if (note) note.remove(); return; }
    if (note) return;
    note = document.createElement("p");
    note.id = "stale";
    note.className = "note";
    note.setAttribute("role", "status");
    note.textContent = text;
    part.before(note);
  };

  const show = (html) => {
    const state = inside().dataset.state;
    const fresh = document.createElement("template");
    fresh.innerHTML = html;
    const next = fresh.content.firstElementChild;
    if (state !== undefined && next.dataset.state !== state && !next.dataset.live) { location.reload(); return; }
    const focused = part.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    const scrolled = [...part.querySelectorAll(".scroll")].map((box) => box.scrollLeft);
    part.replaceChildren(next);
    part.querySelectorAll(".scroll").forEach((box, at) => { box.scrollLeft = scrolled[at] || 0; });
    if (focused) [...part.querySelectorAll("a")].find((link) => link.getAttribute("href") === focused)?.focus();
  };

  const look = async () => {
    if (!document.hidden) {
      try {
        const answer = await fetch(part.dataset.part, { headers: { Accept: "text/html" }, redirect: "error" });
        if (!answer.ok) throw new Error(answer.status);
        const html = (await answer.text()).trim();
        failed = false;
        if (html === before) pause = Math.min(LONGEST_MS, pause * SLOWER);
        else { pause = FIRST_MS; before = html; show(html); }
      } catch {
        failed = true;
        pause = Math.min(LONGEST_MS, pause * 2);
      }
      told(failed ? part.dataset.words : "");
    }
    again();
  };

  const again = () => { if (inside().dataset.live) setTimeout(look, pause); };
  document.addEventListener("visibilitychange", () => { pause = FIRST_MS; });
  again();
})();
