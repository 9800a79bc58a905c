// The first step of registering and of resetting a password: the address that a code is sent to.

import { rules } from "../field-rules.js";
import { required, useForm } from "../form.js";
import { html } from "../html.js";
import { Button } from "./button.js";
import { FormError, TextField } from "./field.js";

// `words`: { email, emailHint, send, back }. `start` asks the server to send the code.
export function MailedAddress({ words: w, start, onFlow }) {
  const form = useForm({ email: "" }, { check: { email: (value) => required(value) ?? rules.email(value) } });
  const submit = (event) => {
    event.preventDefault();
    form.submit(async ({ email }) => onFlow({ email: email.trim(), ...(await start(email.trim())) }));
  };
  return html`
    <form onSubmit=${submit} novalidate>
      <${TextField} label=${w.email} ...${form.bind("email")} type="email" autocomplete="email" hint=${w.emailHint}
        autofocus />
      <${FormError}>${form.problem}</${FormError}>
      <div class="door-actions">
        <${Button} kind="primary" size="wide" type="submit" busy=${form.busy}>${w.send}</${Button}>
        <a class="button secondary wide" href="/sign-in">${w.back}</a>
      </div>
    </form>`;
}
