/* WeChat's own browser opens the wallet; what came of it the page learns from the server, like of any other payment. */
(() => {
  "use strict";
  const button = document.querySelector("[data-wechat-pay]");
  const open = () => WeixinJSBridge.invoke("getBrandWCPayRequest", JSON.parse(button.dataset.wechatPay), () => {});
  const ready = () => typeof WeixinJSBridge === "object";
  if (ready()) open();
  else document.addEventListener("WeixinJSBridgeReady", open, { once: true });
  button.addEventListener("click", () => { if (ready()) open(); });
})();
