/* Inside the frame: tells the library on the merchant's page what happens here. Without a parent it does nothing. */
(() => {
  "use strict";

  if (window.parent === window) return;
  const say = (message) => window.parent.postMessage({ epay: 1, ...message }, "*");
  const size = () => ({ width: document.documentElement.scrollWidth, height: document.documentElement.scrollHeight });
  const news = document.getElementById("ecp-frame");
  const { event, result, url, target, act } = news ? news.dataset : {};

  const data = {
    onLoaded: size(),
    onPaymentMethodSelect: { name: "Alipay", payment_method_type: "1", payment_method_code: "alipay" },
  }[event];

  if (event !== "onLoaded") say({ event: "onLoaded", data: size() });
  if (event) {
    const parsed = result ? JSON.parse(result) : data;
    if (result) say({ event: "onPaymentSubmitResult", data: { request_id: parsed.request_id } });
    if (result) say({ event: "onRedirectIframeComplete" });
    say({ event, data: parsed, url, target, act });
  }
  addEventListener("resize", () => say({ event: "onResize", data: size() }));
  say({ event: "onResize", data: size() });

  addEventListener("submit", (submitted) => {
    const step = submitted.target.elements._step;
    if (step && step.value === "pay") say({ event: document.querySelector("[name^=_customer_]") ? "onSubmitClarificationForm" : "onPaymentSent" });
  });

  addEventListener("click", (clicked) => {
    const link = clicked.target.closest("[data-testid=ecp-back][data-act]");
    if (!link) return;
    clicked.preventDefault();
    say({ url: link.href, act: link.dataset.act });
  });
})();
