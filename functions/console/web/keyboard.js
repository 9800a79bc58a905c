// Keyboard shortcuts. They do not act while somebody types, under a dialog or with a modifier. Single keys can be
// switched off.
import { onKey } from "./composition.js";
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

// A Korean or Cyrillic layout types other letters, so there the position of the key counts.
function keyName({ key, code, shiftKey }) {
  if (key === " ") return "Space";
  if (key.length > 1) return shiftKey ? `Shift+${key}` : key;
  if (/^[!-~]$/.test(key)) return key;
  if (code.startsWith("Key")) return code.slice("Key".length).toLowerCase();
  return { Period: ".", Slash: shiftKey ? "?" : "/" }[code] ?? key;
}

// Elements that use a key themselves.
const NATIVE_KEYS = {
  Enter: "button, a, summary, input, [role^=menuitem]",
  Space: "button, summary, input, [role^=menuitem]",
};

function onKeyDown(event) {
  if (event.defaultPrevented) return;
  const command = event.ctrlKey || event.metaKey;
  // Also under a dialog, where a toast may offer to undo something.
  if (command && !event.shiftKey && keyName(event) === "z" && !isTyping(event.target))
    return runShortcut("Mod+z", event);
  if (document.querySelector("dialog[open], [popover]:popover-open:not(.toasts)")) return;
  if (command && event.key === "Enter") return runShortcut("Mod+Enter", event);
  if (command || event.altKey || isTyping(event.target)) return;
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
}

document.addEventListener("keydown", onKey(onKeyDown));

function runShortcut(key, event) {
  const act = keyMaps.findLast((map) => map[key])?.[key];
  if (!act) return;
  event.preventDefault();
  act(event);
}
