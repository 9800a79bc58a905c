// Before the first paint, so that no page flashes in the other theme: the only script that waits for nothing.
(function () {
  let kept = {};
  try {
    kept = JSON.parse(localStorage.getItem("rollcall.settings") ?? "{}");
  } catch {
    // Storage that is shut or broken says nothing about the theme.
  }
  if (kept.theme === "light" || kept.theme === "dark") document.documentElement.dataset.theme = kept.theme;
  if (kept.language) document.documentElement.lang = kept.language;
})();
