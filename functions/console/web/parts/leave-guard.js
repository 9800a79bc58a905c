// Asks before changes are lost.
import { useEffect, useRef, useState } from "../vendor/hooks.js";
import { html } from "../html.js";
import { guardLeaving } from "../router.js";
import { words } from "../words.js";
import { Dialog } from "./dialog.js";

// `changes` is how many there are. Draws the question when somebody is about to leave; nothing otherwise.
export function LeaveGuard({ changes }) {
  const [asked, setAsked] = useState(null);
  const count = useRef(changes);
  count.current = changes;
  useEffect(() => {
    const asks = () => (count.current === 0 ? true : new Promise((answer) => setAsked({ answer })));
    asks.dirty = () => count.current > 0;
    return guardLeaving(asks);
  }, []);
  if (!asked) return null;
  const answer = (leaves) => {
    setAsked(null);
    asked.answer(leaves);
  };
  const w = words().unsaved;
  return html`<${Dialog} title=${w.title(changes)} action=${w.discard} cancel=${w.keep} destructive onClose=${() => answer(false)} onSubmit=${() => answer(true)} />`;
}
