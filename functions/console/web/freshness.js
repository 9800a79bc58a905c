// When shown data may be out of date: the tab was in the background, or a refusal says that something has changed.
import { useEffect, useRef } from "./vendor/hooks.js";
import { signal } from "./vendor/signals.js";

const changes = signal(0);

/** @type {(() => unknown)[]} */
const listeners = [];

// Calls `act` when shown data may be out of date.
export const onChange = (act) => listeners.push(act);

export function noteChange() {
  changes.value += 1;
  for (const act of listeners) act();
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) noteChange();
});

// Calls `reload` when what a component shows may be out of date.
export function useReload(reload) {
  const seen = useRef(changes.value);
  useEffect(() => {
    if (seen.current === changes.value) return;
    seen.current = changes.value;
    reload();
  }, [changes.value]);
}
