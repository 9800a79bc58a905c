// The current path and query. They are the browser's own, so links, the back button and a reload work.
import { signal } from "./vendor/signals.js";

const readLocation = () => ({ path: location.pathname, query: new URLSearchParams(location.search) });

export const place = signal(readLocation());

// Functions that are asked before the page is left, the latest first. Each returns whether it may be left.
const guards = [];
let index = history.state?.index ?? 0;
/** @param {string | URL} address */
const replaceState = (address = location.href) => history.replaceState({ ...history.state, index }, "", address);
replaceState();

// How the person came to the current path: "gone" by a link, "returned" by the browser's buttons, null after a page
// load.
/** @type {{ by: "gone" | "returned" | null }} */
export const navigation = { by: null };

export function addLeaveGuard(asks) {
  guards.push(asks);
  return () => {
    if (guards.includes(asks)) guards.splice(guards.indexOf(asks), 1);
  };
}

// Whether all guards allow leaving the page.
export async function mayLeave() {
  for (const asks of guards.toReversed()) if (!(await asks())) return false;
  return true;
}

const hasUnsavedChanges = () => guards.some((asks) => asks.dirty());

const addressOf = ({ pathname, search }) => pathname + search;

// Drops all guards: nothing asks any more.
export const removeLeaveGuards = () => (guards.length = 0);

// Goes to a path. `replace` replaces the current history entry; `unasked` skips the guards.
export async function go(address, { replace = false, unasked = false } = {}) {
  const target = new URL(address, location.origin);
  if (!unasked && !(await mayLeave())) return false;
  if (unasked) removeLeaveGuards();
  const from = addressOf(location);
  if (replace) {
    replaceState(target);
  } else {
    index += 1;
    history.pushState({ index, from }, "", target);
  }
  navigation.by = "gone";
  place.value = readLocation();
  return true;
}

// Closes something that has a path of its own and goes to the path above it. If the person came from there, it goes
// back in history, so that the browser's back button does not open the thing again.
export async function closeTo(address, { unasked = false } = {}) {
  const target = new URL(address, location.origin);
  if (history.state?.from !== addressOf(target)) return go(address, { replace: true, unasked });
  if (!unasked && !(await mayLeave())) return false;
  removeLeaveGuards();
  history.back();
  return true;
}

// Changes parameters of the current query. An empty value removes the parameter.
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
    // The browser has changed the path already. Go back to the page first, and forward again if it may be left.
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
  const target = /** @type {Element} */ (event.target);
  const link = /** @type {HTMLAnchorElement | null} */ (target.closest("a[href]"));
  const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  if (!link || !plain || event.defaultPrevented || link.target || link.hasAttribute("download")) return;
  if (link.origin !== location.origin || link.hash) return;
  event.preventDefault();
  go(link.pathname + link.search);
});

// The parameters of a path that fits a pattern such as /apps/:app, otherwise null.
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

// The address bar may hold text that is not valid percent-encoding.
function decodeSegment(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}
