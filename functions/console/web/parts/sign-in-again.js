// Asks the person to sign in again after the session has ended. The page behind it stays as it is.
import { html } from "../html.js";
import { resumeSession, signedIn } from "../session.js";
import { words } from "../words.js";
import { Button } from "./button.js";
import { useModal } from "./modal.js";
import { SignInForm } from "./sign-in-form.js";

export function SignInAgain() {
  const w = words().signInAgain;
  // It cannot be closed, because nothing on the page works without a session.
  const modal = useModal(
    () => {},
    () => false,
  );
  return html`
    <dialog ...${modal} class="dialog come-back" aria-labelledby="come-back-title">
      <div class="dialog-body"><h2 id="come-back-title">${w.title}</h2><p>${w.text}</p>
        <${SignInForm} fixedLogin=${signedIn().user.login} onEntered=${resumeSession}>
          <${Button} kind="link" onClick=${() => location.assign("/sign-in")}>${words().signIn.other}</${Button}>
        </${SignInForm}>
      </div>
    </dialog>`;
}
