// The person's email address: confirmed or changed with a code sent to it, removed with the password.

import { del, post } from "../../api.js";
import { rules } from "../../field-rules.js";
import { codeOfLength, nonEmpty, required, useForm } from "../../form.js";
import { html } from "../../html.js";
import { Button } from "../../parts/button.js";
import { CodeEntry } from "../../parts/code-entry.js";
import { Dialog } from "../../parts/dialog.js";
import { FormError, TextField } from "../../parts/field.js";
import { MailedCode } from "../../parts/mailed-code.js";
import { PasswordField } from "../../parts/password-field.js";
import { toast } from "../../parts/toast.js";
import { load, signedIn } from "../../session.js";
import { useState } from "../../vendor/hooks.js";
import { words } from "../../words.js";

const start = async (email, password) => ({
  email,
  password,
  ...(await post("/v1/me/email", { email, current_password: password })),
});

export function Email() {
  const w = words().email;
  const [flow, setFlow] = useState(null);
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
    ${
      flow
        ? html`<section><${Confirm} flow=${flow} onFlow=${setFlow} /></section>`
        : html`
          ${email && !verified && html`<section><${RequestCode} known=${email} onFlow=${setFlow} /></section>`}
          <section><${RequestCode} onFlow=${setFlow} /></section>`
    }
    ${removing && html`<${Remove} onClose=${() => setRemoving(false)} />`}`;
}

// Asks for a code for `known`, an address that an admin entered and that stays as it is, or else for another address.
function RequestCode({ known, onFlow }) {
  const w = words().email;
  const address = (value) => required(value) ?? rules.email(value);
  const form = useForm(
    { ...(known ? {} : { email: "" }), current_password: "" },
    { check: { ...(known ? {} : { email: address }), current_password: nonEmpty } },
  );
  const submit = (event) => {
    event.preventDefault();
    form.submit(async ({ email = known, current_password }) => onFlow(await start(email.trim(), current_password)));
  };
  return html`
    <form class="form" onSubmit=${submit} novalidate>
      <h3>${known ? w.confirmKnown : w.change}</h3>
      ${
        known
          ? html`<p class="prose">${w.confirmKnownText(known)}</p>`
          : html`
            <${TextField} label=${w.address} ...${form.bind("email")} type="email" autocomplete="email"
              hint=${w.hint} />`
      }
      <${PasswordField} label=${words().changePassword.current} ...${form.bind("current_password")}
        autocomplete="current-password" />
      <${FormError}>${form.problem}</${FormError}>
      <div class="form-actions"><${Button} kind="primary" type="submit" busy=${form.busy}>${w.send}</${Button}></div>
    </form>`;
}

function Confirm({ flow, onFlow }) {
  const w = words().email;
  const { email, password } = flow;
  const wasKnown = signedIn().user.email === email;
  const form = useForm({ code: "" }, { check: { code: codeOfLength() }, codes: { verification_failed: "code" } });
  const submit = (event) => {
    event.preventDefault();
    form.submit(async ({ code }) => {
      await post("/v1/me/email/confirm", { code });
      await load();
      onFlow(null);
      toast(wasKnown ? w.confirmed : w.changed);
    });
  };
  return html`
    <form class="form narrow" onSubmit=${submit} novalidate>
      <p class="prose">${w.mailed(email)}</p>
      <${MailedCode} flow=${flow} onResend=${async () => onFlow(await start(email, password))}>
        <${CodeEntry} label=${words().register.code} ...${form.bind("code")} autocomplete="one-time-code" autofocus />
      </${MailedCode}>
      <${FormError}>${form.problem}</${FormError}>
      <div class="form-actions">
        <${Button} kind="primary" type="submit" busy=${form.busy}>${w.confirm}</${Button}>
        <${Button} onClick=${() => onFlow(null)}>${words().register.otherAddress}</${Button}>
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
        <${PasswordField} label=${words().changePassword.current} ...${form.bind("current_password")}
          autocomplete="current-password" />
        <${FormError}>${form.problem}</${FormError}>
      </div>
    </${Dialog}>`;
}
