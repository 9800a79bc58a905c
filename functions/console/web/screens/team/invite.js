// The dialog that issues an invitation.

import { post } from "../../api.js";
import { limits } from "../../facts.js";
import { halfWidth, useForm } from "../../form.js";
import { html } from "../../html.js";
import { Caution } from "../../parts/dialog.js";
import { FormError, SelectField, TextField } from "../../parts/field.js";
import { FormDialog } from "../../parts/form-dialog.js";
import { words } from "../../words.js";
import { roleOptions } from "./change-role.js";

const daysOf = (typed) => halfWidth(typed).trim();

function checkDays(typed) {
  const days = daysOf(typed);
  if (days === "" || (/^\d{1,4}$/.test(days) && days >= 1 && days <= limits.membershipDays)) return undefined;
  return words().violations.membership_days.out_of_range;
}

export function Invite({ team, path, roles, replaces, onIssued, onClose }) {
  const w = words().invitations;
  const initial = { role_id: "developer", login: "", membership_days: "", note: "" };
  const form = useForm(initial, { check: { membership_days: checkDays } });
  const issue = () =>
    form.submit(async ({ role_id, login, membership_days: typedDays, note }) => {
      const days = daysOf(typedDays);
      const membership = { role_id, membership_days: days === "" ? null : Number(days) };
      onIssued(
        await post(`${path}/invitations`, { ...membership, login: login.trim() || null, note: note.trim() || null }),
      );
    });
  const typed = ["login", "membership_days", "note"].some((name) => form.values[name] !== "");
  return html`
    <${FormDialog} title=${w.inviteTitle(team.name)} action=${w.issue} busy=${form.busy}
      typed=${typed} onClose=${onClose} onSubmit=${issue}>
      <div class="form">
        <${SelectField} label=${w.role} ...${form.bind("role_id")} options=${roleOptions(roles, team)} />
        <${TextField} label=${w.login} ...${form.bind("login")} hint=${w.loginHint} class="id" autocomplete="off"
          autocapitalize="off" />
        <${TextField} label=${w.days} ...${form.bind("membership_days")} hint=${words().members.optional}
          inputmode="numeric" autocomplete="off" />
        <${TextField} label=${w.note} ...${form.bind("note")} hint=${w.noteHint} autocomplete="off" />
        <${FormError}>${form.problem}</${FormError}>
      </div>
      ${replaces && html`<${Caution}>${w.replaces}</${Caution}>`}
    </${FormDialog}>`;
}
