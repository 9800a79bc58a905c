// Where in the console one is. Addresses are real ones, so links, the back button and a reload all work.
import { signal } from "./vendor/signals.js";

const readLocation = () => ({ path: location.pathname, query: new URLSearchParams(location.search) });

export const place = signal(readLocation());

// Asked before the page is left, the latest first; each says whether it may be.
const guards = [];
let index = history.state?.index ?? 0;
const replaceState = (address = location.href) => history.replaceState({ ...history.state, index }, "", address);
replaceState();

// How the place was come to: "gone" there by a link, "returned" by the browser's buttons, or null as the page was loaded.
export const navigation = { by: null };

export function addLeaveGuard(asks) {
  guards.push(asks);
  return () => {
    if (guards.includes(asks)) guards.splice(guards.indexOf(asks), 1);
  };
}

// Whether everybody who was asked lets the page be left.
export async function mayLeave() {
  for (const asks of guards.toReversed()) if (!(await asks())) return false;
  return true;
}

const hasUnsavedChanges = () => guards.some((asks) => asks.dirty());

const addressOf = ({ pathname, search }) => pathname + search;

// From now on nothing asks any more.
export const removeLeaveGuards = () => (guards.length = 0);

// Goes to an address. `replace` puts it in the place of the current one; `unasked` leaves without a question.
export async function go(address, { replace = false, unasked = false } = {}) {
  const target = new URL(address, location.origin);
  if (!unasked && !(await mayLeave())) return false;
  if (unasked) removeLeaveGuards();
  const from = addressOf(location);
  if (replace) replaceState(target);
  else history.pushState({ index: (index += 1), from }, "", target);
  navigation.by = "gone";
  place.value = readLocation();
  return true;
}

// Closes what has an address of its own for the one above it: by going back, when one came from there, so that the
// browser's back button does not open it again.
export async function closeTo(address, { unasked = false } = {}) {
  const target = new URL(address, location.origin);
  if (history.state?.from !== addressOf(target)) return go(address, { replace: true, unasked });
  if (!unasked && !(await mayLeave())) return false;
  removeLeaveGuards();
  history.back();
  return true;
}

// Changes the query of the current address; an empty value takes a parameter out.
export function setQuery(changes) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value) query.set(name, value);
    else query.delete(name);
  }
  const text = query.toString();
  replaceState(location.pathname + (text ? `?${text}` : ""));
  place.value = readLocation();
}

let restoring = false;
addEventListener("popstate", async (event) => {
  if (restoring) {
    restoring = false;
    return;
  }
  const target = event.state?.index ?? 0;
  const steps = target - index;
  if (hasUnsavedChanges()) {
    // The browser has left already: it goes back first, and again forth when it may.
    restoring = true;
    history.go(-steps);
    if (!(await mayLeave())) return;
    removeLeaveGuards();
    history.go(steps);
    return;
  }
  index = target;
  navigation.by = "returned";
  place.value = readLocation();
});

addEventListener("beforeunload", (event) => {
  if (hasUnsavedChanges()) event.preventDefault();
});

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  if (!link || !plain || event.defaultPrevented || link.target || link.hasAttribute("download")) return;
  if (link.origin !== location.origin || link.hash) return;
  event.preventDefault();
  go(link.pathname + link.search);
});

// The parameters of a path by a pattern such as /apps/:app, or null.
export function match(pattern, path) {
  const names = pattern.split("/");
  const parts = path.split("/");
  if (names.length !== parts.length) return null;
  const found = {};
  for (const [at, name] of names.entries()) {
    if (name.startsWith(":") && parts[at]) found[name.slice(1)] = decodeSegment(parts[at]);
    else if (name !== parts[at]) return null;
  }
  return Object.values(found).includes(null) ? null : found;
}

// What was typed into the address bar may be no encoding of anything.
function decodeSegment(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}
