// Keyboard shortcuts. They do not act while somebody types, under a dialog or with a modifier. Single keys can be
// switched off.
import { settings } from "./settings.js";

const keyMaps = [];
let prefix = null;
let prefixTimer = 0;

// Adds shortcuts of a screen or a part; the latest addition takes precedence. Returns a function that removes them.
export function keys(map) {
  keyMaps.push(map);
  return () => keyMaps.splice(keyMaps.indexOf(map), 1);
}

const isTyping = (element) =>
  element.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]") != null;

function keyName(event) {
  if (event.key === " ") return "Space";
  if (event.shiftKey && event.key.length > 1) return `Shift+${event.key}`;
  return event.key;
}

// Elements that use a key themselves.
const NATIVE_KEYS = {
  Enter: "button, a, summary, input, [role^=menuitem]",
  Space: "button, summary, input, [role^=menuitem]",
};

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing) return;
  if (document.querySelector("dialog[open], [popover]:popover-open:not(.toasts)")) return;
  const save = event.key === "Enter" && (event.ctrlKey || event.metaKey);
  if (save) return runShortcut("Mod+Enter", event);
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  const key = keyName(event);
  if (key.length === 1 && !settings.value.keys) return;
  if (NATIVE_KEYS[key] && /** @type {Element} */ (event.target).closest(NATIVE_KEYS[key])) return;
  if (prefix) {
    const both = `${prefix} ${key}`;
    prefix = null;
    return runShortcut(both, event);
  }
  if (key === "g") {
    prefix = "g";
    clearTimeout(prefixTimer);
    prefixTimer = setTimeout(() => (prefix = null), 1200);
    return;
  }
  runShortcut(key, event);
});

function runShortcut(key, event) {
  const act = keyMaps.findLast((map) => map[key])?.[key];
  if (!act) return;
  event.preventDefault();
  act(event);
}
