// The dialogs that create, rename and delete a role.

import { del, pathOf, post } from "../../api.js";
import { required, useForm } from "../../form.js";
import { mayCopyRole, roleName } from "../../grants.js";
import { html } from "../../html.js";
import { ConfirmDialog } from "../../parts/confirm-dialog.js";
import { FormError, SelectField, TextField } from "../../parts/field.js";
import { FormDialog } from "../../parts/form-dialog.js";
import { Rename } from "../../parts/rename.js";
import { toast } from "../../parts/toast.js";
import { roleWords } from "./role-words.js";

export function NewRole({ team, path, roles, source, onCreated, onClose }) {
  const w = roleWords();
  const form = useForm({ name: "", from: source.role_id }, { check: { name: required } });
  const create = () =>
    form.submit(async ({ name, from }) => {
      const { permissions } = roles.find(({ role_id }) => role_id === from);
      const role = await post(`${path}/roles`, { name: name.trim(), permissions });
      onCreated(role);
      toast(w.wasCreated(role.name));
    });
  const options = roles.filter((role) => mayCopyRole(role, team.team_id)).map((role) => [role.role_id, roleName(role)]);
  return html`
    <${FormDialog} title=${w.newTitle} text=${w.newText} action=${w.create} busy=${form.busy}
      typed=${form.values.name !== ""} onClose=${onClose} onSubmit=${create}>
      <div class="form">
        <${TextField} label=${w.name} ...${form.bind("name")} hint=${w.nameHint} autocomplete="off" autofocus />
        <${SelectField} label=${w.from} ...${form.bind("from")} options=${options} />
        <${FormError}>${form.problem}</${FormError}>
      </div>
    </${FormDialog}>`;
}

export function RenameRole({ path, role, onRenamed, onClose }) {
  const w = roleWords();
  const said = {
    title: w.renameTitle(role.name),
    action: w.rename,
    name: w.name,
    hint: w.nameHint,
    done: w.wasRenamed,
  };
  return html`
    <${Rename} thing=${role} path=${path + pathOf`/roles/${role.role_id}`} words=${said} onRenamed=${onRenamed}
      onClose=${onClose} />`;
}

export function DeleteRole({ path, role, onDeleted, onClose }) {
  const w = roleWords();
  const run = async () => {
    await del(path + pathOf`/roles/${role.role_id}`);
    onDeleted();
    toast(w.wasDeleted(role.name));
  };
  return html`
    <${ConfirmDialog} title=${w.deleteQuestion(role.name)} text=${w.deleteText} action=${w.deleteAction} onRun=${run}
      onClose=${onClose} />`;
}
