// An import: its file, what it would do, a trial, the import itself, and its result.

import { pathOf } from "../../api.js";
import { html } from "../../html.js";
import { isActive, isOver } from "../../jobs/job.js";
import { JobProgress } from "../../jobs/progress.js";
import { jobWords } from "../../jobs/words.js";
import { FormError } from "../../parts/field.js";
import { FileAgain } from "./import-file.js";
import { ImportSetup } from "./import-setup.js";
import { useImport } from "./import-state.js";
import { Counts, Facts, Files, JobError } from "./outcome.js";

export function Import({ app, job, onChanged }) {
  const w = jobWords().importing;
  const { isMissing, isTried, problem, read, change, start, ...setup } = useImport(job, onChanged);
  if (isActive(job)) {
    const label = isTried ? w.trying : w.running;
    return html`<h2>${label}</h2><${JobProgress} job=${job} label=${label} />`;
  }
  if (isOver(job)) return html`<${Result} app=${app} job=${job} />`;
  if (isMissing)
    return html`
      <${FormError}>${problem}</${FormError}>
      <${FileAgain} job=${job} isRefused=${problem !== null} onUploaded=${() => read()} />`;
  return html`
    <${ImportSetup} ...${setup} job=${job} problem=${problem} isTried=${isTried} onChange=${change}
      onStart=${start} />`;
}

function Result({ app, job }) {
  const w = jobWords().importing;
  return html`
    <section class="job-result">
      ${job.status === "succeeded" && html`<h2>${w.done}</h2>`}
      <${JobError} job=${job} />
      <${Counts} job=${job} />
      ${job.counts.failed > 0 && html`<p>${w.reportText}</p>`}
      <${Files} job=${job} />
      <div class="form-actions">
        <a class="button secondary" href=${pathOf`/apps/${job.app_id}/jobs/import`}>${w.another}</a>
        <a class="button secondary" href=${pathOf`/apps/${job.app_id}/accounts`}>
          ${app?.name ?? jobWords().toAccounts}
        </a>
      </div>
    </section>
    <${Facts} job=${job} />`;
}
