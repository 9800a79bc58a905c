// Single keys. They never act while something is typed, under a dialog or with a modifier, and can be switched off.
import { settings } from "./settings.js";

const keyMaps = [];
let prefix = null;
let prefixTimer = 0;

// Keys of a screen or a part: the latest that knows a key has it. Returns what takes them back.
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

// What has its own use of a key keeps it.
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
  if (NATIVE_KEYS[key] && event.target.closest?.(NATIVE_KEYS[key])) return;
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
