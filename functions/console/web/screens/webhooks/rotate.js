// The dialog that gives a webhook a new secret.

import { post } from "../../api.js";
import { useForm } from "../../form.js";
import { html } from "../../html.js";
import { Dialog } from "../../parts/dialog.js";
import { FormError, SelectField } from "../../parts/field.js";
import { keyOf, pathOfWebhook } from "../../webhooks/webhook.js";
import { webhookWords } from "../../webhooks/words.js";

export function Rotate({ webhook, onRotated, onClose }) {
  const w = webhookWords();
  const form = useForm({ overlap_hours: "24" });
  const rotate = () =>
    form.submit(async ({ overlap_hours: hours }) =>
      onRotated(await post(`${pathOfWebhook(keyOf(webhook))}/rotate`, { overlap_hours: Number(hours) })),
    );
  return html`
    <${Dialog} title=${w.rotateTitle} text=${w.rotateText} action=${w.rotateAction} busy=${form.busy}
      onClose=${onClose} onSubmit=${rotate}>
      <div class="form">
        <${SelectField} label=${w.overlap} ...${form.bind("overlap_hours")} options=${Object.entries(w.overlaps)} />
        <${FormError}>${form.problem}</${FormError}>
      </div>
    </${Dialog}>`;
}
