// Whether a key may be used, and whether that ends soon.
import { html } from "../html.js";
import { daysLeft } from "./key.js";
import { keyWords } from "./words.js";

export function KeyStatus({ apiKey }) {
  const w = keyWords();
  const days = daysLeft(apiKey);
  if (days !== undefined) return html`<span class="tag amber">${w.expiresSoon(days)}</span>`;
  if (apiKey.status === "active") return html`<span class="quiet">${w.statuses.active}</span>`;
  return html`<span class="tag plain">${w.statuses[apiKey.status]}</span>`;
}
