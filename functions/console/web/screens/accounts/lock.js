// The dialog that lifts the deletion lock after the person has acknowledged the risk.

import { pathOf, put } from "../../api.js";
import { keepApp } from "../../apps.js";
import { useForm } from "../../form.js";
import { html } from "../../html.js";
import { Dialog } from "../../parts/dialog.js";
import { FormError } from "../../parts/field.js";
import { words } from "../../words.js";

export function LiftLock({ app, onClose }) {
  const w = words().lock;
  const form = useForm({});
  const lift = () =>
    form.submit(async () => {
      keepApp(await put(pathOf`/v1/apps/${app.app_id}/deletion-lock`, { locked: false, risks_acknowledged: true }));
      onClose();
    });
  return html`
    <${Dialog} title=${w.question(app.name)} text=${w.risk} action=${w.liftAction} careful busy=${form.busy}
      onClose=${onClose} onSubmit=${lift}>
      <${FormError}>${form.problem}</${FormError}>
    </${Dialog}>`;
}
