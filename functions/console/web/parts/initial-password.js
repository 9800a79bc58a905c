// The initial password of another user, which is shown only once. Closing the dialog asks once if the password was not
// copied. Escape asks too, but does not close it, because people press it again and again.

import { html } from "../html.js";
import { useState } from "../vendor/hooks.js";
import { words } from "../words.js";
import { Copy } from "./copy.js";
import { Caution, Dialog } from "./dialog.js";
import { LeaveGuard } from "./leave-guard.js";

export function InitialPassword({ login, password, onClose }) {
  const w = words().initialPassword;
  const [copied, setCopied] = useState(false);
  const [asked, setAsked] = useState(false);
  const close = () => (copied || asked ? onClose() : setAsked(true));
  return html`
    <${Dialog} title=${w.of(login)} text=${w.shown} cancel=${asked && !copied ? w.leave : undefined} typed careful
      onClose=${close} onDismiss=${() => (copied ? onClose() : setAsked(true))}>
      <div class="secret-line">
        <output class="secret" aria-label=${w.password}>${password}</output>
        <${Copy} text=${password} label=${w.copy} onCopied=${() => setCopied(true)} />
      </div>
      ${asked && !copied && html`<div role="alert"><${Caution}>${w.uncopied}</${Caution}></div>`}
    </${Dialog}>
    <${LeaveGuard} changes=${copied ? 0 : 1}
      question=${{ title: w.question, text: w.uncopied, discard: w.leave, keep: w.stay }} />`;
}
