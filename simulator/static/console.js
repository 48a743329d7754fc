/* Makes the console live. Every page works without it.
 *
 * Server-sent events at data-events of <body> (`control-api`, events): each names a change. The page asks again for its own HTML
 * and takes from it what is marked data-live-part, unless a reader is inside it; then a button offers it.
 */
(() => {
  "use strict";

  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector, root = document) => root.querySelector(selector);

  /* ---- keys, off while somebody types or when switched off */

  const PLACES = { p: "payments", w: "webhooks", q: "requests", b: "buyers", s: "scenarios", c: "clock" };
  let went = false;

  function rows() { return all(".table tbody tr .row-link"); }

  function move(step) {
    const links = rows();
    const at = links.indexOf(document.activeElement);
    (links[at + step] || (at < 0 ? links[0] : null))?.focus();
  }

  const KEYS = {
    "/": () => one("#search")?.focus(),
    j: () => move(1),
    k: () => move(-1),
    w: () => one("[data-key=w]")?.click(),
    r: () => one("[data-key=r]")?.click(),
    f: () => one("[data-key=f]")?.click(),
    n: () => one("[data-key=n]")?.click(),
    "?": () => one("[data-key=help]")?.click(),
  };

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key === "Escape") {
      for (const open of all("details.menu[open]")) open.open = false;
      if (typing) typing.blur();
      return;
    }
    if (typing || event.ctrlKey || event.metaKey || event.altKey || localStorage.getItem("keys") === "off") return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (went) {
      went = false;
      one(`[data-testid=nav-${PLACES[key]}]`)?.click();
    } else if (key === "g") {
      went = true;
    } else if (KEYS[key]) {
      event.preventDefault();
      KEYS[key]();
    }
  });

  /* ---- what a step of the clock would fire */

  for (const step of all("[data-preview]")) {
    const mark = (on) => {
      for (const timer of all("[data-due]")) timer.toggleAttribute("data-marked", on && timer.dataset.due <= step.dataset.preview);
    };
    for (const name of ["mouseenter", "focusin"]) step.addEventListener(name, () => mark(true));
    for (const name of ["mouseleave", "focusout"]) step.addEventListener(name, () => mark(false));
  }

  /* ---- menus close when somebody presses elsewhere */

  document.addEventListener("click", (event) => {
    for (const open of all("details.menu[open]")) if (!open.contains(event.target)) open.open = false;
  });
})();
