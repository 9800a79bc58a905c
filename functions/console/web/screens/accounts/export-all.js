// The dialog that exports all accounts, or all that match. It may be closed while the export runs.

import { pathOf, post } from "../../api.js";
import { useForm } from "../../form.js";
import { html } from "../../html.js";
import { DownloadLink } from "../../jobs/download.js";
import { follow, latest, useInView } from "../../jobs/followed.js";
import { errorText, exportedText, isOver } from "../../jobs/job.js";
import { JobProgress } from "../../jobs/progress.js";
import "../../jobs/style.js";
import { announce } from "../../announce.js";
import { jobWords } from "../../jobs/words.js";
import { useAutofocus } from "../../parts/autofocus.js";
import { Dialog } from "../../parts/dialog.js";
import { FormError } from "../../parts/field.js";
import { SegmentsField } from "../../parts/segments.js";
import { useEffect, useRef, useState } from "../../vendor/hooks.js";
import { words } from "../../words.js";
import { FORMATS } from "./export.js";

export function ExportAll({ app, filter, onClose }) {
  const [begun, setBegun] = useState(null);
  const job = begun && latest(begun);
  useInView(job?.job_id);
  if (job && isOver(job)) return html`<${Over} job=${job} onClose=${onClose} />`;
  if (job) return html`<${Running} job=${job} onClose=${onClose} />`;
  return html`<${Choice} app=${app} filter=${filter} onBegun=${setBegun} onClose=${onClose} />`;
}

function Choice({ app, filter, onBegun, onClose }) {
  const w = jobWords().exporting;
  const form = useForm({ format: "csv", delimiter: ",", gzip: false });
  const { format, delimiter, gzip } = form.values;
  const run = () =>
    form.submit(async () => {
      const body = { kind: "export", format, gzip, ...filter, ...(format === "csv" ? { delimiter } : {}) };
      onBegun(follow(await post(pathOf`/v1/apps/${app.app_id}/jobs`, body)));
    });
  const isFiltered = Object.values(filter).some(Boolean);
  return html`
    <${Dialog} title=${isFiltered ? w.matchingTitle : w.allTitle} text=${w.text(app.name)}
      action=${words().export.action} busy=${form.busy} onClose=${onClose} onSubmit=${run}>
      <div class="form">
        <${SegmentsField} label=${words().export.format} value=${format} options=${FORMATS}
          onChoose=${form.bind("format").onInput} hint=${format === "csv" ? w.csv : words().export.hints[format]} />
        ${
          format === "csv" &&
          html`
            <${SegmentsField} label=${w.separator} value=${delimiter} options=${Object.entries(w.separators)}
              onChoose=${form.bind("delimiter").onInput} />`
        }
        <label class="checked-line">
          <input type="checkbox" class="check" checked=${gzip} onChange=${() => form.set("gzip", !gzip)} />
          ${w.gzip}
        </label>
        <${FormError}>${form.problem}</${FormError}>
      </div>
    </${Dialog}>`;
}

function Running({ job, onClose }) {
  const w = jobWords().exporting;
  return html`
    <${Dialog} title=${w.running} text=${w.later} onClose=${onClose}>
      <${JobProgress} job=${job} label=${w.running} />
    </${Dialog}>`;
}

function Over({ job, onClose }) {
  const w = words().export;
  const first = useRef(null);
  const failed = job.status !== "succeeded";
  useAutofocus(first, !failed);
  useEffect(() => announce(failed ? jobWords().exporting.failed : w.done), []);
  if (failed)
    return html`
      <${Dialog} title=${jobWords().exporting.failed} onClose=${onClose}>
        <${FormError}>${errorText(job) ?? jobWords().statuses[job.status]}</${FormError}>
      </${Dialog}>`;
  const labelOf = (file) => (job.files.length > 1 ? `${w.download}: ${file.name}` : w.download);
  return html`
    <${Dialog} title=${w.done} text=${exportedText(job)} onClose=${onClose}>
      ${job.files.map(
        (file, at) =>
          html`
            <p class="exported">
              <${DownloadLink} job=${job} at=${at} kind="primary" linkRef=${at === 0 ? first : undefined}
                label=${labelOf(file)} />
            </p>`,
      )}
    </${Dialog}>`;
}
