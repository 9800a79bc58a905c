// A part that nobody sees at once: its module is fetched once the first screen has had its turn, or else when it is drawn.
import { useEffect, useState } from "../vendor/hooks.js";
import { html } from "../html.js";
import { toastFailure } from "./toast.js";

const PREFETCH_AFTER_MS = 2000;

// `load` gives the component.
export function lazy(load) {
  let Part = null;
  const come = async () => (Part ??= await load());
  setTimeout(() => come().catch(() => {}), PREFETCH_AFTER_MS);
  return function Lazy(parameters) {
    const [, draw] = useState(null);
    const missing = !Part;
    useEffect(() => void (missing && come().then(() => draw({}), toastFailure)), []);
    return Part && html`<${Part} ...${parameters} />`;
  };
}
