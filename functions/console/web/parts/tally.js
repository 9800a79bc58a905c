// A count as tick marks, beside the text that says it.
import { html } from "../html.js";

// Draws `of` ticks, `count` of them filled, with a gap after every `group`.
export function Tally({ count, of, group = 5, size = "", tone = "" }) {
  const ticks = Array.from({ length: of }, (_, at) => {
    const gap = at > 0 && at % group === 0 ? "gap" : "";
    return html`<i class=${`${at < count ? "on" : ""} ${gap}`}></i>`;
  });
  return html`<span class=${`tally ${size} ${tone}`} aria-hidden="true">${ticks}</span>`;
}
