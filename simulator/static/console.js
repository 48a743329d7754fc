/* Makes the console live. Every page works without it.
 *
 * Server-sent events at data-events of <body> (docs/control-api.md) say that something has changed. The page asks again for its own HTML
 * and takes from it what is marked data-live-part, unless a reader is inside it; then a button offers it.
 */
(() => {
  "use strict";

  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector, root = document) => root.querySelector(selector);

  /* ---- keys, off while somebody types or when switched off */

  const PLACES = { p: "payments", w: "webhooks", q: "requests", m: "money", b: "buyers", s: "scenarios", c: "clock" };
  let went = false;

  function rows() { return all("main .row-link"); }

  function move(step) {
    const links = rows();
    const at = links.indexOf(document.activeElement);
    (links[at + step] || (at < 0 ? links[0] : null))?.focus();
  }

  function wallet() {
    const path = document.activeElement?.closest("[data-wallet]")?.dataset.wallet;
    if (path) location.assign(path);
    return path;
  }

  const KEYS = {
    "/": () => one("#search")?.focus(),
    j: () => move(1),
    k: () => move(-1),
    w: () => wallet() || one("[data-key=w]")?.click(),
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

  const keysOff = one("[data-testid=keys-off]");

  function sayKeys() {
    keysOff.textContent = localStorage.getItem("keys") === "off" ? keysOff.dataset.on : keysOff.dataset.off;
  }

  keysOff?.addEventListener("click", () => {
    localStorage.setItem("keys", localStorage.getItem("keys") === "off" ? "on" : "off");
    sayKeys();
  });
  if (keysOff) sayKeys();

  /* ---- what was done is said aloud */

  const told = one("[data-say]");
  if (told) setTimeout(() => { one("[data-testid=status-live]").textContent = told.textContent; }, 200);

  /* ---- live: the page asks for itself again, and takes what is marked, unless somebody is reading there */

  const liveBar = one("[data-testid=live]");
  const offer = one("[data-testid=new-rows]");
  let waiting = 0, renewed = -1000;

  function isRead() {
    const inside = document.activeElement?.closest('[data-live-part=""]');
    return Boolean(inside) || window.scrollY > 80 || Boolean(one("details.menu[open]")) || Boolean(one('[data-live-part=""] details[open]'));
  }

  // A part marked "always" is renewed whatever is read elsewhere, one marked "state" only says whether it is done.
  const steps = one("[data-live-part=always]");

  function take(part, other) {
    const { livePart, done } = part.dataset;
    if (livePart === "state") {
      if (done === other.dataset.done) return;
      part.dataset.done = other.dataset.done;
      if (done === "false") one("[data-testid=status-live]").textContent = one("h2", part).textContent;
    } else if (!(livePart ? part.contains(document.activeElement) : isRead()) && other.innerHTML !== part.innerHTML) {
      part.replaceChildren(...other.childNodes);
    }
  }

  /* What came new is offered, not put in, while somebody reads. */
  async function renew() {
    waiting = 0;
    renewed = performance.now();
    const answer = await fetch(location.href, { headers: { accept: "text/html" } }).catch(() => null);
    if (!answer?.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of all("[data-live-part=frame]")) take(part, fresh.getElementById(part.id));
    if (isRead()) {
      if (!offer) return;
      const ids = new Set(all("tr[data-id]").map((row) => row.dataset.id));
      const more = all("tr[data-id]", fresh).filter((row) => !ids.has(row.dataset.id)).length;
      offer.hidden = false;
      offer.textContent = offer.dataset[!more || !one("[data-testid=payment-row]") ? "text" : more > 1 ? "rows" : "row"].replace("{n}", more);
      return;
    }
    const known = new Set(all("[data-live-part] tr[data-id]").map((row) => row.dataset.id));
    for (const part of all("[data-live-part]:not([data-live-part=frame])")) {
      const other = fresh.getElementById(part.id);
      if (other) take(part, other);
    }
    for (const row of all("[data-live-part] tr[data-id]")) {
      if (known.size && !known.has(row.dataset.id)) {
        row.dataset.new = "";
        setTimeout(() => row.removeAttribute("data-new"), 4000);
      }
    }
    if (offer) offer.hidden = true;
  }

  function changed() {
    if (!waiting) waiting = setTimeout(renew, Math.max(100, renewed + 700 - performance.now())); // at once, then not too often
  }

  if (document.body.dataset.events && one("[data-live-part]")) {
    const feed = new EventSource(document.body.dataset.events);
    for (const name of ["request", "state", "wallet", "webhook", "timer", "clock", "workspace"]) feed.addEventListener(name, changed);
    const hears = (how) => {
      liveBar.dataset.live = how;
      for (const form of all("main form")) form.inert = how === "poll";
    };
    feed.addEventListener("open", () => { if (liveBar.dataset.live === "poll") changed(); hears("sse"); });
    feed.addEventListener("error", () => hears("poll"));
    addEventListener("pagehide", () => feed.close());
    offer?.addEventListener("click", () => {
      window.scrollTo(0, 0);
      offer.blur();
      renew();
    });
  }

  /* ---- a link that fills one part of the page: data-into names it by its id */

  document.addEventListener("click", async (event) => {
    const link = event.target.closest?.("a[data-into]");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    const answer = await fetch(link.href).catch(() => null);
    const fresh = answer?.ok && new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(link.dataset.into);
    if (!fresh) return location.assign(link.href);
    one(`#${link.dataset.into}`).replaceWith(fresh);
    history.replaceState(null, "", link.href);
    const row = one(location.hash || "main");
    for (const other of all("[id^=e-][aria-current]")) other.removeAttribute("aria-current");
    row?.setAttribute("aria-current", "true");
  });

  if (location.hash.startsWith("#e-") && !/[?&]event=/.test(location.search)) one(`[id="${location.hash.slice(1)}"] [data-into]`)?.click();

  /* ---- what a step of the clock would fire */

  function mark(step, on) {
    const { preview, step: text, shown } = step.dataset, line = one(".stands");
    for (const timer of all("[data-due]")) timer.toggleAttribute("data-marked", on && timer.dataset.due <= preview);
    const fired = all("[data-marked]"), card = one("[data-would]").dataset;
    one("[data-testid=would]").textContent = on ? card[fired.length > 1 ? "would" : fired.length ? "wouldOne" : "wouldNone"].replace("{step}", text).replace("{n}", fired.length) : "";
    if (!line) return;
    line.hidden = !on;
    one("b", line).textContent = shown;
    one("span", line).textContent = line.dataset.text.replace("{step}", text);
    if (fired.length) fired.at(-1).after(line); else line.parentElement.prepend(line);
  }
  for (const [name, on] of [["mouseover", true], ["focusin", true], ["mouseout", false], ["focusout", false]]) {
    document.addEventListener(name, (event) => {
      const step = event.target.closest?.("[data-preview]");
      if (step) mark(step, on);
    });
  }

  /* ---- a clock that runs is seen to run */

  const seen = new WeakMap();
  setInterval(() => {
    for (const face of all("[data-now][data-mode=real]")) {
      if (!seen.has(face)) seen.set(face, performance.now());
      const { now, rate, day } = face.dataset, at = new Date(Date.parse(now) + (performance.now() - seen.get(face)) * rate);
      const said = at.toUTCString(), date = day === "zh" ? at.toISOString().slice(5, 10) : said.slice(5, 11);
      face.textContent = (day ? date + " " : "") + said.slice(17, 25);
    }
  }, 250);

  /* ---- a name is typed before something goes for good */

  for (const field of all("[data-must-be]")) {
    const fits = () => { one("button:not([type=button])", field.form).disabled = field.value.trim() !== field.dataset.mustBe; };
    field.addEventListener("input", fits);
    fits();
  }

  /* ---- an advance on its way: how many of the timers that it will reach have had their time */

  for (const walk of all("[data-walk]")) {
    walk.addEventListener("submit", () => {
      const bar = one("[data-testid=progress]"), due = all("[data-marked]").map((timer) => timer.dataset.due);
      bar.hidden = false;
      const look = async () => {
        const { now } = await (await fetch(bar.dataset.clockUrl)).json();
        if (due.length) one("span", bar).textContent = bar.dataset.text.replace("{n}", due.filter((at) => at <= now).length).replace("{all}", due.length);
        setTimeout(look, 300);
      };
      setTimeout(look, 300);
    });
  }

  /* ---- menus close when somebody presses elsewhere */

  document.addEventListener("click", (event) => {
    for (const open of all("details.menu[open]")) if (!open.contains(event.target)) open.open = false;
  });
})();
