// A dialog with something to type: it asks before what was typed is lost.
import { html } from "../html.js";
import { Dialog } from "./dialog.js";
import { LeaveGuard } from "./leave-guard.js";

export const FormDialog = ({ typed, busy, ...dialog }) => html`
  <${Dialog} typed=${typed} busy=${busy} ...${dialog} />
  <${LeaveGuard} changes=${typed && !busy ? 1 : 0} />`;
