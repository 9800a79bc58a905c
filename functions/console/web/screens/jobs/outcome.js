// The status of a job, what became of its accounts, and its files.
import { html } from "../../html.js";
import { DownloadLink } from "../../jobs/download.js";
import { countTexts, errorText, isOver, sizeText } from "../../jobs/job.js";
import { jobWords } from "../../jobs/words.js";
import { FormError } from "../../parts/field.js";
import { Time } from "../../parts/time.js";
import { futureTimeInSentence } from "../../times.js";
import { words } from "../../words.js";

const TONES = { failed: "red", awaiting_start: "amber", awaiting_upload: "amber", queued: "accent", running: "accent" };

// What is normal is no tag.
export function StatusTag({ job: { status } }) {
  const text = jobWords().statuses[status];
  const tone = TONES[status];
  return tone ? html`<span class=${`tag ${tone}`}>${text}</span>` : html`<span class="quiet">${text}</span>`;
}

export function Files({ job }) {
  const w = jobWords();
  if (job.files.length === 0) return isOver(job) && html`<p class="quiet">${w.filesGone}</p>`;
  const isReport = job.kind !== "export";
  const count = isReport ? w.rows : w.accounts;
  return html`
    <ul class="job-files">
      ${job.files.map(
        (file, at) =>
          html`
            <li key=${file.name}>
              <${DownloadLink} job=${job} at=${at} kind="secondary"
                label=${isReport ? file.name : `${words().export.download}: ${file.name}`} />
              <span class="quiet">${`${count(file.rows)}, ${sizeText(file.bytes)}`}</span>
            </li>`,
      )}
    </ul>
    ${job.expires_at && html`<p class="quiet">${w.filesUntil(futureTimeInSentence(job.expires_at))}</p>`}`;
}

export function Counts({ job }) {
  const counts = countTexts(job);
  return html`<p class="strong">${counts.length > 0 ? words().list.names(counts) : jobWords().nothingDone}</p>`;
}

export const JobError = ({ job }) => html`<${FormError}>${errorText(job)}</${FormError}>`;

export function Facts({ job }) {
  const w = jobWords();
  const { request, matched } = job;
  const filter = [words().accounts.types[request.type], request.user_id_prefix, request.q].filter(Boolean);
  const fields = Object.keys(request.set ?? {}).map((name) => words().accounts.fields[name] ?? name);
  const fact = (name, value) => value && html`<dt>${name}</dt><dd>${value}</dd>`;
  return html`
    <dl>
      ${fact(w.status, html`<${StatusTag} job=${job} />`)}
      ${fact(w.who, html`<bdi>${job.created_by.username}</bdi>`)}
      ${fact(w.when, html`<${Time} at=${job.created_at} />`)}
      ${job.finished_at && fact(w.finished, html`<${Time} at=${job.finished_at} />`)}
      ${fact(w.file, request.file_name && html`<bdi>${request.file_name}</bdi>`)}
      ${job.kind !== "import" && fact(w.filter, filter.length > 0 ? html`<bdi>${filter.join(" · ")}</bdi>` : null)}
      ${fact(w.importing.field, fields.length > 0 && words().list.names(fields))}
      ${fact(w.matched, matched !== null && w.accounts(matched))}
    </dl>`;
}
