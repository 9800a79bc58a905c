// Another name for a team.
import { html } from "../../html.js";
import { patch, pathOf } from "../../api.js";
import { required, useForm } from "../../form.js";
import { keepTeam } from "../../teams.js";
import { words } from "../../words.js";
import { Dialog } from "../../parts/dialog.js";
import { FormError, TextField } from "../../parts/field.js";
import { toast } from "../../parts/toast.js";

export function RenameTeam({ team, onChanged, onClose }) {
  const w = words().teams;
  const form = useForm({ name: team.name }, { check: { name: required }, codes: { team_name_taken: "name" } });
  const rename = async (name, version) => onChanged(keepTeam(await patch(pathOf`/v1/teams/${team.team_id}`, { name }, { version })));
  const save = () =>
    form.submit(async ({ name }) => {
      await rename(name.trim(), team.version);
      onClose();
      toast(w.wasRenamed(name.trim()), { undo: () => rename(team.name) });
    });
  return html`
    <${Dialog} title=${w.renameTitle(team.name)} action=${w.rename} busy=${form.busy} typed=${form.values.name !== team.name} onClose=${onClose} onSubmit=${save}>
      <div class="form">
        <${FormError}>${form.problem}</${FormError}>
        <${TextField} label=${w.name} ...${form.bind("name")} hint=${w.nameHint} maxlength="64" autocomplete="off" autofocus />
      </div>
    </${Dialog}>`;
}
