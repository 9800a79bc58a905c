// What lies over everything: toasts, and what is told to those who do not see them. A modal dialog shuts off all that is
// outside of it, so this lies in the topmost one.
import { html } from "../html.js";
import { Announcer, raise, Toasts } from "./toast.js";

export const over = document.body.appendChild(document.createElement("div"));
const dialogs = [];

export const Over = () => html`<${Toasts} /><${Announcer} />`;

function lift() {
  (dialogs.at(-1) ?? document.body).append(over);
  raise();
}

// Called when a dialog opens; what it gives, when the dialog closes.
export function under(dialog) {
  dialogs.push(dialog);
  lift();
  return () => {
    dialogs.splice(dialogs.indexOf(dialog), 1);
    lift();
  };
}
