// The parts of one thing, each with an address.
import { html } from "../html.js";

export const Tabs = ({ label, tabs, current }) => html`
  <nav class="tabs" aria-label=${label}>
    ${tabs.map(([href, name]) => html`<a href=${href} aria-current=${href === current ? "page" : undefined}>${name}</a>`)}
  </nav>`;
