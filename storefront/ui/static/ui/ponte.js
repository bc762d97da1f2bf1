/* Small helps; every page works without this file. */
(() => {
  "use strict";
  const on = (type, run) => document.addEventListener(type, run);

  // A second tap on a form that is on its way is not a second order.
  on("submit", (event) => {
    const form = event.target;
    if (form.method === "dialog") return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    if (form.method === "get" || form.hasAttribute("hx-post")) return;
    form.dataset.sent = "1";
    const button = event.submitter;
    if (button && button.classList.contains("btn")) button.setAttribute("aria-busy", "true");
  });
  // Coming back by the back button must not find dead forms.
  addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-sent]").forEach((form) => { delete form.dataset.sent; });
    document.querySelectorAll("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
  });

  on("click", (event) => {
    const target = event.target.closest("[data-dialog],[data-close],[data-copy],[data-step],[data-slide]");
    if (!target) {
      document.querySelectorAll("details.langs[open]").forEach((menu) => {
        if (!menu.contains(event.target)) menu.open = false;
      });
      return;
    }
    if (target.dataset.dialog) {
      const dialog = document.getElementById(target.dataset.dialog);
      if (dialog) { event.preventDefault(); dialog.showModal(); }
    } else if ("close" in target.dataset) {
      event.preventDefault();
      target.closest("dialog,.toast").remove();
    } else if (target.dataset.copy && navigator.clipboard) {
      event.preventDefault();
      navigator.clipboard.writeText(target.dataset.copy).then(() => {
        target.setAttribute("aria-label", target.dataset.done || "");
        const word = target.querySelector("span");
        if (word) word.textContent = target.dataset.done;
      });
    } else if (target.dataset.step) {
      const input = target.parentElement.querySelector("input");
      if (!input) return;
      event.preventDefault();
      const next = Number(input.value || 1) + Number(target.dataset.step);
      input.value = Math.min(Number(input.max || 999), Math.max(Number(input.min || 1), next));
    } else if (target.dataset.slide) {
      const slide = document.getElementById(target.dataset.slide);
      if (!slide) return;
      event.preventDefault();
      slide.parentElement.scrollTo({ left: slide.offsetLeft - slide.parentElement.offsetLeft, behavior: "smooth" });
    }
  });
  on("keydown", (event) => {
    if (event.key !== "Escape") return;
    document.querySelectorAll("details.langs[open]").forEach((menu) => {
      menu.open = false;
      menu.querySelector("summary").focus();
    });
  });

  // Fields that change what the rest of the form offers send it at once; without script a button does.
  on("change", (event) => {
    const form = event.target.closest("form[data-auto]");
    if (form) form.requestSubmit();
  });

  // The first refused field is where one starts to mend.
  addEventListener("DOMContentLoaded", () => {
    const first = document.querySelector("[aria-invalid=true]");
    if (first) first.focus();
    setTimeout(() => document.querySelectorAll(".toast.green").forEach((toast) => toast.remove()), 6000);
  });

  const banner = () => {
    const line = document.getElementById("offline-line");
    if (line) line.hidden = navigator.onLine;
  };
  addEventListener("online", banner);
  addEventListener("offline", banner);
  addEventListener("DOMContentLoaded", banner);
  if ("serviceWorker" in navigator && isSecureContext) navigator.serviceWorker.register("/sw.js").catch(() => {});
})();
