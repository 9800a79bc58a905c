// The parts of one thing, each with an address; a count where it is known.
import { useEffect, useRef } from "../vendor/hooks.js";
import { html } from "../html.js";

export function Tabs({ label, tabs, current }) {
  const nav = useRef(null);
  // Where there is no room for all of them, at least the current one is seen.
  useEffect(
    () => nav.current.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" }),
    [current],
  );
  return html`
    <nav class="tabs" aria-label=${label} ref=${nav}>
      ${tabs.map(([href, name, count]) => html`<a href=${href} aria-current=${href === current ? "page" : undefined}>${name}${count !== undefined && html` <span class="quiet digits">${count}</span>`}</a>`)}
    </nav>`;
}
