// Signing in with login and password, then with a second factor if the user has one.

import { post } from "../api.js";
import { codeOfLength, nonEmpty, required, useForm } from "../form.js";
import { html } from "../html.js";
import { useState } from "../vendor/hooks.js";
import { words } from "../words.js";
import { Button } from "./button.js";
import { CodeEntry } from "./code-entry.js";
import { FormError, TextField } from "./field.js";
import { PasswordField } from "./password-field.js";

const send = (path, body) => post(path, { ...body, transport: "cookie" }, { anonymous: true });

// `children` follow the button of the first step. `fixedLogin` is set when somebody signs in again.
export function SignInForm({ fixedLogin, forgotten, children, onEntered }) {
  const [mfa, setMfa] = useState(null);
  const taken = (reply) => (reply.mfa ? setMfa(reply.mfa) : onEntered(reply.user));
  if (mfa) return html`<${SecondFactor} ticket=${mfa.ticket} onTaken=${taken} onBack=${() => setMfa(null)} />`;
  return html`
    <${FirstFactor} fixedLogin=${fixedLogin} forgotten=${forgotten} onTaken=${taken}>${children}</${FirstFactor}>`;
}

function FirstFactor({ fixedLogin, forgotten, children, onTaken }) {
  const w = words().signIn;
  const form = useForm({ login: fixedLogin ?? "", password: "" }, { check: { login: required, password: nonEmpty } });
  const submit = (event) => {
    event.preventDefault();
    form.submit(async ({ login, password }) => onTaken(await send("/v1/login", { login: login.trim(), password })));
  };
  return html`
    <form onSubmit=${submit} novalidate>
      <${TextField} label=${w.login} ...${form.bind("login")} autocomplete="username" autocapitalize="off"
        readonly=${fixedLogin !== undefined} autofocus=${fixedLogin === undefined} />
      <${PasswordField} label=${w.password} ...${form.bind("password")} end=${forgotten} autocomplete="current-password"
        autofocus=${fixedLogin !== undefined} />
      <${FormError}>${form.problem}</${FormError}>
      <div class="door-actions">
        <${Button} kind="primary" size="wide" type="submit" busy=${form.busy}>${w.action}</${Button}>
        ${children}
      </div>
    </form>`;
}

function SecondFactor({ ticket, onTaken, onBack }) {
  const w = words().signIn;
  const [recovery, setRecovery] = useState(false);
  const check = recovery ? { recovery_code: required } : { code: codeOfLength(6) };
  const form = useForm(
    { code: "", recovery_code: "" },
    { check, codes: { invalid_code: recovery ? "recovery_code" : "code" } },
  );
  const submit = (event) => {
    event.preventDefault();
    const typed = ({ code, recovery_code }) => (recovery ? { recovery_code: recovery_code.trim() } : { code });
    form.submit(async (values) => onTaken(await send("/v1/login/totp", { ticket, ...typed(values) })));
  };
  return html`
    <form onSubmit=${submit} novalidate>
      ${
        recovery
          ? html`
            <${TextField} key="recovery" label=${w.recoveryCode} ...${form.bind("recovery_code")} hint=${w.recoveryHint}
              class="id" autocomplete="off" autocapitalize="off" autofocus />`
          : html`
            <${CodeEntry} key="code" label=${w.code} ...${form.bind("code")} length=${6} hint=${w.codeHint}
              autocomplete="one-time-code" autofocus />`
      }
      <${FormError}>${form.problem}</${FormError}>
      <div class="door-actions">
        <${Button} kind="primary" size="wide" type="submit" busy=${form.busy}>${w.action}</${Button}>
        <${Button} size="wide" onClick=${() => setRecovery(!recovery)}>
          ${recovery ? w.useCode : w.useRecovery}
        </${Button}>
        <${Button} kind="link" onClick=${onBack}>${w.other}</${Button}>
      </div>
    </form>`;
}
