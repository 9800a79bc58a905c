// The time left until an invitation expires, in a row of a list.
import { millisecondsUntil } from "../clock.js";
import { html } from "../html.js";
import { words } from "../words.js";
import { Hours } from "./code-display.js";

export function TimeLeft({ at }) {
  const left = millisecondsUntil(at);
  const minutes = Math.floor(left / 60_000);
  return html`
    <span class="time-left">
      <${Hours} left=${left} size="small" />
      <span class="digits">${words().issued.left(Math.floor(minutes / 60), minutes % 60)}</span>
    </span>`;
}
