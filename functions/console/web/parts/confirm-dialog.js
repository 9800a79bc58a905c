// A question whose action is carried out at once. The dialog shows an error and stays open.

import { useForm } from "../form.js";
import { html } from "../html.js";
import { Dialog } from "./dialog.js";
import { FormError } from "./field.js";

export function ConfirmDialog({ title, text, action, destructive = true, children, onRun, onClose }) {
  const form = useForm({});
  return html`
    <${Dialog} title=${title} text=${text} action=${action} destructive=${destructive} careful busy=${form.busy}
      onClose=${onClose} onSubmit=${() => form.submit(onRun)}>
      ${children}
      <${FormError}>${form.problem}</${FormError}>
    </${Dialog}>`;
}
