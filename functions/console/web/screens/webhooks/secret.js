// The secret of a webhook, which is shown only once. Closing the dialog asks once if it was not copied.

import { html } from "../../html.js";
import { Copy } from "../../parts/copy.js";
import { Caution, Dialog } from "../../parts/dialog.js";
import { LeaveGuard } from "../../parts/leave-guard.js";
import { useState } from "../../vendor/hooks.js";
import { webhookWords } from "../../webhooks/words.js";

export function Secret({ secret, onClose }) {
  const w = webhookWords().secret;
  const [copied, setCopied] = useState(false);
  const [asked, setAsked] = useState(false);
  const close = () => (copied || asked ? onClose() : setAsked(true));
  return html`
    <${Dialog} title=${w.title} text=${w.shown} cancel=${asked && !copied ? w.leave : undefined} typed careful
      onClose=${close} onDismiss=${() => (copied ? onClose() : setAsked(true))}>
      <div class="secret-line">
        <output class="secret" aria-label=${w.label}>${secret}</output>
        <${Copy} text=${secret} label=${w.copy} onCopied=${() => setCopied(true)} />
      </div>
      ${asked && !copied && html`<div role="alert"><${Caution}>${w.uncopied}</${Caution}></div>`}
    </${Dialog}>
    <${LeaveGuard} changes=${copied ? 0 : 1}
      question=${{ title: w.question, text: w.uncopied, discard: w.leave, keep: w.stay }} />`;
}
