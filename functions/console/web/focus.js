// Keeps the focus when the focused element disappears: it moves to the row that takes its place, otherwise to the
// dialog or the page.
/** @type {HTMLElement | null} */
let lastFocused = null;
let lastRow = Number.NaN;

document.addEventListener("focusin", ({ target }) => {
  lastFocused = /** @type {HTMLElement} */ (target);
  lastRow = rowNumber(lastFocused.closest("tr.row"));
});

const rowNumber = (row) => Number(row?.dataset.at ?? Number.NaN);

function nextRow() {
  const rows = [...document.querySelectorAll("tr.row")];
  const row = rows.find((one) => rowNumber(one) >= lastRow) ?? rows.at(-1);
  return /** @type {HTMLElement | null | undefined} */ (row?.querySelector(".who :is(a, button, [tabindex])"));
}

function nextFocus() {
  const dialog = [...document.querySelectorAll("dialog:modal")].at(-1);
  if (dialog) {
    const first = dialog.querySelector(".sheet-body, input, select, textarea, button");
    return /** @type {HTMLElement | null} */ (first);
  }
  return (Number.isNaN(lastRow) ? null : nextRow()) ?? document.getElementById("content");
}

export function keepFocus() {
  const gone = () => lastFocused && !lastFocused.isConnected && document.activeElement === document.body;
  new MutationObserver(() => gone() && nextFocus()?.focus({ preventScroll: true })).observe(document.body, {
    childList: true,
    subtree: true,
  });
}
