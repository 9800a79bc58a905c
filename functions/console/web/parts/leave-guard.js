// Asks before unsaved changes are lost.

import { html } from "../html.js";
import { addLeaveGuard } from "../router.js";
import { useEffect, useRef, useState } from "../vendor/hooks.js";
import { words } from "../words.js";
import { Dialog } from "./dialog.js";

// `changes` is their number. Renders the question when somebody is about to leave, otherwise nothing. `question` {
// title, text, discard, keep } replaces the default texts.
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
  return html`
    <${Dialog} title=${w.title} text=${w.text} action=${w.discard} cancel=${w.keep} destructive
      onClose=${() => answer(false)} onSubmit=${() => answer(true)} />`;
}
