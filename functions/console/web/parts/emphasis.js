// A sentence with the part between two asterisks in bold.
import { html } from "../html.js";

export function Emphasis({ text }) {
  const [, before, marked, after] = /^(.*?)\*(.+?)\*(.*)$/s.exec(text) ?? [null, text];
  return html`${before}${marked && html`<b>${marked}</b>`}${after}`;
}
