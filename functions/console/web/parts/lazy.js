// A component that is not needed at once. Its module is loaded some time after the first screen, or when the component
// is first rendered.

import { html } from "../html.js";
import { useEffect, useState } from "../vendor/hooks.js";
import { toastFailure } from "./toast.js";

const PREFETCH_AFTER_MS = 2000;

// `load` returns the component.
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
