// The dialog that creates a user.

import { post } from "../../api.js";
import { rules } from "../../field-rules.js";
import { useForm } from "../../form.js";
import { html } from "../../html.js";
import { FormError, TextField } from "../../parts/field.js";
import { FormDialog } from "../../parts/form-dialog.js";
import { checkPassword, NO_PASSWORD_CHOICE, PasswordChoice, passwordBody } from "../../parts/password-choice.js";
import { SegmentsField } from "../../parts/segments.js";
import { words } from "../../words.js";
import { isSuper } from "./actions.js";

export const typeOptions = () =>
  ["member", "platform_admin", ...(isSuper() ? ["super_admin"] : [])].map((type) => [type, words().me.types[type]]);

export function CreateUser({ onCreated, onClose }) {
  const w = words().users;
  const form = useForm(
    { username: "", login: "", type: "member", email: "", ...NO_PASSWORD_CHOICE },
    { check: { ...rules, ...checkPassword }, codes: { login_taken: "login" } },
  );
  const create = () =>
    form.submit(async ({ username, login, type, email, ...password }) => {
      const body = {
        username: username.trim(),
        login: login.trim(),
        type,
        email: email.trim() || null,
        ...passwordBody(password),
      };
      const { user, generated_password: generated } = await post("/v1/users", body);
      onCreated(user, generated ?? password.password);
    });
  const { username, login, type, email, password } = form.values;
  return html`
    <${FormDialog} title=${w.create} action=${w.createAction} busy=${form.busy}
      typed=${[username, login, email, password].some((value) => value !== "")} onClose=${onClose} onSubmit=${create}>
      <div class="form">
        <${TextField} label=${w.username} ...${form.bind("username")} hint=${words().register.usernameHint}
          autocomplete="off" autofocus />
        <${TextField} label=${w.login} ...${form.bind("login")} hint=${w.loginHint} class="id" autocomplete="off"
          autocapitalize="off" />
        <${SegmentsField} label=${w.type} value=${type} options=${typeOptions()}
          onChoose=${(value) => form.set("type", value)} hint=${w.typeHints[type]} />
        <${TextField} label=${w.email} ...${form.bind("email")} type="email" hint=${w.emailHint} autocomplete="off" />
        <${PasswordChoice} form=${form} names=${[login, username, email.split("@")[0]]} />
        <${FormError}>${form.problem}</${FormError}>
      </div>
    </${FormDialog}>`;
}
