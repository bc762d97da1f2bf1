/* Keys for people who work in tables all day; every page works without this file. */
(() => {
  "use strict";
  // In a table of work J and K go from row to row, X ticks; only while the table has the focus.
  document.addEventListener("keydown", (event) => {
    const box = event.target.closest(".table-box");
    if (!box || event.ctrlKey || event.metaKey || event.altKey || event.target.matches("[type=text],select,textarea")) return;
    const key = event.key.toLowerCase();
    if (!"jkx".includes(key) || !box.querySelector("[data-rows]")) return;
    const rows = [...box.querySelectorAll("[data-rows] > tbody > tr")].filter((row) => row.querySelector("a"));
    const at = rows.indexOf(event.target.closest("tr"));
    if (key === "x") {
      const tick = at < 0 ? null : rows[at].querySelector("[type=checkbox]");
      if (tick) tick.click();
      return;
    }
    const next = rows[Math.max(0, Math.min(rows.length - 1, at + (key === "j" ? 1 : -1)))];
    if (next) next.querySelector("a").focus();
  });
})();
