// Single keys. They never act while something is typed, under a dialog or with a modifier, and can be switched off.
import { settings } from "./settings.js";

const maps = [];
let pending = null;
let forgetting = 0;

// Keys of a screen or a part: the latest that knows a key has it. Returns what takes them back.
export function keys(map) {
  maps.push(map);
  return () => maps.splice(maps.indexOf(map), 1);
}

const types = (element) =>
  element.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]") != null;

function name(event) {
  if (event.key === " ") return "Space";
  if (event.shiftKey && event.key.length > 1) return `Shift+${event.key}`;
  return event.key;
}

// What has its own use of a key keeps it.
const OWN = {
  Enter: "button, a, summary, input, [role^=menuitem]",
  Space: "button, summary, input, [role^=menuitem]",
};

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing) return;
  if (document.querySelector("dialog[open], [popover]:popover-open:not(.toasts)")) return;
  const save = event.key === "Enter" && (event.ctrlKey || event.metaKey);
  if (save) return run("Mod+Enter", event);
  if (event.ctrlKey || event.metaKey || event.altKey || types(event.target)) return;
  const key = name(event);
  if (key.length === 1 && !settings.value.keys) return;
  if (OWN[key] && event.target.closest?.(OWN[key])) return;
  if (pending) {
    const both = `${pending} ${key}`;
    pending = null;
    return run(both, event);
  }
  if (key === "g") {
    pending = "g";
    clearTimeout(forgetting);
    forgetting = setTimeout(() => (pending = null), 1200);
    return;
  }
  run(key, event);
});

function run(key, event) {
  const act = maps.findLast((map) => map[key])?.[key];
  if (!act) return;
  event.preventDefault();
  act(event);
}
