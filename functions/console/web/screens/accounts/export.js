// The dialog that exports one account or a selection as a file.

import { announce } from "../../announce.js";
import { file, pathOf } from "../../api.js";
import { limits } from "../../facts.js";
import { useForm } from "../../form.js";
import { html } from "../../html.js";
import { jobWords } from "../../jobs/words.js";
import { useAutofocus } from "../../parts/autofocus.js";
import { Dialog } from "../../parts/dialog.js";
import { FormError } from "../../parts/field.js";
import { Icon } from "../../parts/icon.js";
import { SegmentsField } from "../../parts/segments.js";
import { useEffect, useRef, useState } from "../../vendor/hooks.js";
import { words } from "../../words.js";

export const FORMATS = [
  ["csv", "CSV"],
  ["ndjson", "NDJSON"],
  ["xlsx", "XLSX"],
];

function requestFile(app, accounts, format) {
  const ids = accounts.map(({ user_id }) => user_id);
  if (ids.length > 1) return file("POST", pathOf`/v1/apps/${app.app_id}/export-selection`, { user_ids: ids, format });
  return file("GET", `${pathOf`/v1/apps/${app.app_id}/accounts/${ids[0]}/export`}?format=${format}`);
}

export function ExportAccounts({ app, accounts, onClose }) {
  const w = words().export;
  const [made, setMade] = useState(null);
  const form = useForm({ format: "csv" });
  useEffect(() => () => made && URL.revokeObjectURL(made.url), [made]);
  const run = () =>
    form.submit(async ({ format }) => {
      const { name, bytes } = await requestFile(app, accounts, format);
      setMade({ name, url: URL.createObjectURL(bytes), format: format.toUpperCase() });
      announce(w.done);
    });
  const { value, onInput } = form.bind("format");
  const count = accounts.length;
  if (made)
    return html`
      <${Dialog} title=${w.done} text=${w.what(count, made.format)} onClose=${onClose}>
        <${Download} ...${made} />
      </${Dialog}>`;
  const over = count > limits.accountsPerExport;
  return html`
    <${Dialog} title=${w.title(count)} text=${over ? w.tooMany(limits.accountsPerExport) : w.text(app.name)}
      action=${!over && w.action} busy=${form.busy} onClose=${onClose} onSubmit=${run}>
      <div class="form">
        <${SegmentsField} label=${w.format} value=${value} options=${FORMATS} onChoose=${onInput}
          hint=${value === "csv" ? jobWords().exporting.csv : w.hints[value]} />
        <${FormError}>${form.problem}</${FormError}>
      </div>
    </${Dialog}>`;
}

function Download({ url, name }) {
  const ref = useRef(null);
  useAutofocus(ref, true);
  return html`
    <p class="exported">
      <a class="button primary" ref=${ref} href=${url} download=${name}>
        <${Icon} name="download" />
        ${words().export.download}
      </a>
    </p>`;
}
