// The placeholder of an empty list.
import { html } from "../html.js";

export const Empty = ({ text, children }) => html`
  <div class="empty">
    <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M5 5v14M9.5 5v14M14 5v14M18.5 5v14M2.5 16.5 21 7.5" /></svg>
    <p>${text}</p>
    ${children}
  </div>`;
