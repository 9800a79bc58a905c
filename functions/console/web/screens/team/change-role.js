// The dialog that gives a member another role, or another end of the membership.

import { useForm } from "../../form.js";
import { mayGrantRole, roleName } from "../../grants.js";
import { html } from "../../html.js";
import { Dialog } from "../../parts/dialog.js";
import { FormError, SelectField } from "../../parts/field.js";
import { words } from "../../words.js";
import { checkLastDay, EndField, endAfter, lastDayOf } from "./membership-end.js";

// The roles that the person may grant, in the API's order: presets first, then the team's own.
export const roleOptions = (roles, team) =>
  roles.filter((role) => mayGrantRole(role, team.team_id)).map((role) => [role.role_id, roleName(role)]);

export function ChangeRole({ team, member, roles, onGive, onStale, onClose }) {
  const w = words().members;
  const lastDay = lastDayOf(member.expires_at);
  const check = { expires_at: checkLastDay };
  const form = useForm({ role_id: member.role.role_id, expires_at: lastDay }, { check });
  const save = () => {
    const { role_id, expires_at: day } = form.values;
    // The end need not be at the end of a day. It is sent only if another day was chosen.
    const change = {
      ...(role_id !== member.role.role_id && { role_id }),
      ...(day.trim() !== lastDay && { expires_at: endAfter(day) }),
    };
    if (Object.keys(change).length === 0) return onClose();
    return form.submit(async () => {
      try {
        await onGive(member, change);
        onClose();
      } catch (refused) {
        if (refused.code !== "version_conflict") throw refused;
        onStale(refused);
      }
    });
  };
  return html`
    <${Dialog} title=${w.changeTitle(member.username)} text=${w.changeText} action=${w.changeRole} busy=${form.busy}
      onClose=${onClose} onSubmit=${save}>
      <div class="form">
        <${SelectField} label=${w.role} ...${form.bind("role_id")} options=${roleOptions(roles, team)} />
        <${EndField} form=${form} />
        <${FormError}>${form.problem}</${FormError}>
      </div>
    </${Dialog}>`;
}
