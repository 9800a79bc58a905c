// The logo: four strokes and a slash.
import { html } from "../html.js";

export const Logo = () => html`
  <span class="mark">
    <svg viewBox="0 0 22 22" aria-hidden="true">
      <rect width="22" height="22" rx="6" />
      <path d="M6 6v10M9.3 6v10M12.6 6v10M15.9 6v10" stroke-width="1.7" opacity=".62" />
      <path d="M4.2 14.2 17.8 7.8" stroke-width="1.9" />
    </svg>
    <span>Rollcall</span>
  </span>`;
