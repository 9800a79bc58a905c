// Applies the theme and the language before the first paint, so that the page does not flash in another theme. It is
// the only script that blocks rendering.
(() => {
  let kept = {};
  try {
    kept = JSON.parse(localStorage.getItem("rollcall.settings") ?? "{}");
  } catch {
    // Without readable storage, the system's theme applies.
  }
  if (kept.theme === "light" || kept.theme === "dark") document.documentElement.dataset.theme = kept.theme;
  if (kept.language) document.documentElement.lang = kept.language;
})();
