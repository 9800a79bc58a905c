// The form that replaces the current password by a new one.

import { post } from "../api.js";
import { nonEmpty, sameAsPassword, useForm } from "../form.js";
import { html } from "../html.js";
import { signedIn } from "../session.js";
import { words } from "../words.js";
import { Button } from "./button.js";
import { FormError } from "./field.js";
import { NewPasswordField } from "./new-password-field.js";
import { PasswordField } from "./password-field.js";

const EMPTY = { current_password: "", password: "", password_confirmation: "" };

export function ChangePassword({ action, wide = false, onChanged }) {
  const w = words().changePassword;
  const { login, username, email } = signedIn().user;
  const check = {
    current_password: nonEmpty,
    password: nonEmpty,
    password_confirmation: sameAsPassword,
  };
  const form = useForm(EMPTY, { check });
  const submit = (event) => {
    event.preventDefault();
    form.submit(async (values) => {
      await post("/v1/me/password", values);
      form.setValues(EMPTY);
      onChanged();
    });
  };
  return html`
    <form class=${wide ? "" : "form"} onSubmit=${submit} novalidate>
      <input type="text" class="unseen" autocomplete="username" value=${login} readonly tabindex="-1"
        spellcheck=${false} aria-hidden="true" />
      <${PasswordField} label=${w.current} ...${form.bind("current_password")} autocomplete="current-password" />
      <${NewPasswordField} label=${w.password} ...${form.bind("password")}
        names=${[login, username, email?.split("@")[0] ?? ""]} />
      <${PasswordField} label=${w.confirmation} ...${form.bind("password_confirmation")} autocomplete="new-password" />
      <${FormError}>${form.problem}</${FormError}>
      <div class=${wide ? "door-actions" : "form-actions"}>
        <${Button} kind="primary" size=${wide ? "wide" : ""} type="submit" busy=${form.busy}>${action}</${Button}>
      </div>
    </form>`;
}
