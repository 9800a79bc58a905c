// The element that holds toasts and announcements. A modal dialog makes everything outside it inert, so the element
// moves into the topmost dialog.
import { html } from "../html.js";
import { Announcer, raiseToasts, Toasts } from "./toast.js";

export const host = document.body.appendChild(document.createElement("div"));
const dialogs = [];

export const Overlays = () => html`<${Toasts} /><${Announcer} />`;

function attachToTopmost() {
  (dialogs.at(-1) ?? document.body).append(host);
  raiseToasts();
}

// To be called when a dialog opens. Returns a function to be called when it closes.
export function openAbove(dialog) {
  dialogs.push(dialog);
  attachToTopmost();
  return () => {
    dialogs.splice(dialogs.indexOf(dialog), 1);
    attachToTopmost();
  };
}
