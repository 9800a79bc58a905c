// Tabs, each with a path of its own and a count if it is known.

import { html } from "../html.js";
import { useEffect, useRef } from "../vendor/hooks.js";

export function Tabs({ label, tabs, current }) {
  const nav = useRef(null);
  // On a narrow screen, scrolls the current tab into view, again when counts have made the tabs wider.
  const widths = tabs.map(([, name, count]) => `${name} ${count ?? ""}`).join();
  useEffect(() => {
    const tab = nav.current.querySelector("[aria-current]");
    if (tab) nav.current.scrollLeft = tab.offsetLeft - (nav.current.clientWidth - tab.offsetWidth) / 2;
  }, [current, widths]);
  return html`
    <nav class="tabs" aria-label=${label} ref=${nav}>
      ${tabs.map(
        ([href, name, count]) =>
          html`
            <a href=${href} aria-current=${href === current ? "page" : undefined}>
              ${name}${count !== undefined && html` <span class="quiet digits">${count}</span>`}
            </a>`,
      )}
    </nav>`;
}
