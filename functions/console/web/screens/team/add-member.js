// The dialog that adds a member: an existing user, or a new one.

import { post } from "../../api.js";
import { rules } from "../../field-rules.js";
import { required, useForm } from "../../form.js";
import { html } from "../../html.js";
import { FormError, SelectField, TextField } from "../../parts/field.js";
import { FormDialog } from "../../parts/form-dialog.js";
import { checkPassword, NO_PASSWORD_CHOICE, PasswordChoice, passwordBody } from "../../parts/password-choice.js";
import { SegmentsField } from "../../parts/segments.js";
import { words } from "../../words.js";
import { roleOptions } from "./change-role.js";
import { checkLastDay, EndField, endAfter } from "./membership-end.js";

const NOBODY = { who: "known", login: "", username: "", email: "" };
const EMPTY = { ...NOBODY, role_id: "developer", expires_at: "", ...NO_PASSWORD_CHOICE };
const CODES = { already_member: "login", too_many_teams: "login", not_a_member: "login", login_taken: "login" };

function bodyOf({ who, login, username, email, role_id, expires_at: lastDay, ...password }) {
  const membership = { role_id, expires_at: endAfter(lastDay) };
  if (who === "known") return { login: login.trim(), ...membership };
  return {
    ...membership,
    new_user: {
      username: username.trim(),
      login: login.trim(),
      email: email.trim() || null,
      ...passwordBody(password),
    },
  };
}

export function AddMember({ team, path, roles, onAdded, onClose }) {
  const w = words().members;
  const onlyNew = (judge) => (value, values) => (values.who === "new" ? judge(value, values) : undefined);
  const check = {
    login: (value, { who }) => (who === "new" ? rules.login : required)(value),
    username: onlyNew(rules.username),
    email: onlyNew(rules.email),
    password: onlyNew(checkPassword.password),
    expires_at: checkLastDay,
  };
  const form = useForm(EMPTY, { check, codes: CODES });
  const create = () =>
    form.submit(async (values) => {
      const { member, generated_password: generated } = await post(`${path}/members`, bodyOf(values));
      onAdded({ member, password: values.who === "new" ? (generated ?? values.password) : null });
    });
  const typed = ["login", "username", "email", "password", "expires_at"].some((name) => form.values[name] !== "");
  const { who, login, username, email } = form.values;
  const text = (name, rest) =>
    html`<${TextField} label=${w.fields[name]} ...${form.bind(name)} autocomplete="off" ...${rest} />`;
  const loginField = (hint) => text("login", { hint, class: "id", autocapitalize: "off", autofocus: who === "known" });
  return html`
    <${FormDialog} title=${w.addTitle(team.name)} action=${w.add} busy=${form.busy} typed=${typed} onClose=${onClose}
      onSubmit=${create}>
      <div class="form">
        <${SegmentsField} label=${w.who} value=${who} options=${[["known", w.known], ["new", w.new]]}
          onChoose=${(value) => form.set("who", value)} />
        ${who === "new" && text("username", { hint: words().register.usernameHint })}
        ${loginField(who === "known" ? w.loginHint : words().users.loginHint)}
        ${who === "new" && text("email", { type: "email", hint: words().users.emailHint })}
        <${SelectField} label=${w.role} ...${form.bind("role_id")} options=${roleOptions(roles, team)} />
        <${EndField} form=${form} />
        ${who === "new" && html`<${PasswordChoice} form=${form} names=${[login, username, email.split("@")[0]]} />`}
        <${FormError}>${form.problem}</${FormError}>
      </div>
    </${FormDialog}>`;
}
