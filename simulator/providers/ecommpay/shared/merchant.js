/* EPayWidget: opens Payment Page in a modal, in an iframe (target_element) or in a tab of its own (redirect). */
(() => {
  "use strict";

  const OWN = new URL(document.currentScript ? document.currentScript.src : location.href).origin;
  const ON = /^on[A-Z]/;
  let opened = null;
  let frames = 0;

  const isOn = (value) => value === true || value === 1 || value === "1" || value === "true";

  function parametersOf(config, frameMode) {
    const found = {};
    for (const [name, value] of Object.entries(config)) {
      if (ON.test(name) || name === "baseUrl" || typeof value === "function" || value === undefined || value === null) continue;
      found[name] = value === true ? "1" : value === false ? "0" : String(value);
    }
    if (frameMode) found.frame_mode = frameMode;
    return found;
  }

  const baseOf = (config) => (config.baseUrl ? String(config.baseUrl).replace(/\/+$/, "").replace(/\/payment$/, "") : OWN);

  function buildUrl(config, frameMode) {
    return `${baseOf(config)}/payment?${new URLSearchParams(parametersOf(config, frameMode))}`;
  }

  function submit(config, target, frameMode, method) {
    const form = document.createElement("form");
    form.method = method;
    form.action = `${baseOf(config)}/payment`;
    form.target = target;
    form.hidden = true;
    for (const [name, value] of Object.entries(parametersOf(config, frameMode))) {
      const input = document.createElement("input");
      input.type = "hidden";
      input.name = name;
      input.value = value;
      form.append(input);
    }
    document.body.append(form);
    form.submit();
    form.remove();
  }

  function tell(event, data) {
    const handler = opened && opened.config[event];
    if (typeof handler === "function") handler(data);
  }

  function close() {
    if (!opened) return;
    tell(opened.finished ? "onExit" : "onDestroy");
    opened.root.remove();
    opened = null;
  }

  function frameFor(config, root) {
    const frame = document.createElement("iframe");
    frames += 1;
    frame.name = `epay-${frames}`;
    frame.className = "epay-frame";
    frame.setAttribute("allow", "payment");
    root.append(frame);
    return frame;
  }

  function modal(config) {
    const root = document.createElement("div");
    root.className = `epay-modal ${config.css_modal_wrap || ""}`.trim();
    const inner = document.createElement("div");
    inner.className = "epay-modal-window";
    const cross = document.createElement("button");
    cross.type = "button";
    cross.className = "epay-modal-close";
    cross.textContent = "\u00d7";
    cross.setAttribute("aria-label", "Close");
    cross.addEventListener("click", close);
    inner.append(cross);
    root.append(inner);
    if (isOn(config.close_on_missclick)) root.addEventListener("click", (event) => { if (event.target === root) close(); });
    document.body.append(root);
    return { root, holder: inner, mode: "popup" };
  }

  function run(config, method) {
    const how = String(method || "GET").toUpperCase() === "POST" ? "POST" : "GET";
    const isPhone = /Mobi/.test(navigator.userAgent);
    if (isOn(config.redirect) || (isOn(config.redirect_on_mobile) && isPhone)) {
      submit(config, "_blank", "", how);
      return;
    }
    close();
    const element = config.target_element && document.getElementById(config.target_element);
    const place = element ? { root: null, holder: element, mode: "iframe" } : modal(config);
    const frame = frameFor(config, place.holder);
    opened = { config, frame, root: place.root || frame, mode: place.mode, origin: new URL(baseOf(config), location.href).origin, finished: false };
    frame.addEventListener("error", () => tell("onFailLoading", { message: "Application error", config }));
    if (how === "POST") submit(config, frame.name, place.mode, how);
    else frame.src = buildUrl(config, place.mode);
  }

  addEventListener("message", (message) => {
    if (!opened || message.origin !== opened.origin || message.source !== opened.frame.contentWindow) return;
    const { epay, event, data, url, target, act } = message.data || {};
    if (epay !== 1) return;
    if (event === "onPaymentSuccess" || event === "onPaymentFail") opened.finished = true;
    if (event === "onResize" && opened.mode === "iframe" && data) opened.frame.style.height = `${data.height}px`;
    if (event) tell(event, data);
    if (act === "close") close();
    else if (act !== "event" && url && target === "_top") location.assign(url);
    else if (act !== "event" && url && target === "_blank") window.open(url, "_blank", "noopener");
  });

  window.EPayWidget = {
    run,
    bind(id, config, method) {
      const element = document.getElementById(id);
      if (element) element.addEventListener("click", (event) => { event.preventDefault(); run(config, method); });
    },
    create: (config) => ({ buildUrl: () => buildUrl(config, "") }),
    close,
  };
})();
