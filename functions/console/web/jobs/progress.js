// How far a job is: a bar and the count.
import { html } from "../html.js";
import { progressText } from "./job.js";

export function JobProgress({ job, label }) {
  const { done, total } = job.progress;
  return html`
    <div class="job-progress">
      <progress aria-label=${label} max=${total || 1} value=${total === null ? undefined : done}></progress>
      <span class="digits">${progressText(job)}</span>
    </div>`;
}
