// The parts of one thing, each with an address; a count where it is known.
import { html } from "../html.js";

export const Tabs = ({ label, tabs, current }) => html`
  <nav class="tabs" aria-label=${label}>
    ${tabs.map(([href, name, count]) => html`<a href=${href} aria-current=${href === current ? "page" : undefined}>${name}${count !== undefined && html` <span class="quiet digits">${count}</span>`}</a>`)}
  </nav>`;
