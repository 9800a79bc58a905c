// A button that shows when its action is under way, without changing its width.

import { html } from "../html.js";
import { useEffect, useState } from "../vendor/hooks.js";
import { Icon } from "./icon.js";

export function Button({ kind = "secondary", icon, busy = false, size = "", label, children, onClick, ...rest }) {
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    if (!busy) return setSlow(false);
    const timer = setTimeout(() => setSlow(true), 200);
    return () => clearTimeout(timer);
  }, [busy]);
  const press = (event) => {
    if (!busy) return onClick?.(event);
    event.preventDefault();
  };
  return html`
    <button type="button" ...${rest} class=${`button ${kind} ${size} ${busy ? "busy" : ""}`} onClick=${press}
      aria-disabled=${busy ? "true" : rest["aria-disabled"]} aria-label=${label} title=${label}>
      ${icon && html`<${Icon} name=${icon} />`}${children}
      ${slow && html`<span class="busy-tally" aria-hidden="true"><i></i><i></i><i></i></span>`}
    </button>`;
}
