// When shown data may be out of date: the tab was in the background, or a refusal says that something has changed.
import { useEffect, useRef } from "./vendor/hooks.js";

// A shorter look at another tab costs no requests.
const NOTABLE_ABSENCE_MS = 30_000;

/** @type {Set<() => unknown>} */
const listeners = new Set();

// Calls `act` when shown data may be out of date. Returns a function that ends this.
export function onChange(act) {
  listeners.add(act);
  return () => void listeners.delete(act);
}

export function noteChange() {
  for (const act of listeners) act();
}

let hiddenSince = 0;
document.addEventListener("visibilitychange", () => {
  if (document.hidden) hiddenSince = Date.now();
  else if (Date.now() - hiddenSince >= NOTABLE_ABSENCE_MS) noteChange();
});

// Calls `reload` when what a component shows may be out of date.
export function useReload(reload) {
  const latest = useRef(reload);
  latest.current = reload;
  useEffect(() => onChange(() => latest.current()), []);
}

// For a reload in the background: if it fails, what is shown stays, unless the thing no longer exists.
export const reportGone = (report) => (problem) => {
  if (problem.status === 404) report(problem);
};
