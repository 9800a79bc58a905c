// Starts a bulk edit or a bulk deletion that waits until somebody confirms its number of accounts.
import { post } from "../../api.js";
import { halfWidth, useForm } from "../../form.js";
import { html } from "../../html.js";
import { addressOf } from "../../jobs/followed.js";
import { jobWords } from "../../jobs/words.js";
import { Button } from "../../parts/button.js";
import { FormError, TextField } from "../../parts/field.js";
import { words } from "../../words.js";

export function StartMatched({ app, job, onChanged }) {
  const w = words().deletion;
  const isDeletion = job.kind === "delete";
  const { question, action } = isDeletion ? w : jobWords().editing;
  const equalsCount = (value) =>
    halfWidth(value).trim() === String(job.matched) ? undefined : w.typeCount(job.matched);
  const form = useForm({ count: "" }, { check: { count: equalsCount } });
  const start = (event) => {
    event.preventDefault();
    form.submit(async () => onChanged(await post(`${addressOf(job)}/start`, { matched: job.matched })));
  };
  return html`
    <form class="form narrow" onSubmit=${start} novalidate>
      <h2>${question(job.matched)}</h2>
      ${isDeletion && app && html`<p>${jobWords().deleting.text(app.name)}</p>`}
      <${TextField} label=${w.typeCount(job.matched)} ...${form.bind("count")} inputmode="numeric" autocomplete="off" />
      <${FormError}>${form.problem}</${FormError}>
      <div class="form-actions">
        <${Button} kind=${isDeletion ? "danger" : "primary"} type="submit" busy=${form.busy}>
          ${action(job.matched)}
        </${Button}>
      </div>
    </form>`;
}
