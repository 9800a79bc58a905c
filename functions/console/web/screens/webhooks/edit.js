// The dialog that creates a webhook, or edits one.

import { patch, post } from "../../api.js";
import { required, useForm } from "../../form.js";
import { html } from "../../html.js";
import { FormError, TextField } from "../../parts/field.js";
import { FormDialog } from "../../parts/form-dialog.js";
import { keyOf, pathOfWebhook, typesOf } from "../../webhooks/webhook.js";
import { webhookWords } from "../../webhooks/words.js";

// Without `webhook` it creates one, of `team` or of the platform.
export function EditWebhook({ webhook, team, onSaved, onClose }) {
  const w = webhookWords();
  const initial = {
    url: webhook?.url ?? "",
    types: webhook?.types.join(", ") ?? "",
    description: webhook?.description ?? "",
  };
  const form = useForm(initial, { check: { url: required }, violations: w.violations });
  const save = () =>
    form.submit(async ({ url, types, description }) => {
      const body = { url: url.trim(), types: typesOf(types), description: description.trim() || null };
      onSaved(
        webhook
          ? await patch(pathOfWebhook(keyOf(webhook)), body)
          : await post("/v1/webhooks", { ...body, team_id: team?.team_id ?? null }),
      );
    });
  const typed = Object.keys(initial).some((name) => form.values[name] !== initial[name]);
  const title = webhook ? w.editTitle : team ? w.createTeamTitle(team.name) : w.createTitle;
  return html`
    <${FormDialog} title=${title} action=${webhook ? w.save : w.createAction} busy=${form.busy} typed=${typed}
      onClose=${onClose} onSubmit=${save}>
      <div class="form">
        <${TextField} label=${w.url} ...${form.bind("url")} hint=${w.urlHint} type="url" autocomplete="off" autofocus />
        <${TextField} label=${w.types} ...${form.bind("types")} hint=${w.typesHint} class="id" autocomplete="off"
          autocapitalize="off" />
        <${TextField} label=${w.description} ...${form.bind("description")} hint=${w.descriptionHint}
          autocomplete="off" />
        <${FormError}>${form.problem}</${FormError}>
      </div>
    </${FormDialog}>`;
}
