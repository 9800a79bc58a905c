// Changing an initial password, which comes before everything else.
import { html } from "../html.js";
import { Button } from "../parts/button.js";
import { ChangePassword } from "../parts/change-password.js";
import { SignedOutLayout } from "../parts/signed-out-layout.js";
import { toastFailure } from "../parts/toast.js";
import { go } from "../router.js";
import { load, signOut } from "../session.js";
import { words } from "../words.js";

export default function FirstPassword() {
  const w = words().firstPassword;
  const changed = () => load().then(() => go("/", { replace: true }), toastFailure);
  return html`
    <${SignedOutLayout} title=${w.title} text=${w.text}>
      <${ChangePassword} action=${w.action} wide onChanged=${changed} />
      <p class="door-note">
        <${Button} kind="link" onClick=${() => signOut().catch(toastFailure)}>${words().person.signOut}</${Button}>
      </p>
    </${SignedOutLayout}>`;
}
