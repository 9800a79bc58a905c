// The person's email address: changed with a code sent to the new address, removed with the password.

import { del, post } from "../../api.js";
import { rules } from "../../field-rules.js";
import { codeOfLength, nonEmpty, required, useForm } from "../../form.js";
import { html } from "../../html.js";
import { Button } from "../../parts/button.js";
import { CodeEntry } from "../../parts/code-entry.js";
import { Dialog } from "../../parts/dialog.js";
import { FormError, TextField } from "../../parts/field.js";
import { PasswordField } from "../../parts/password-field.js";
import { toast } from "../../parts/toast.js";
import { load, signedIn } from "../../session.js";
import { useState } from "../../vendor/hooks.js";
import { words } from "../../words.js";

export function Email() {
  const w = words().email;
  const [asked, setAsked] = useState(null);
  const [removing, setRemoving] = useState(false);
  const { email, email_verified: verified } = signedIn().user;
  return html`
    <section>
      <dl class="plain">
        <dt>${w.current}</dt>
        <dd>${email ?? w.none} ${email && !verified && html`<span class="tag amber">${w.unconfirmed}</span>`}</dd>
      </dl>
      ${email && html`<div><${Button} onClick=${() => setRemoving(true)}>${w.remove}</${Button}></div>`}
    </section>
    <section>
      ${
        asked
          ? html`<${Confirm} email=${asked} onDone=${() => setAsked(null)} />`
          : html`<${Change} onAsked=${setAsked} />`
      }
    </section>
    ${removing && html`<${Remove} onClose=${() => setRemoving(false)} />`}`;
}

function Change({ onAsked }) {
  const w = words().email;
  const form = useForm(
    { email: "", current_password: "" },
    { check: { email: (value) => required(value) ?? rules.email(value), current_password: nonEmpty } },
  );
  const submit = (event) => {
    event.preventDefault();
    form.submit(async ({ email, current_password }) => {
      await post("/v1/me/email", { email: email.trim(), current_password });
      onAsked(email.trim());
    });
  };
  return html`
    <form class="form" onSubmit=${submit} novalidate>
      <h3>${w.change}</h3>
      <${FormError}>${form.problem}</${FormError}>
      <${TextField} label=${w.address} ...${form.bind("email")} type="email" autocomplete="email" hint=${w.hint} />
      <${PasswordField} label=${words().changePassword.current} ...${form.bind("current_password")}
        autocomplete="current-password" />
      <div class="form-actions"><${Button} kind="primary" type="submit" busy=${form.busy}>${w.send}</${Button}></div>
    </form>`;
}

function Confirm({ email, onDone }) {
  const w = words().email;
  const form = useForm({ code: "" }, { check: { code: codeOfLength() }, codes: { verification_failed: "code" } });
  const submit = (event) => {
    event.preventDefault();
    form.submit(async ({ code }) => {
      await post("/v1/me/email/confirm", { code });
      await load();
      onDone();
      toast(w.changed);
    });
  };
  return html`
    <form class="form narrow" onSubmit=${submit} novalidate>
      <p class="prose">${w.mailed(email)}</p>
      <${FormError}>${form.problem}</${FormError}>
      <${CodeEntry} label=${words().register.code} ...${form.bind("code")} autocomplete="one-time-code" autofocus />
      <div class="form-actions">
        <${Button} kind="primary" type="submit" busy=${form.busy}>${w.confirm}</${Button}>
        <${Button} onClick=${onDone}>${words().register.otherAddress}</${Button}>
      </div>
    </form>`;
}

function Remove({ onClose }) {
  const w = words().email;
  const form = useForm({ current_password: "" }, { check: { current_password: nonEmpty } });
  const run = () =>
    form.submit(async (body) => {
      await del("/v1/me/email", { body });
      await load();
      onClose();
      toast(w.removed);
    });
  return html`
    <${Dialog} title=${w.removeQuestion(signedIn().user.email)} text=${w.removeText} action=${w.remove} destructive
      busy=${form.busy} typed=${form.values.current_password !== ""} onClose=${onClose} onSubmit=${run}>
      <div class="form">
        <${FormError}>${form.problem}</${FormError}>
        <${PasswordField} label=${words().changePassword.current} ...${form.bind("current_password")}
          autocomplete="current-password" />
      </div>
    </${Dialog}>`;
}
