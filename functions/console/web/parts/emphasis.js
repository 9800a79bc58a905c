// A whole sentence of which the part between two stars stands out.
import { html } from "../html.js";

export function Emphasis({ text }) {
  const [, before, marked, after] = /^(.*?)\*(.+?)\*(.*)$/s.exec(text) ?? [null, text];
  return html`${before}${marked && html`<b>${marked}</b>`}${after}`;
}
