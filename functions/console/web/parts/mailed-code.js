// A code that was sent by email, with the link that sends another one.

import { announce } from "../announce.js";
import { millisecondsUntil } from "../clock.js";
import { html } from "../html.js";
import { messageOf } from "../problem-messages.js";
import { duration } from "../times.js";
import { useEffect, useState } from "../vendor/hooks.js";
import { words } from "../words.js";
import { Button } from "./button.js";

const secondsUntil = (moment) => Math.floor(millisecondsUntil(moment) / 1000);

export function MailedCode({ flow, onResend, children }) {
  const w = words().mailedCode;
  const [left, setLeft] = useState(() => secondsUntil(flow.resend_after));
  const [said, setSaid] = useState(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    setLeft(secondsUntil(flow.resend_after));
    const timer = setInterval(() => setLeft(secondsUntil(flow.resend_after)), 1000);
    return () => clearInterval(timer);
  }, [flow.resend_after]);
  const resend = async () => {
    if (left > 0) return announce(w.wait(duration(left)));
    setBusy(true);
    try {
      await onResend();
      setSaid(w.sent);
    } catch (problem) {
      setSaid(messageOf(problem));
    } finally {
      setBusy(false);
    }
  };
  return html`
    <div>
      ${children}
      <p class="hint">
        <${Button} kind="link" busy=${busy} onClick=${resend}>${w.resend}</${Button}> <span role="status">${said}</span>
        ${left > 0 && html` <span class="digits">${w.wait(duration(left))}</span>`}
      </p>
    </div>`;
}
