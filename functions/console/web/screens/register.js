// Registration: an address first, then the rest with the code that was sent to it.

import { pathOf, post } from "../api.js";
import { deployment } from "../deployment.js";
import { rules } from "../field-rules.js";
import { codeOfLength, nonEmpty, sameAsPassword, useForm } from "../form.js";
import { roleName } from "../grants.js";
import { html } from "../html.js";
import { Button } from "../parts/button.js";
import { CodeEntry } from "../parts/code-entry.js";
import { FormError, TextField } from "../parts/field.js";
import { LeaveGuard } from "../parts/leave-guard.js";
import { MailedAddress } from "../parts/mailed-address.js";
import { MailedCode } from "../parts/mailed-code.js";
import { NewPasswordField } from "../parts/new-password-field.js";
import { PasswordField } from "../parts/password-field.js";
import { SignedOutLayout } from "../parts/signed-out-layout.js";
import { toast } from "../parts/toast.js";
import { go } from "../router.js";
import { load, me, signedIn } from "../session.js";
import { useState } from "../vendor/hooks.js";
import { words } from "../words.js";

// With the flow of an earlier request, its code is replaced; without one, or once it has ended, a new flow begins.
const start = (email, registration_id) => post("/v1/registrations", { email, registration_id }, { anonymous: true });

export default function Register() {
  const w = words().register;
  const [flow, setFlow] = useState(null);
  if (!deployment.isRegistrationOpen)
    return html`
      <${SignedOutLayout} title=${w.title} text=${words().problems.registration_closed}>
        <a class="button secondary wide" href="/sign-in">${w.back}</a>
      </${SignedOutLayout}>`;
  return html`
    <${SignedOutLayout} title=${w.title} text=${flow ? w.mailed(flow.email) : w.text}>
      ${
        flow
          ? html`<${Completion} flow=${flow} onFlow=${setFlow} />`
          : html`<${MailedAddress} words=${w} start=${start} onFlow=${setFlow} />`
      }
    </${SignedOutLayout}>`;
}

// Returns whether it worked: the account exists in any case, so a failure ends at the sign-in screen.
async function signInToTeam(login, password) {
  const body = { login: login.trim(), password, transport: "cookie" };
  try {
    await post("/v1/login", body, { anonymous: true });
    await load();
  } catch {
    return false;
  }
  // The browser may not keep the cookie.
  if (!me.value) return false;
  const [team] = signedIn().teams;
  await go(team ? `/teams/${team.team_id}/members` : "/join", { unasked: true });
  if (team) toast(words().join.joined(team.name, roleName(team.role)));
  return true;
}

function Completion({ flow, onFlow }) {
  const w = words().register;
  const check = {
    code: codeOfLength(),
    username: rules.username,
    login: rules.login,
    password: nonEmpty,
    password_confirmation: sameAsPassword,
    invitation_code: (value) => (value === "" || value.length === 8 ? undefined : words().violations.code(8)),
  };
  const empty = { code: "", username: "", login: "", password: "", password_confirmation: "", invitation_code: "" };
  const form = useForm(empty, {
    check,
    codes: { verification_failed: "code", login_taken: "login", invitation_invalid: "invitation_code" },
  });
  const submit = (event) => {
    event.preventDefault();
    form.submit(async ({ invitation_code, ...values }) => {
      const names = { username: values.username.trim(), login: values.login.trim() };
      const body = { ...values, ...names, ...(invitation_code ? { invitation_code } : {}) };
      await post(pathOf`/v1/registrations/${flow.registration_id}/complete`, body, { anonymous: true });
      // The sign-in screen could not say which team the person has joined, so they are signed in.
      const joined = invitation_code !== "" && (await signInToTeam(values.login, values.password));
      if (!joined) go("/sign-in?done=registered", { unasked: true });
    });
  };
  const { login, username } = form.values;
  const resend = async () => onFlow({ ...flow, ...(await start(flow.email, flow.registration_id)) });
  return html`
    <form onSubmit=${submit} novalidate>
      <${MailedCode} flow=${flow} onResend=${resend}>
        <${CodeEntry} label=${w.code} ...${form.bind("code")} autocomplete="one-time-code" autofocus />
      </${MailedCode}>
      <${TextField} label=${w.username} ...${form.bind("username")} hint=${w.usernameHint} autocomplete="name" />
      <${TextField} label=${w.login} ...${form.bind("login")} hint=${w.loginHint} autocomplete="username"
        autocapitalize="off" />
      <${NewPasswordField} label=${w.password} ...${form.bind("password")}
        names=${[login.trim(), username.trim(), flow.email.split("@")[0]]} />
      <${PasswordField} label=${w.confirmation} ...${form.bind("password_confirmation")} autocomplete="new-password" />
      <${CodeEntry} label=${w.invitation} ...${form.bind("invitation_code")} hint=${w.invitationHint} />
      <${FormError}>${form.problem}</${FormError}>
      <div class="door-actions">
        <${Button} kind="primary" size="wide" type="submit" busy=${form.busy}>${w.action}</${Button}>
        <${Button} size="wide" onClick=${() => onFlow(null)}>${w.otherAddress}</${Button}>
      </div>
      <${LeaveGuard} changes=${Object.values(form.values).filter((value) => value !== "").length} />
    </form>`;
}
