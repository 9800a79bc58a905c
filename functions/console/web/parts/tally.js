// A count drawn as ticks, beside the words that say it.
import { html } from "../html.js";

// `of` ticks, `count` of them filled, set off after every `group`.
export function Tally({ count, of, group = 5, size = "", tone = "" }) {
  const ticks = Array.from({ length: of }, (_, at) => {
    const gap = at > 0 && at % group === 0 ? "gap" : "";
    return html`<i class=${`${at < count ? "on" : ""} ${gap}`}></i>`;
  });
  return html`<span class=${`tally ${size} ${tone}`} aria-hidden="true">${ticks}</span>`;
}
