// The confirmation dialogs of the operations on a user.

import { del, get, patch, pathOf, post } from "../../api.js";
import { keyWords } from "../../api-keys/words.js";
import { useForm } from "../../form.js";
import { html } from "../../html.js";
import { ConfirmDialog } from "../../parts/confirm-dialog.js";
import { FormError } from "../../parts/field.js";
import { FormDialog } from "../../parts/form-dialog.js";
import { checkPassword, NO_PASSWORD_CHOICE, PasswordChoice, passwordBody } from "../../parts/password-choice.js";
import { toast } from "../../parts/toast.js";
import { words } from "../../words.js";
import { isService } from "./actions.js";

// What each operation deletes, below the address of the user.
const ENDINGS = { "unbind-totp": "/totp", "unbind-email": "/email", "end-sessions": "/sessions", delete: "" };

export function UserDialog({ kind, user, onDone, onPassword, onClose }) {
  if (kind === "password-reset")
    return html`<${ResetPassword} user=${user} onPassword=${onPassword} onClose=${onClose} />`;
  if (kind === "disable") return html`<${DisableService} user=${user} onDone=${onDone} onClose=${onClose} />`;
  if (!(kind in ENDINGS)) return null;
  const w = words().users.questions[kind];
  const path = pathOf`/v1/users/${user.user_id}`;
  const run = async () => {
    await del(path + ENDINGS[kind]);
    const gone = kind === "delete";
    onDone(gone ? user : await get(path), gone);
    toast(w.done(user.login));
  };
  const text = isService(user) ? keyWords().service.deleteText : w.text;
  return html`
    <${ConfirmDialog} title=${w.title(user.login)} text=${text} action=${w.action} onRun=${run} onClose=${onClose} />`;
}

// It asks first, because enabling the account again does not bring its keys back.
function DisableService({ user, onDone, onClose }) {
  const w = words().users;
  const s = keyWords().service;
  const run = async () => {
    onDone(await patch(pathOf`/v1/users/${user.user_id}`, { status: "disabled" }), false);
    toast(w.wasDisabled(user.login));
  };
  return html`
    <${ConfirmDialog} title=${s.disableQuestion(user.login)} text=${s.disableText} action=${w.disable} onRun=${run}
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
