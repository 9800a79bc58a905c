// The first step of what begins with an address: it is proved by a code that is mailed to it.
import { html } from "../html.js";
import { required, useForm } from "../form.js";
import { rules } from "../field-rules.js";
import { Button } from "./button.js";
import { FormError, TextField } from "./field.js";

// `words`: { email, emailHint, send, back }; `start` asks for the code.
export function MailedAddress({ words: w, start, onFlow }) {
  const form = useForm({ email: "" }, { check: { email: (value) => required(value) ?? rules.email(value) } });
  const submit = (event) => {
    event.preventDefault();
    form.submit(async ({ email }) => onFlow({ email: email.trim(), ...(await start(email.trim())) }));
  };
  return html`
    <form onSubmit=${submit} novalidate>
      <${FormError}>${form.problem}</${FormError}>
      <${TextField} label=${w.email} ...${form.bind("email")} type="email" autocomplete="email" hint=${w.emailHint} autofocus />
      <div class="door-actions"><${Button} kind="primary" size="wide" type="submit" busy=${form.busy}>${w.send}</${Button}>
        <a class="button secondary wide" href="/sign-in">${w.back}</a></div>
    </form>`;
}
