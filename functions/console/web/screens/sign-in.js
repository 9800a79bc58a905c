// The sign-in screen.
import { deployment } from "../deployment.js";
import { html } from "../html.js";
import { Emphasis } from "../parts/emphasis.js";
import { Icon } from "../parts/icon.js";
import { SignInForm } from "../parts/sign-in-form.js";
import { SignedOutLayout } from "../parts/signed-out-layout.js";
import { place } from "../router.js";
import { finishSignIn } from "../session.js";
import { words } from "../words.js";

export default function SignIn() {
  const w = words().signIn;
  const done = place.value.query.get("done") ?? "";
  return html`
    <${SignedOutLayout} title=${w.title} text=${w.to(location.hostname)}
      note=${html`<${Emphasis} text=${deployment.isRegistrationOpen ? w.invited : w.invitedOnly} />`}>
      ${done in w.done && html`<p class="done" role="status"><${Icon} name="check" /><span>${w.done[done]}</span></p>`}
      <${SignInForm} forgotten=${html`<a href="/reset">${w.forgotten}</a>`} onEntered=${finishSignIn}>
        ${deployment.isRegistrationOpen && html`<a class="button secondary wide" href="/register">${w.register}</a>`}
      </${SignInForm}>
    </${SignedOutLayout}>`;
}
