// The focus is never lost: when what has it goes, the row that takes its place gets it, or else the page or the dialog.
let lastFocused = null;
let lastRow = null;

document.addEventListener("focusin", ({ target }) => {
  lastFocused = target;
  lastRow = Number(target.closest("tr.row")?.dataset.at ?? Number.NaN);
});

function nextRow() {
  const rows = [...document.querySelectorAll("tr.row")];
  return (rows.find((one) => Number(one.dataset.at) >= lastRow) ?? rows.at(-1))?.querySelector(
    ".who :is(a, button, [tabindex])",
  );
}

function nextFocus() {
  const dialog = [...document.querySelectorAll("dialog:modal")].at(-1);
  if (dialog) return dialog.querySelector(".sheet-body, input, select, textarea, button");
  return (Number.isNaN(lastRow) ? null : nextRow()) ?? document.getElementById("content");
}

export function keepFocus() {
  const gone = () => lastFocused && !lastFocused.isConnected && document.activeElement === document.body;
  new MutationObserver(() => gone() && nextFocus()?.focus({ preventScroll: true })).observe(document.body, {
    childList: true,
    subtree: true,
  });
}
