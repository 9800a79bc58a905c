// The dialog that adds a member: an existing user, a new one, or a new service account of the team.

import { post } from "../../api.js";
import { keyWords } from "../../api-keys/words.js";
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
  const named = { username: username.trim(), login: login.trim() };
  if (who === "service") return { ...membership, new_user: { ...named, type: "service" } };
  return { ...membership, new_user: { ...named, email: email.trim() || null, ...passwordBody(password) } };
}

export function AddMember({ team, path, roles, onAdded, onClose }) {
  const w = words().members;
  const onlyNew = (judge) => (value, values) => (values.who === "new" ? judge(value, values) : undefined);
  const check = {
    login: (value, { who }) => (who === "known" ? required : rules.login)(value),
    username: (value, { who }) => (who === "known" ? undefined : rules.username(value)),
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
  const s = keyWords().service;
  const options = [
    ["known", w.known],
    ["new", w.new],
    ["service", words().me.types.service],
  ];
  const loginHint = { known: w.loginHint, new: words().users.loginHint, service: s.loginHint }[who];
  return html`
    <${FormDialog} title=${w.addTitle(team.name)} action=${w.add} busy=${form.busy} typed=${typed} onClose=${onClose}
      onSubmit=${create}>
      <div class="form">
        <${SegmentsField} label=${w.who} value=${who} options=${options}
          onChoose=${(value) => form.set("who", value)} hint=${who === "service" ? s.ofTeam : undefined} />
        ${who !== "known" && text("username", { hint: words().register.usernameHint })}
        ${text("login", { hint: loginHint, class: "id", autocapitalize: "off", autofocus: who === "known" })}
        ${who === "new" && text("email", { type: "email", hint: words().users.emailHint })}
        <${SelectField} label=${w.role} ...${form.bind("role_id")} options=${roleOptions(roles, team)} />
        <${EndField} form=${form} />
        ${who === "new" && html`<${PasswordChoice} form=${form} names=${[login, username, email.split("@")[0]]} />`}
        <${FormError}>${form.problem}</${FormError}>
      </div>
    </${FormDialog}>`;
}
