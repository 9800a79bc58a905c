// The dialog that creates a user.

import { post } from "../../api.js";
import { keyWords } from "../../api-keys/words.js";
import { rules } from "../../field-rules.js";
import { useForm } from "../../form.js";
import { html } from "../../html.js";
import { FormError, SelectField, TextField } from "../../parts/field.js";
import { FormDialog } from "../../parts/form-dialog.js";
import { checkPassword, NO_PASSWORD_CHOICE, PasswordChoice, passwordBody } from "../../parts/password-choice.js";
import { words } from "../../words.js";
import { isService, isSuper } from "./actions.js";

const named = (types) => types.map((type) => [type, words().me.types[type]]);

export const typesOfPeople = () => named(["member", "platform_admin", ...(isSuper() ? ["super_admin"] : [])]);

const typesOfServices = () => named(["service", ...(isSuper() ? ["platform_service"] : [])]);

// Nobody can sign in as a service account.
const onlyPeople = (judge) => (value, values) => (isService(values) ? undefined : judge(value, values));

const CHECK = { ...rules, email: onlyPeople(rules.email), password: onlyPeople(checkPassword.password) };

export function CreateUser({ onCreated, onClose }) {
  const w = words().users;
  const s = keyWords().service;
  const form = useForm(
    { username: "", login: "", type: "member", email: "", ...NO_PASSWORD_CHOICE },
    { check: CHECK, codes: { login_taken: "login" } },
  );
  const create = () =>
    form.submit(async ({ username, login, type, email, ...password }) => {
      const body = {
        username: username.trim(),
        login: login.trim(),
        type,
        ...(isService({ type }) ? {} : { email: email.trim() || null, ...passwordBody(password) }),
      };
      const { user, generated_password: generated } = await post("/v1/users", body);
      onCreated(user, isService(user) ? null : (generated ?? password.password));
    });
  const { username, login, type, email, password } = form.values;
  return html`
    <${FormDialog} title=${w.create} action=${w.createAction} busy=${form.busy}
      typed=${[username, login, email, password].some((value) => value !== "")} onClose=${onClose} onSubmit=${create}>
      <div class="form">
        <${TextField} label=${w.username} ...${form.bind("username")} hint=${words().register.usernameHint}
          autocomplete="off" autofocus />
        <${TextField} label=${w.login} ...${form.bind("login")} class="id" autocomplete="off" autocapitalize="off"
          hint=${isService(form.values) ? s.loginHint : w.loginHint} />
        <${SelectField} label=${w.type} ...${form.bind("type")} hint=${w.typeHints[type] ?? s.typeHints[type]}
          options=${[...typesOfPeople(), ...typesOfServices()]} />
        ${
          !isService(form.values) &&
          html`
            <${TextField} label=${w.email} ...${form.bind("email")} type="email" hint=${w.emailHint}
              autocomplete="off" />
            <${PasswordChoice} form=${form} names=${[login, username, email.split("@")[0]]} />`
        }
        <${FormError}>${form.problem}</${FormError}>
      </div>
    </${FormDialog}>`;
}
