// The dialog that issues an invitation.

import { post } from "../../api.js";
import { useForm } from "../../form.js";
import { html } from "../../html.js";
import { Caution } from "../../parts/dialog.js";
import { FormError, SelectField, TextField } from "../../parts/field.js";
import { FormDialog } from "../../parts/form-dialog.js";
import { words } from "../../words.js";
import { roleOptions } from "./change-role.js";

export function Invite({ team, path, roles, replaces, onIssued, onClose }) {
  const w = words().invitations;
  const form = useForm({ role_id: "developer", login: "", note: "" });
  const issue = () =>
    form.submit(async ({ role_id, login, note }) => {
      onIssued(await post(`${path}/invitations`, { role_id, login: login.trim() || null, note: note.trim() || null }));
    });
  const { login, note } = form.values;
  return html`
    <${FormDialog} title=${w.inviteTitle(team.name)} action=${w.issue} busy=${form.busy}
      typed=${login !== "" || note !== ""} onClose=${onClose} onSubmit=${issue}>
      <div class="form">
        <${SelectField} label=${w.role} ...${form.bind("role_id")} options=${roleOptions(roles, team)} />
        <${TextField} label=${w.login} ...${form.bind("login")} hint=${w.loginHint} class="id" autocomplete="off"
          autocapitalize="off" />
        <${TextField} label=${w.note} ...${form.bind("note")} hint=${w.noteHint} autocomplete="off" />
        <${FormError}>${form.problem}</${FormError}>
      </div>
      ${replaces && html`<${Caution}>${w.replaces}</${Caution}>`}
    </${FormDialog}>`;
}
