// A password that somebody else set is changed before anything else.
import { html } from "../html.js";
import { go } from "../router.js";
import { leave, load } from "../session.js";
import { words } from "../words.js";
import { Button } from "../parts/button.js";
import { ChangePassword } from "../parts/change-password.js";
import { Door } from "../parts/door.js";

export default function FirstPassword() {
  const w = words().firstPassword;
  const changed = async () => {
    await load();
    go("/", { replace: true });
  };
  return html`
    <${Door} title=${w.title} text=${w.text}>
      <${ChangePassword} action=${w.action} wide onChanged=${changed} />
      <p class="door-note"><${Button} kind="link" onClick=${leave}>${words().person.signOut}</${Button}></p>
    </${Door}>`;
}
