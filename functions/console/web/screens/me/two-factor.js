// Two-factor authentication: turning it on with an authenticator app, turning it off, and the recovery codes.

import { del, post } from "../../api.js";
import { codeOfLength, nonEmpty, required, useForm } from "../../form.js";
import { html } from "../../html.js";
import { Button } from "../../parts/button.js";
import { CodeEntry } from "../../parts/code-entry.js";
import { Copy } from "../../parts/copy.js";
import { Dialog } from "../../parts/dialog.js";
import { FormError, TextField } from "../../parts/field.js";
import { Icon } from "../../parts/icon.js";
import { PasswordField } from "../../parts/password-field.js";
import { RecoveryCodes } from "../../parts/recovery-codes.js";
import { toast, toastFailure } from "../../parts/toast.js";
import { load, signedIn } from "../../session.js";
import { useState } from "../../vendor/hooks.js";
import { words } from "../../words.js";

export function TwoFactor() {
  const w = words().twoFactor;
  const [begun, setBegun] = useState(null);
  const [removing, setRemoving] = useState(false);
  const [codes, setCodes] = useState(null);
  const bound = (issued) => {
    setCodes(issued);
    setBegun(null);
    load().catch(toastFailure);
  };
  if (codes) return html`<${RecoveryCodes} codes=${codes} onDone=${() => setCodes(null)} />`;
  if (signedIn().user.totp_enabled) {
    return html`
      <section><p class="prose"><span class="state"><${Icon} name="shield" /><b>${w.on}</b></span> ${w.onText}</p>
        <div><${Button} onClick=${() => setRemoving(true)}>${w.remove}</${Button}></div></section>
      ${removing && html`<${Remove} onClose=${() => setRemoving(false)} />`}`;
  }
  return html`
    <section>
      <p class="prose">${w.offText}</p>
      ${begun ? html`<${Confirm} begun=${begun} onBound=${bound} />` : html`<${Begin} onBegun=${setBegun} />`}
    </section>`;
}

function Begin({ onBegun }) {
  const w = words().twoFactor;
  const form = useForm({ current_password: "" }, { check: { current_password: nonEmpty } });
  const submit = (event) => {
    event.preventDefault();
    form.submit(async (body) => onBegun(await post("/v1/me/totp", body)));
  };
  return html`
    <form class="form" onSubmit=${submit} novalidate>
      <${PasswordField} label=${words().changePassword.current} ...${form.bind("current_password")}
        autocomplete="current-password" />
      <${FormError}>${form.problem}</${FormError}>
      <div class="form-actions"><${Button} kind="primary" type="submit" busy=${form.busy}>${w.begin}</${Button}></div>
    </form>`;
}

function Confirm({ begun, onBound }) {
  const w = words().twoFactor;
  const form = useForm({ code: "" }, { check: { code: codeOfLength(6) }, codes: { verification_failed: "code" } });
  const submit = (event) => {
    event.preventDefault();
    form.submit(async ({ code }) => {
      try {
        onBound((await post("/v1/me/totp/confirm", { code })).recovery_codes);
      } catch (refused) {
        if (refused.code !== "verification_failed") throw refused;
        form.refuse({ code: w.wrong });
      }
    });
  };
  return html`
    <div class="pair">
      <img class="qr" alt=${w.qr} src=${`data:image/svg+xml,${encodeURIComponent(begun.qr_svg)}`} />
      <form onSubmit=${submit} novalidate>
        <p>${w.scan}</p>
        <div><p class="quiet">${w.secret}</p><p class="secret">${begun.secret.replace(/(.{4})(?=.)/g, "$1 ")}</p></div>
        <div><${Copy} text=${begun.secret} label=${w.copySecret} /></div>
        <${CodeEntry} label=${w.code} ...${form.bind("code")} length=${6} autocomplete="one-time-code" autofocus />
        <div><${Button} kind="primary" type="submit" busy=${form.busy}>${w.bind}</${Button}></div>
        <${FormError}>${form.problem}</${FormError}>
      </form>
    </div>`;
}

function Remove({ onClose }) {
  const w = words().twoFactor;
  const [recovery, setRecovery] = useState(false);
  const proof = recovery ? { recovery_code: required } : { code: codeOfLength(6) };
  const codes = { verification_failed: recovery ? "recovery_code" : "code" };
  const form = useForm(
    { current_password: "", code: "", recovery_code: "" },
    { check: { current_password: nonEmpty, ...proof }, codes },
  );
  const run = () =>
    form.submit(async ({ current_password, code, recovery_code }) => {
      await del("/v1/me/totp", {
        body: { current_password, ...(recovery ? { recovery_code: recovery_code.trim() } : { code }) },
      });
      await load();
      onClose();
      toast(w.removed);
    });
  return html`
    <${Dialog} title=${w.removeQuestion} text=${w.removeText} action=${w.remove} destructive busy=${form.busy}
      typed=${form.values.current_password !== ""} onClose=${onClose} onSubmit=${run}>
      <div class="form">
        <${PasswordField} label=${words().changePassword.current} ...${form.bind("current_password")}
          autocomplete="current-password" />
        ${
          recovery
            ? html`
              <${TextField} key="recovery" label=${words().signIn.recoveryCode} ...${form.bind("recovery_code")}
                class="id" autocomplete="off" autocapitalize="off" />`
            : html`
              <${CodeEntry} key="code" label=${w.code} ...${form.bind("code")} length=${6}
                autocomplete="one-time-code" />`
        }
        <div>
          <${Button} kind="link" onClick=${() => setRecovery(!recovery)}>
            ${recovery ? words().signIn.useCode : words().signIn.useRecovery}
          </${Button}>
        </div>
        <${FormError}>${form.problem}</${FormError}>
      </div>
    </${Dialog}>`;
}
