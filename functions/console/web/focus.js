// The focus is never lost: when what has it goes, the row that takes its place gets it, or else the page or the dialog.
let last = null;
let row = null;

document.addEventListener("focusin", ({ target }) => {
  last = target;
  row = Number(target.closest("tr.row")?.dataset.at ?? Number.NaN);
});

function nextRow() {
  const rows = [...document.querySelectorAll("tr.row")];
  return (rows.find((one) => Number(one.dataset.at) >= row) ?? rows.at(-1))?.querySelector(
    ".who :is(a, button, [tabindex])",
  );
}

function place() {
  const dialog = [...document.querySelectorAll("dialog:modal")].at(-1);
  if (dialog) return dialog.querySelector(".sheet-body, input, select, textarea, button");
  return (Number.isNaN(row) ? null : nextRow()) ?? document.getElementById("content");
}

export function keepFocus() {
  const gone = () => last && !last.isConnected && document.activeElement === document.body;
  new MutationObserver(() => gone() && place()?.focus({ preventScroll: true })).observe(document.body, {
    childList: true,
    subtree: true,
  });
}
