// What lies over everything: toasts, and what is told to those who do not see them. A modal dialog shuts off all that is
// outside of it, so this lies in the topmost one.
import { html } from "../html.js";
import { Announcer, raiseToasts, Toasts } from "./toast.js";

export const host = document.body.appendChild(document.createElement("div"));
const dialogs = [];

export const Overlays = () => html`<${Toasts} /><${Announcer} />`;

function attachToTopmost() {
  (dialogs.at(-1) ?? document.body).append(host);
  raiseToasts();
}

// Called when a dialog opens; what it gives, when the dialog closes.
export function openAbove(dialog) {
  dialogs.push(dialog);
  attachToTopmost();
  return () => {
    dialogs.splice(dialogs.indexOf(dialog), 1);
    attachToTopmost();
  };
}
