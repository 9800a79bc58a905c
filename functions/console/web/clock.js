// The time of the server, whose clock decides what has expired. The clock of the computer may be hours wrong.
import { signal } from "./vendor/signals.js";

const MINUTE_MS = 60_000;
// Dates have whole seconds; on average half a second more has passed.
const HALF_SECOND_MS = 500;
// Below this, the clock counts as right: replies take a while.
const NOTABLE_MS = 5000;

let aheadMs = 0;
const corrections = signal(0);
const minutes = signal(0);
setInterval(() => (minutes.value += 1), MINUTE_MS);

// Takes over the `Date` of a reply that has just arrived.
export function noteServerTime(date) {
  const found = Date.parse(date) + HALF_SECOND_MS - Date.now();
  if (Number.isNaN(found)) return;
  const notable = Math.abs(found - aheadMs) > NOTABLE_MS;
  aheadMs = found;
  if (notable) corrections.value += 1;
}

// Now, in milliseconds. A component that reads it is rendered again every minute.
export function now() {
  minutes.value;
  corrections.value;
  return Date.now() + aheadMs;
}

export const millisecondsUntil = (moment) => Math.max(0, Date.parse(moment) - now());
