/* What every page does: tables that scroll are reached by keyboard, menus close, printing opens what is folded. */
"use strict";
(() => {
  const watched = new WeakSet();

  /* A table wider than its place can be scrolled by arrow keys: it takes the focus and bears the name of its section. */
  function reach(box) {
    const scrolls = box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight;
    if (!scrolls) return ["tabindex", "role", "aria-label"].forEach((name) => box.removeAttribute(name));
    box.tabIndex = 0;
    box.setAttribute("role", "region");
    const part = box.closest("section, details, form, main");
    const head = part && part.querySelector("h1, h2, h3, summary, legend");
    const own = part && part.getAttribute("aria-label");
    if (own || head) box.setAttribute("aria-label", own || head.textContent.trim());
  }

  const sizes = new ResizeObserver((found) => found.forEach(({ target }) => reach(target.classList.contains("scroll") ? target : target.parentElement)));

  function watch() {
    for (const box of document.querySelectorAll(".scroll:not([data-named])")) {
      if (watched.has(box)) continue;
      watched.add(box);
      sizes.observe(box);
      if (box.firstElementChild) sizes.observe(box.firstElementChild);
    }
  }

  function shut(menu, focus) {
    if (!menu.open) return;
    menu.open = false;
    if (focus) menu.querySelector("summary").focus();
  }

  function menus() {
    const all = () => document.querySelectorAll("details.menu[open]");
    document.addEventListener("click", (event) => all().forEach((menu) => { if (!menu.contains(event.target)) shut(menu); }));
    document.addEventListener("focusin", (event) => all().forEach((menu) => { if (!menu.contains(event.target)) shut(menu); }));
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") all().forEach((menu) => shut(menu, menu.contains(document.activeElement)));
    });
  }

  /* The map goes to paper as it is on the screen, made smaller: nothing is fetched while printing. */
  const PAPER_PX = [700, 500]; // 186 mm, and half a page
  function measure() {
    if (matchMedia("print").matches) return;
    for (const sheet of document.querySelectorAll(".sheet")) {
      const [width, height] = [sheet.clientWidth, sheet.clientHeight];
      sheet.style.setProperty("--sheet-w", `${width}px`);
      sheet.style.setProperty("--sheet-h", `${height}px`);
      sheet.style.setProperty("--sheet-zoom", Math.min(1, PAPER_PX[0] / width));
    }
    const map = document.querySelector(".map");
    const shown = map && map.querySelector(".folium-map");
    if (!shown) return;
    const size = [shown.clientWidth, shown.clientHeight];
    const scale = Math.min(1, ...size.map((px, k) => PAPER_PX[k] / px));
    for (const [name, value] of Object.entries({ w: size[0], h: size[1], scale })) map.style.setProperty(`--map-${name}`, value);
  }

  /* On paper nothing can be unfolded, and the address is that of the state shown. */
  function printing() {
    let folded = [];
    measure();
    window.addEventListener("resize", measure);
    window.addEventListener("beforeprint", () => {
      const address = document.getElementById("paper-address");
      if (address) address.textContent = decodeURI(location.href);
      folded = [...document.querySelectorAll("main details:not([open]), .map details:not([open])")];
      folded.forEach((box) => { box.open = true; });
    });
    window.addEventListener("afterprint", () => folded.forEach((box) => { box.open = false; }));
  }

  /* An answer that may take long is announced in words where it was asked for; the page stays until it comes. */
  function waiting() {
    function tell(event) {
      const asker = event.target.closest("[data-wait]");
      if (!asker || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
      const told = document.createElement("p");
      told.className = "notice waits";
      told.setAttribute("role", "status");
      asker.after(told);
      told.textContent = asker.dataset.wait;
    }
    document.addEventListener("submit", tell);
    document.addEventListener("click", (event) => { if (event.target.closest("a[data-wait]")) tell(event); });
    window.addEventListener("pageshow", () => document.querySelectorAll(".waits").forEach((told) => told.remove()));
  }

  /* What a server tells in English on a Chinese page is marked so, for who listens to it. */
  function voices() {
    if (!document.documentElement.lang.startsWith("zh")) return;
    for (const told of document.querySelectorAll('[role="status"], [role="alert"]')) {
      const english = /[a-z]{3}/.test(told.textContent) && !/[\u4e00-\u9fff]/.test(told.textContent);
      if (english) told.lang = "en";
      else told.removeAttribute("lang");
    }
  }

  function look() {
    watch();
    voices();
  }

  menus();
  printing();
  waiting();
  look();
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
})();
