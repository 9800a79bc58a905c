// A part that nobody sees at once: its module is fetched when nothing else is to be done, or else when it is first drawn.
import { useEffect, useState } from "../vendor/hooks.js";
import { html } from "../html.js";
import { toastFailure } from "./toast.js";

// Safari has no idle moments to speak of.
const whenIdle = globalThis.requestIdleCallback ?? ((act) => setTimeout(act, 1000));

// `load` gives the component.
export function later(load) {
  let Part = null;
  const come = async () => (Part ??= await load());
  whenIdle(() => come().catch(() => {}));
  return function Later(parameters) {
    const [, draw] = useState(null);
    const missing = !Part;
    useEffect(() => void (missing && come().then(() => draw({}), toastFailure)), []);
    return Part && html`<${Part} ...${parameters} />`;
  };
}
