// Resetting a forgotten password with a code that is sent by email.

import { pathOf, post } from "../api.js";
import { codeOfLength, nonEmpty, sameAsPassword, useForm } from "../form.js";
import { html } from "../html.js";
import { Button } from "../parts/button.js";
import { CodeEntry } from "../parts/code-entry.js";
import { FormError } from "../parts/field.js";
import { MailedAddress } from "../parts/mailed-address.js";
import { MailedCode } from "../parts/mailed-code.js";
import { NewPasswordField } from "../parts/new-password-field.js";
import { PasswordField } from "../parts/password-field.js";
import { SignedOutLayout } from "../parts/signed-out-layout.js";
import { go } from "../router.js";
import { useState } from "../vendor/hooks.js";
import { words } from "../words.js";

// With the flow of an earlier request, its code is replaced; without one, or once it has ended, a new flow begins.
const start = (email, reset_id) => post("/v1/password-resets", { email, reset_id }, { anonymous: true });

export default function Reset() {
  const w = words().reset;
  const [flow, setFlow] = useState(null);
  return html`
    <${SignedOutLayout} title=${w.title} text=${flow ? w.mailed(flow.email) : w.text}>
      ${
        flow
          ? html`<${Completion} flow=${flow} onFlow=${setFlow} />`
          : html`<${MailedAddress} words=${w} start=${start} onFlow=${setFlow} />`
      }
    </${SignedOutLayout}>`;
}

function Completion({ flow, onFlow }) {
  const w = words().reset;
  const check = {
    code: codeOfLength(),
    password: nonEmpty,
    password_confirmation: sameAsPassword,
  };
  const form = useForm(
    { code: "", password: "", password_confirmation: "" },
    { check, codes: { verification_failed: "code" } },
  );
  const submit = (event) => {
    event.preventDefault();
    form.submit(async (values) => {
      await post(pathOf`/v1/password-resets/${flow.reset_id}/complete`, values, { anonymous: true });
      go("/sign-in?done=reset", { unasked: true });
    });
  };
  const resend = async () => onFlow({ ...flow, ...(await start(flow.email, flow.reset_id)) });
  return html`
    <form onSubmit=${submit} novalidate>
      <${MailedCode} flow=${flow} onResend=${resend}>
        <${CodeEntry} label=${w.code} ...${form.bind("code")} autocomplete="one-time-code" autofocus />
      </${MailedCode}>
      <${NewPasswordField} label=${w.password} ...${form.bind("password")} names=${[flow.email.split("@")[0]]} />
      <${PasswordField} label=${w.confirmation} ...${form.bind("password_confirmation")} autocomplete="new-password" />
      <${FormError}>${form.problem}</${FormError}>
      <div class="door-actions">
        <${Button} kind="primary" size="wide" type="submit" busy=${form.busy}>${w.action}</${Button}>
        <${Button} size="wide" onClick=${() => onFlow(null)}>${w.otherAddress}</${Button}>
      </div>
    </form>`;
}
