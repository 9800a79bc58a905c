// The dialog that gives a member another role.

import { useForm } from "../../form.js";
import { mayGrantRole, roleName } from "../../grants.js";
import { html } from "../../html.js";
import { Dialog } from "../../parts/dialog.js";
import { FormError, SelectField } from "../../parts/field.js";
import { words } from "../../words.js";

// The roles that the person may grant, in the API's order: presets first, then the team's own.
export const roleOptions = (roles, team) =>
  roles.filter((role) => mayGrantRole(role, team.team_id)).map((role) => [role.role_id, roleName(role)]);

export function ChangeRole({ team, member, roles, onGive, onStale, onClose }) {
  const w = words().members;
  const form = useForm({ role_id: member.role.role_id });
  const save = () => {
    const { role_id: chosen } = form.values;
    if (chosen === member.role.role_id) return onClose();
    return form.submit(async () => {
      try {
        await onGive(
          member,
          roles.find(({ role_id }) => role_id === chosen),
        );
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
        <${FormError}>${form.problem}</${FormError}>
      </div>
    </${Dialog}>`;
}
