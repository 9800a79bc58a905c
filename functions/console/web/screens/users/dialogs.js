// The confirmation dialogs of the operations on a user.

import { del, get, pathOf, post } from "../../api.js";
import { useForm } from "../../form.js";
import { html } from "../../html.js";
import { ConfirmDialog } from "../../parts/confirm-dialog.js";
import { FormError } from "../../parts/field.js";
import { FormDialog } from "../../parts/form-dialog.js";
import { checkPassword, NO_PASSWORD_CHOICE, PasswordChoice, passwordBody } from "../../parts/password-choice.js";
import { toast } from "../../parts/toast.js";
import { words } from "../../words.js";

const ENDINGS = { "unbind-totp": "/totp", "unbind-email": "/email", "end-sessions": "/sessions", delete: "" };

export function UserDialog({ kind, user, onDone, onPassword, onClose }) {
  if (kind === "password-reset")
    return html`<${ResetPassword} user=${user} onPassword=${onPassword} onClose=${onClose} />`;
  if (!(kind in ENDINGS)) return null;
  const w = words().users.questions[kind];
  const path = pathOf`/v1/users/${user.user_id}`;
  const run = async () => {
    await del(path + ENDINGS[kind]);
    const gone = kind === "delete";
    onDone(gone ? user : await get(path), gone);
    toast(w.done(user.login));
  };
  return html`
    <${ConfirmDialog} title=${w.title(user.login)} text=${w.text} action=${w.action} onRun=${run}
      onClose=${onClose} />`;
}

function ResetPassword({ user, onPassword, onClose }) {
  const w = words().users.reset;
  const form = useForm(NO_PASSWORD_CHOICE, { check: checkPassword });
  const path = pathOf`/v1/users/${user.user_id}`;
  const run = () =>
    form.submit(async (values) => {
      const { generated_password: generated } = await post(`${path}/password`, passwordBody(values));
      onPassword(await get(path), generated ?? values.password);
    });
  return html`
    <${FormDialog} title=${w.title(user.login)} text=${w.text} action=${w.action} busy=${form.busy}
      typed=${form.values.password !== ""} onClose=${onClose} onSubmit=${run}>
      <div class="form">
        <${PasswordChoice} form=${form} label=${words().initialPassword.resetLabel}
          names=${[user.login, user.username, user.email?.split("@")[0] ?? ""]} />
        <${FormError}>${form.problem}</${FormError}>
      </div>
    </${FormDialog}>`;
}
