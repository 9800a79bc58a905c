// The dialog that sends a webhook events again. It proposes the event that was not accepted.

import { get, post } from "../../api.js";
import { now } from "../../clock.js";
import { useForm } from "../../form.js";
import { html } from "../../html.js";
import { Dialog } from "../../parts/dialog.js";
import { FormError, TextField } from "../../parts/field.js";
import { useEffect } from "../../vendor/hooks.js";
import { keyOf, pathOfWebhook, timeOfEvent } from "../../webhooks/webhook.js";
import { webhookWords } from "../../webhooks/words.js";

const HOUR = 3_600_000;

// A time as the field for local times has it, to the second.
function localTime(time) {
  const local = new Date(time.getTime() - time.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 19);
}

export function Resend({ webhook, onResent, onClose }) {
  const w = webhookWords();
  const path = pathOfWebhook(keyOf(webhook));
  const isPast = (value) => new Date(value).getTime() <= now();
  const form = useForm(
    { from: localTime(new Date(now() - HOUR)) },
    { check: { from: (value) => (isPast(value) ? undefined : w.fromInvalid) } },
  );
  useEffect(() => {
    // The last attempt says which event comes next. Without it the person says from when on.
    get(`${path}/deliveries?limit=1`).then(
      ({ items: [last] }) => last && form.set("from", localTime(timeOfEvent(last.event_id))),
      () => {},
    );
  }, []);
  const resend = () =>
    form.submit(async ({ from }) => onResent(await post(`${path}/resend`, { from: new Date(from).toISOString() })));
  return html`
    <${Dialog} title=${w.resendTitle} text=${w.resendText} action=${w.resendAction} busy=${form.busy}
      onClose=${onClose} onSubmit=${resend}>
      <div class="form">
        <${TextField} label=${w.from} ...${form.bind("from")} hint=${w.fromHint} type="datetime-local" step="1" />
        <${FormError}>${form.problem}</${FormError}>
      </div>
    </${Dialog}>`;
}
