// The dialog that creates an application, of a team or of the platform.

import { pathOf, post } from "../../api.js";
import { keepApp } from "../../apps.js";
import { required, useForm } from "../../form.js";
import { html } from "../../html.js";
import { FormError, SelectField, TextField } from "../../parts/field.js";
import { FormDialog } from "../../parts/form-dialog.js";
import { toast } from "../../parts/toast.js";
import { isPlatform, teamsWhere } from "../../permissions.js";
import { teams } from "../../teams.js";
import { words } from "../../words.js";

export function teamOptions() {
  if (!isPlatform()) return teamsWhere("apps.manage").map(({ team_id, name }) => [team_id, name]);
  return [["", words().picker.platform], ...teams().map(({ team_id, name }) => [team_id, name])];
}

export function CreateApp({ teamId, onCreated, onClose }) {
  const w = words().apps;
  const options = teamOptions();
  const form = useForm({ name: "", team_id: teamId ?? options[0]?.[0] ?? "" }, { check: { name: required } });
  const create = () =>
    form.submit(async ({ name, team_id }) => {
      const app = keepApp(await post("/v1/apps", { name: name.trim(), team_id: team_id || null }));
      onCreated(app);
      toast(w.wasCreated(app.name), { open: pathOf`/apps/${app.app_id}` });
    });
  return html`
    <${FormDialog} title=${w.create} action=${w.createAction} busy=${form.busy} typed=${form.values.name !== ""}
      onClose=${onClose} onSubmit=${create}>
      <div class="form">
        <${TextField} label=${w.name} ...${form.bind("name")} hint=${w.nameHint} autocomplete="off" autofocus />
        ${options.length > 1 && html`<${SelectField} label=${w.team} ...${form.bind("team_id")} options=${options} />`}
        <${FormError}>${form.problem}</${FormError}>
      </div>
    </${FormDialog}>`;
}
