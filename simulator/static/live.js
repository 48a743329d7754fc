/* Makes the buyer's pages live. Every page works without it: forms post, links lead on.
 *
 * Server-sent events at data-events of #live (and the same as JSON at data-state-url):
 *   state  {state, version, html, title, announce}   the panel, replaced only when version is newer
 *   clock  {now, rate, frozen, expires_at}           the workspace's clock, for the countdowns
 *   gone   the order does not exist any more
 *   ping
 * state.json answers the fields of `state` and, under `clock`, those of `clock`.
 */
(() => {
  "use strict";

  const FINAL = ["paid", "declined", "cancelled", "expired"];
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector, root = document) => root.querySelector(selector);
  const status = one("[role=status]");
  const live = document.getElementById("live");

  const say = (text) => { if (status && text) status.textContent = text; };

  /* ---- countdown, on the workspace's clock */

  const SPOKEN = [300, 60, 30];

  function clockText(seconds) {
    const two = (n) => String(n).padStart(2, "0");
    const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
    return h ? `${h}:${two(m)}:${two(s)}` : `${two(m)}:${two(s)}`;
  }

  function tick() {
    for (const timer of all("[data-expires-at]")) {
      const { now, rate, frozen, expiresAt } = timer.dataset;
      const key = now + rate + frozen + expiresAt;
      if (timer.clock?.key !== key) {
        const left = (Date.parse(expiresAt) - Date.parse(now)) / 1000;
        timer.clock = { key, left, since: performance.now(), shown: timer.clock?.shown };
      }
      const passed = frozen === "true" ? 0 : ((performance.now() - timer.clock.since) / 1000) * Number(rate);
      const left = Math.max(0, Math.ceil(timer.clock.left - passed));
      if (!Number.isFinite(left) || timer.clock.shown === left) continue;
      const text = one("b", timer);
      if (text) text.textContent = clockText(left);
      const crossed = SPOKEN.find((at) => timer.clock.shown > at && left <= at);
      if (crossed) say(timer.dataset.say.replace("{time}", clockText(left)));
      timer.clock.shown = left;
    }
  }

  function localTimes() {
    for (const time of all("time[data-local]")) {
      const { local, days, now } = time.dataset, at = new Date(time.dateTime);
      const text = at.toTimeString().slice(0, local || 8);
      const day = days && Math.round((new Date(at).setHours(0, 0, 0, 0) - new Date(now).setHours(0, 0, 0, 0)) / 864e5);
      time.textContent = days ? (days.split("|")[day] || at.toLocaleDateString("sv") + " {time}").replace("{time}", text) : text;
    }
  }

  function setClock(clock) {
    for (const timer of all("[data-expires-at]")) {
      timer.dataset.now = clock.now;
      timer.dataset.rate = clock.rate;
      timer.dataset.frozen = clock.frozen;
      if (clock.expires_at && timer.dataset.testid === "countdown") timer.dataset.expiresAt = clock.expires_at;
    }
    tick();
  }

  /* ---- return to the merchant, in browser time */

  let returning = 0;

  function stay() {
    clearInterval(returning);
    returning = 0;
    for (const seconds of all("[data-return-in]")) seconds.parentElement.hidden = true;
    for (const link of all("[data-testid=stay]")) link.hidden = true;
  }

  function startReturn() {
    const seconds = one("[data-return-in]");
    const link = one("a[data-testid=return], a[data-return]");
    if (!seconds || !link || returning) return;
    const until = performance.now() + Number(seconds.dataset.returnIn) * 1000;
    returning = setInterval(() => {
      const left = Math.max(0, Math.ceil((until - performance.now()) / 1000));
      const figure = one("span", seconds);
      if (figure) figure.textContent = left;
      if (left > 0) return;
      clearInterval(returning);
      location.assign(link.href);
    }, 200);
  }

  addEventListener("pageshow", (event) => { if (event.persisted) stay(); });

  /* ---- the panel */

  function replacePanel(html) {
    const fresh = document.createElement("template");
    fresh.innerHTML = html;
    const focused = live.contains(document.activeElement) ? document.activeElement : null;
    for (const part of all("[data-part]", fresh.content)) {
      const old = one(`[data-part="${part.dataset.part}"]`, live);
      if (old && old.dataset.key === part.dataset.key) part.replaceWith(old);
    }
    live.replaceChildren(fresh.content);
    if (!focused) return;
    if (live.contains(focused)) focused.focus({ preventScroll: true });
    else one("h1[tabindex]", live)?.focus();
  }

  function setState(news) {
    if (news.version <= Number(live.dataset.version)) return;
    live.dataset.version = news.version;
    const shown = () => one("[data-state]", live)?.dataset.state;
    const before = shown();
    replacePanel(news.html);
    document.title = news.title;
    if (shown() !== before) say(news.announce);
    localTimes();
    tick();
    if (FINAL.includes(news.state)) { stopListening(); startReturn(); }
  }

  /* ---- events, or a look every two seconds */

  let source = null;
  let polling = 0;
  let failures = 0;

  const setLive = (how) => { for (const bar of all("[data-live]")) bar.dataset.live = how; };

  function stopListening() {
    source?.close();
    clearInterval(polling);
    source = null;
    polling = 0;
    setLive("off");
  }

  async function poll() {
    try {
      const answer = await fetch(live.dataset.stateUrl, { headers: { Accept: "application/json" }, cache: "no-store" });
      if (answer.status === 404) { stopListening(); location.reload(); return; }
      if (!answer.ok) return;
      const news = await answer.json();
      if (!polling) return;
      if (news.clock) setClock(news.clock);
      setState(news);
    } catch { /* the next look may succeed */ }
  }

  function startPolling() {
    stopListening();
    setLive("poll");
    polling = setInterval(poll, 2000);
    poll();
  }

  function listen() {
    if (!("EventSource" in window)) { startPolling(); return; }
    const heard = (use) => (event) => { failures = 0; setLive("sse"); if (event.data) use(JSON.parse(event.data)); };
    source = new EventSource(live.dataset.events);
    source.addEventListener("open", heard(() => {}));
    source.addEventListener("state", heard(setState));
    source.addEventListener("clock", heard(setClock));
    source.addEventListener("ping", heard(() => {}));
    source.addEventListener("gone", () => { stopListening(); location.reload(); });
    source.addEventListener("error", () => {
      source.close();
      failures += 1;
      if (failures >= 3) startPolling();
      else setTimeout(() => { if (source && !polling) listen(); }, 500);
    });
  }

  /* ---- a page without events looks again by itself */

  let again = one("[data-again]");

  async function lookAgain() {
    if (!again) return;
    try {
      const answer = await fetch(location.href, { cache: "no-store", redirect: "manual" });
      const seen = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (again && one("[data-again]", seen)?.dataset.key !== again.dataset.key) location.reload();
    } catch { /* the next look may succeed */ }
  }

  if (again) setInterval(lookAgain, again.dataset.again * 1000);
  addEventListener("beforeunload", () => { again = null; });  // a reload would stop whatever was pressed

  /* ---- small conveniences */

  async function copy(button) {
    const label = one("span", button);
    const text = button.dataset.copy;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
      button.focus();
    }
    const before = label.textContent;
    if (before === button.dataset.copied) return;
    label.textContent = button.dataset.copied;
    setTimeout(() => { label.textContent = before; }, 2000);
  }

  addEventListener("click", (event) => {
    const target = event.target.closest("[data-copy], [data-window], [data-close], [data-testid=stay]");
    for (const sheet of all("details.sheet[open]")) if (!sheet.contains(event.target)) sheet.open = false;
    if (!target) return;
    if ("copy" in target.dataset) { copy(target); return; }
    if ("window" in target.dataset && (event.metaKey || event.ctrlKey || event.shiftKey)) return;
    if (target.dataset.testid === "stay") { stay(); return; }  // its link keeps the page from returning later
    event.preventDefault();
    if ("window" in target.dataset) window.open(target.href, "_blank", "noopener,width=390,height=844");
    else { window.close(); say(target.dataset.close); target.textContent = target.dataset.close; }
  });

  addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const sheet of all("details.sheet[open]")) { sheet.open = false; one("summary", sheet).focus(); }
  });

  addEventListener("change", (event) => {
    if (event.target.name !== "buyer") return;
    for (const line of all("[data-buyer]")) line.hidden = line.dataset.buyer !== event.target.value;
  });

  /* A second press before the answer is there would only be told that it came too late. */
  addEventListener("submit", (event) => {
    if ("sent" in event.target.dataset) { event.preventDefault(); return; }
    event.target.dataset.sent = "";
    setTimeout(() => { delete event.target.dataset.sent; }, 3000);
  });

  /* ---- start */

  const phone = one("[data-scan]");
  if (phone) {
    const body = new URLSearchParams({ token: phone.dataset.token });
    fetch(phone.dataset.scan, { method: "POST", body, redirect: "manual" }).catch(() => {});
  }
  one("[data-go]")?.form.requestSubmit();
  localTimes();
  tick();
  setInterval(tick, 250);
  if (live && !("final" in live.dataset)) listen();
  else startReturn();
})();
