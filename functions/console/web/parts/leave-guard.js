// Asks before changes are lost.
import { useEffect, useRef, useState } from "../vendor/hooks.js";
import { html } from "../html.js";
import { addLeaveGuard } from "../router.js";
import { words } from "../words.js";
import { Dialog } from "./dialog.js";

// `changes` is how many there are. Draws the question when somebody is about to leave; nothing otherwise. What would be lost
// but is no change brings its own question { title, text, discard, keep }.
export function LeaveGuard({ changes, question }) {
  const [asked, setAsked] = useState(null);
  const count = useRef(changes);
  count.current = changes;
  useEffect(() => {
    const asks = () => (count.current === 0 ? true : new Promise((answer) => setAsked({ answer })));
    asks.dirty = () => count.current > 0;
    return addLeaveGuard(asks);
  }, []);
  if (!asked) return null;
  const answer = (leaves) => {
    setAsked(null);
    asked.answer(leaves);
  };
  const w = question ?? { ...words().unsaved, title: words().unsaved.title(changes) };
  return html`<${Dialog} title=${w.title} text=${w.text} action=${w.discard} cancel=${w.keep} destructive onClose=${() => answer(false)} onSubmit=${() => answer(true)} />`;
}
