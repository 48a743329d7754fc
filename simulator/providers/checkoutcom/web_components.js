/* A stand-in for Checkout.com's web components: `CheckoutWebComponents({...})` as a global and as an AMD module.

   Calls, callbacks and errors are those of the npm loader's typings, the look is the simulator's.
   Where the typings are silent a comment names the entry of facts.toml. */
(() => {
"use strict";

const METHODS = {
  alipay_cn: ["Alipay CN", "支付宝"],
  alipay_hk: ["Alipay HK", "AlipayHK"],
  dana: ["DANA"],
  gcash: ["GCash"],
  kakaopay: ["Kakao Pay"],
  tng: ["Touch 'n Go"],
  truemoney: ["TrueMoney"],
};

/* Keys with a dot are documented, and `translations` replaces them. */
const WORDS = {
  "pay_button.pay_with": ["Pay with {PAYMENT_METHOD}", "用{PAYMENT_METHOD}付款"],
  "pay_button.payment_processing": ["In progress", "正在处理付款"],
  "pay_button.redirect_cta": ["You finish the payment on another page.", "您将在另一个页面完成付款。"],
  "payment.declined.not_enough_funds": ["Declined: there is not enough money.", "余额不足。"],
  "payment.declined.payment_cancelled": ["The payment is cancelled.", "付款已取消。"],
  "payment.declined.payment_expired": ["The time to pay is over.", "付款已过期。"],
  "payment.declined.try_again": ["The payment did not work. Try again.", "付款失败，请重试。"],
  methods: ["How to pay", "付款方式"],
  total: ["Total", "合计"],
  ribbon: ["SIMULATOR - no real money", "模拟环境 – 不涉及真实资金"],
  nothing: ["No wallet is offered.", "没有可用的钱包。"],
  note: ["Pay leads to the mock wallet.", "将转到模拟钱包。"],
};

const ERROR_TYPES = { component_invalid: "Submit", update_parameters_invalid: "Validation" };

class CheckoutError extends Error {
  constructor(code, details, cause) {
    const type = ERROR_TYPES[code] || (code.startsWith("payment_request") ? "Request" : "Integration");
    super(`[${type}]: ${code.replaceAll("_", " ")} [${code}]`, { cause });
    Object.assign(this, { name: "CheckoutError", type, code, details });
  }
}

/* No style or policy of the shop's reaches it; amber is the simulator's voice. Inferred: checkoutcom.component-look */
const STYLE = `
  .box { color-scheme: light; display: grid; gap: 12px; padding: 16px; border: 1px solid #7E847F; border-radius: 8px; background: #FFF; color: #191E1D;
    font: 16px/24px system-ui, sans-serif; text-align: start; overflow-wrap: anywhere; overflow: hidden }
  b, small { font-size: 13px; line-height: 19px }
  b { margin: -16px -16px 0; padding: 8px 16px 0; background: #F3B93B; color: #241A00 }
  b::after { content: ""; display: block; height: 4px; margin: 8px -16px 0; background: repeating-linear-gradient(115deg, #241A00 0 10px, #0000 0 20px) }
  p, fieldset, legend { margin: 0; padding: 0; border: 0 }
  label { display: flex; gap: 12px; align-items: center; min-height: 44px }
  input { width: 20px; height: 20px; margin: 0; accent-color: #0D5C6D }
  button { min-height: 48px; padding: 8px 16px; border: 0; border-radius: 6px; background: #0D5C6D; color: #FFF; font: inherit }
  small { padding: 8px 12px; border: 1px dashed #A8760C; border-radius: 8px; background: #FFF7E3; color: #6A4700 }
  i { display: inline-block; margin-inline-end: 8px; border: 8px solid; vertical-align: -3px; clip-path: path(evenodd, "M5 1h6v2h-1v4l4 8H2l4-8V3H5zM7.5 3v4.5L6 10.5h4L8.5 7.5V3z") }
  :focus-visible { outline: 2px solid #0D5C6D; outline-offset: 2px }
  [role=alert] { color: #9C2727 }`;

function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

const OWN = new URL(globalThis.document?.currentScript?.src || "about:blank").origin;

/* The session, as its token tells it. Throws where a part is missing or another's. */
function read({ id, payment_session_secret: secret, payment_session_token: token, _links: { self } }) {
  const told = JSON.parse(atob(token.split(":")[1])); // its UTF-8 stays undecoded
  if (!id || told.id !== id || told.payment_session_secret !== secret) throw new TypeError("parts of two sessions");
  const { integration_domain: host } = told; // its scheme is that of the session's own link. Inferred: checkoutcom.browser-calls
  const origin = host ? `${new URL(self.href).protocol}//${host}` : OWN;
  return { ...told, pay: `${origin}/payment-sessions/${id}/pay`, methods: told.payment_methods.map(({ type }) => type) };
}

/* A constant of each wallet, in ASCII, so without + and /. Inferred: checkoutcom.session-data */
const sessionData = (type) => `sd_${btoa(JSON.stringify({ type })).replaceAll("=", "")}`;

function isAnswer({ id, status, type, action = {} }) {
  const isWay = status === "Action Required" && action.type === "redirect" && /^https?:/.test(action.url);
  return id && type && (isWay || status === "Approved" || status === "Declined");
}

function component(world, type, options) {
  const { text, nameOf } = world;
  const isFlow = type === "flow";
  const methods = isFlow ? world.methods : [type];
  /* The shopper picks, even the only one, unless the shop has. Inferred: checkoutcom.component-choice */
  let selected = !isFlow || options.expandFirstPaymentMethod ? methods[0] : undefined; // null: unselected
  let isChecked = isFlow;
  let isBusy = false;
  let seen = null; // what is on the page while mounted

  const failure = (code, details, cause) => world.failure(code, { type: selected || type, ...details }, cause);

  async function tell(callback, ...said) {
    try {
      if (options[callback]) await options[callback](self, ...said);
    } catch (cause) {
      if (callback === "onError") reportError(cause);
      else tell("onError", failure("callback_invocation_failed", {}, cause));
    }
  }

  const refused = ({ request_id: requestId, error_codes: requestErrorCodes = [], status }) =>
    failure("payment_request_failed", { requestId, requestErrorCodes, status });

  async function handled(data) {
    let answer;
    try {
      answer = await options.handleSubmit(self, data);
    } catch (cause) {
      throw failure("callback_invocation_failed", {}, cause);
    }
    if (!answer) throw failure("payment_request_aborted");
    if (answer.error_type) throw refused(answer); // handed on as it came. Inferred: checkoutcom.component-errors
    if (!isAnswer(answer)) throw failure("callback_result_invalid");
    return answer;
  }

  /* Inferred: checkoutcom.browser-calls */
  async function requested(data) {
    const { session, publicKey } = world;
    if (!session) throw failure("payment_session_required");
    const headers = { Authorization: `Bearer ${publicKey}`, "Content-Type": "application/json" };
    const body = JSON.stringify({ ...data, payment_session_secret: session.payment_session_secret });
    const response = await fetch(session.pay, { method: "POST", headers, body });
    const answer = await response.json().catch(() => ({})); // some refusals are empty
    if (response.ok && isAnswer(answer)) return answer;
    throw refused({ request_id: response.headers.get("Cko-Request-Id"), ...answer, status: response.status });
  }

  function follow({ id, status, type, action, decline_reason: reason = "try_again" }) {
    if (status === "Declined") throw failure("payment_request_declined", { paymentId: id, requestErrorCodes: [reason] });
    if (status === "Action Required") return location.assign(action.url);
    isBusy = false;
    refresh();
    tell("onPaymentCompleted", { id, status, type });
  }

  async function submit() {
    if (isBusy || selected === null) return;
    try {
      if (!self.isValid()) throw failure("component_invalid");
      isBusy = true;
      refresh();
      tell("onSubmit");
      const data = { session_data: sessionData(selected) };
      follow(await (options.handleSubmit ? handled(data) : requested(data)));
    } catch (cause) {
      const error = cause instanceof CheckoutError ? cause : failure("payment_request_failed", {}, cause);
      const [code = ""] = error.details.requestErrorCodes || [];
      isBusy = false;
      refresh(error.type === "Submit" ? "" : text(`payment.declined.${code.replace("_session", "")}`));
      tell("onError", error);
    }
  }

  function choose(method) {
    selected = method;
    refresh();
    tell("onChange");
  }

  function draw(place) {
    const part = (tag, id, more, ...children) => element(tag, { "data-testid": `flow-${id}`, ...more }, ...children);
    const radios = methods.map((value) => part("input", `method-${value}`, { type: "radio", name: "method", value }));
    const labels = radios.map((radio) => element("label", {}, radio, nameOf(radio.value)));
    const ribbon = element("b", { "data-testid": "sim-ribbon" }, text("ribbon"));
    const note = element("small", { "data-testid": "sim-note" }, element("i", {}), text(methods.length ? "note" : "nothing"));
    const choice = element("fieldset", {}, element("legend", {}, text("methods")), ...(isFlow ? labels : [nameOf(type)]));
    const total = part("p", "total");
    const cta = element("p", {}, text("pay_button.redirect_cta"));
    const button = part("button", "pay", { type: "button" });
    const message = part("p", "message", { role: "alert" });
    const host = element("div", { "data-testid": "checkout-web-component-root" });
    const shadow = host.attachShadow({ mode: "open" });
    shadow.adoptedStyleSheets = [new CSSStyleSheet()];
    shadow.adoptedStyleSheets[0].replaceSync(STYLE);
    shadow.append(element("div", { class: "box", lang: world.lang }, ribbon, note, choice, total, cta, button, message));
    for (const radio of radios) radio.addEventListener("change", () => choose(radio.value));
    button.addEventListener("click", submit);
    place.append(host);
    return { host, radios, total, cta, button, message };
  }

  function refresh(said = "") {
    if (!seen) return;
    const { radios, total, cta, button, message } = seen;
    for (const radio of radios) Object.assign(radio, { checked: radio.value === selected, disabled: isBusy });
    total.textContent = world.total();
    cta.hidden = !selected;
    button.hidden = !selected || options.showPayButton === false;
    button.textContent = isBusy ? text("pay_button.payment_processing") : text("pay_button.pay_with", nameOf(selected));
    button.setAttribute("aria-disabled", isBusy);
    message.textContent = said;
  }

  /* Whoever comes back may pay again. */
  function restore({ persisted }) {
    if (!persisted) return;
    isBusy = false;
    refresh();
  }

  const self = {
    type,
    name: nameOf(type),
    get selectedType() { return selected || type; },
    get selectedPaymentMethodId() { return selected || undefined; },
    submit: () => void submit(),
    async tokenize() { throw failure("method_not_supported"); },
    isValid: () => Boolean(seen && selected),
    isPayButtonRequired: () => Boolean(selected),
    async isAvailable() {
      isChecked = true;
      return methods.length > 0;
    },
    unselect() {
      if (!isFlow) throw failure("method_not_supported");
      if (selected) choose(null);
    },
    mount(target) {
      if (seen) throw failure("component_already_mounted");
      if (!isChecked) throw failure("component_is_available_not_checked");
      const place = typeof target === "string" ? document.querySelector(target) : target;
      if (!place?.append) throw failure("element_not_found", { element: target });
      seen = draw(place);
      refresh();
      world.mounted.add(refresh);
      addEventListener("pageshow", restore);
      queueMicrotask(() => seen && tell("onReady"));
      return self;
    },
    unmount() {
      if (seen) seen.host.remove();
      seen = null;
      world.mounted.delete(refresh);
      removeEventListener("pageshow", restore);
      return self;
    },
  };
  return self;
}

function CheckoutWebComponents({ paymentSession, componentOptions = {}, translations = {}, ...options } = {}) {
  const ids = { browserSessionId: crypto.getRandomValues(new Uint32Array(4)).join("-") }; // randomUUID() is for secure contexts
  const failure = (code, details, cause) => new CheckoutError(code, { ...ids, ...details }, cause);
  if (!globalThis.document) throw failure("browser_environment_required");
  if (!options.publicKey) throw failure("public_key_required"); // Inferred: checkoutcom.component-errors
  let session = null;
  try {
    if (paymentSession !== undefined) session = read(paymentSession);
  } catch (cause) {
    throw failure("payment_session_invalid", {}, cause);
  }
  if (session) ids.paymentSessionId = session.id;
  const { amount, currency } = session || componentOptions;
  if (!session && !currency) throw failure("payment_session_required"); // a currency replaces it. Inferred: checkoutcom.component-look
  const shown = { amount, currency };

  const locale = options.locale || session?.locale || "en-GB";
  const lang = locale.startsWith("zh") ? "zh" : "en";
  const own = { ...translations[locale.slice(0, 2)], ...translations[locale] };
  const pick = ([english, chinese = english]) => (lang === "zh" ? chinese : english);
  const nameOf = (type) => pick(METHODS[type] || ["Flow"]);
  const world = {
    session, failure, lang, nameOf,
    publicKey: options.publicKey,
    methods: (session ? session.methods : Object.keys(METHODS)).filter((type) => METHODS[type]),
    mounted: new Set(),
    text: (key, method) => (own[key] || pick(WORDS[key] || WORDS["payment.declined.try_again"])).replace("{PAYMENT_METHOD}", () => method),
    total() {
      if (shown.amount === undefined) return "";
      const format = new Intl.NumberFormat(lang, { style: "currency", currency: shown.currency, currencyDisplay: "code" });
      const decimals = format.resolvedOptions().maximumFractionDigits;
      return `${pick(WORDS.total)}: ${format.format(shown.amount / 10 ** decimals)}`;
    },
  };
  const made = {
    create(name, given) {
      if (name !== "flow" && !world.methods.includes(name)) throw failure("component_not_supported", { type: name });
      return component(world, name, { ...options, ...componentOptions[name], ...given });
    },
    async update(details) {
      const validationErrors = {};
      for (const [name, value] of Object.entries(details || {})) {
        if (!(name in shown)) validationErrors[name] = "not supported field";
        else if (!/^(amount:\d+|currency:"[A-Z]{3}")$/.test(`${name}:${JSON.stringify(value)}`)) validationErrors[name] = `invalid ${name}`;
      }
      if (!details || Object.keys(validationErrors).length) throw failure("update_parameters_invalid", { validationErrors });
      Object.assign(shown, details);
      for (const refresh of world.mounted) refresh();
    },
  };
  return Object.assign(Promise.resolve(made), made); // typed as an object, documented as awaited
}

globalThis.CheckoutWebComponents = CheckoutWebComponents;
if (typeof define === "function" && define.amd) define([], () => CheckoutWebComponents);
})();
