// While an input method composes a character, its keys belong to it: Enter takes a suggestion, Escape drops it.

// Some browsers report the key that ends a composition only by this key code.
const COMPOSING_KEY_CODE = 229;

/** @param {KeyboardEvent} event */
export const isComposing = (event) => event.isComposing || event.keyCode === COMPOSING_KEY_CODE;

// A key handler that leaves an input method its keys.
export const onKey = (act) => (event) => {
  if (!isComposing(event)) return act(event);
  // Otherwise the browser itself would close the dialog or the popover, or empty the search field.
  if (event.key === "Escape") event.preventDefault();
  return undefined;
};
