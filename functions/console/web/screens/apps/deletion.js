// The dialog that deletes an application, which must be empty.

import { del, pathOf } from "../../api.js";
import { forgetApp } from "../../apps.js";
import { useForm } from "../../form.js";
import { html } from "../../html.js";
import { Dialog } from "../../parts/dialog.js";
import { FormError } from "../../parts/field.js";
import { toast } from "../../parts/toast.js";
import { words } from "../../words.js";

export function DeleteApp({ app, onDeleted, onClose }) {
  const w = words().apps;
  const form = useForm({});
  const run = () =>
    form.submit(async () => {
      await del(pathOf`/v1/apps/${app.app_id}`);
      forgetApp(app.app_id);
      onDeleted();
      toast(w.wasDeleted(app.name));
    });
  return html`
    <${Dialog} title=${w.deleteQuestion(app.name)} text=${w.deleteText} action=${w.deleteAction} destructive
      busy=${form.busy} onClose=${onClose} onSubmit=${run}>
      <${FormError}>${form.problem}</${FormError}>
    </${Dialog}>`;
}
