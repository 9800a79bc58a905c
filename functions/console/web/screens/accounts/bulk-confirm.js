// The second step of a bulk edit or a bulk deletion: the accounts are found and counted, and somebody confirms the
// number before anything changes.

import { del, post } from "../../api.js";
import { halfWidth, useForm } from "../../form.js";
import { html } from "../../html.js";
import { addressOf, follow, forget, latest, useInView } from "../../jobs/followed.js";
import { errorText, isActive, isOver } from "../../jobs/job.js";
import { JobProgress } from "../../jobs/progress.js";
import "../../jobs/style.js";
import { jobWords } from "../../jobs/words.js";
import { Dialog } from "../../parts/dialog.js";
import { FormError, TextField } from "../../parts/field.js";
import { toast, toastFailure } from "../../parts/toast.js";
import { useEffect } from "../../vendor/hooks.js";
import { words } from "../../words.js";

const CONFIRM_COUNT_FROM = 11;

// `question`, `action` and `begun` are sentences for a count. Closing ends the job.
export function ConfirmCount({ job: begunJob, finding, onClose, ...asked }) {
  const job = latest(begunJob);
  useInView(job.job_id);
  const count = job.matched ?? 0;
  const end = () => {
    onClose();
    del(addressOf(job)).then(() => forget(job), toastFailure);
  };
  const isNone = job.status === "awaiting_start" && count === 0;
  // A job without accounts has nothing to wait for.
  useEffect(() => {
    if (isNone) del(addressOf(job)).then(() => forget(job), toastFailure);
  }, [isNone]);
  if (isActive(job))
    return html`
      <${Dialog} title=${finding} onClose=${end}><${JobProgress} job=${job} label=${finding} /></${Dialog}>`;
  if (isOver(job) || isNone)
    return html`<${Dialog} title=${isNone ? jobWords().noneMatch : errorText(job)} onClose=${onClose} />`;
  return html`
    <${Question} ...${asked} job=${job} count=${count} onEnd=${end} onClose=${onClose} />`;
}

function Question({ job, count, text, question, action, begun, destructive = false, onStarted, onEnd, onClose }) {
  const w = words().deletion;
  const typedToo = count >= CONFIRM_COUNT_FROM;
  const equalsCount = (value) => (halfWidth(value).trim() === String(count) ? undefined : w.typeCount(count));
  const form = useForm({ count: "" }, { check: typedToo ? { count: equalsCount } : {} });
  const start = () =>
    form.submit(async () => {
      follow(await post(`${addressOf(job)}/start`, { matched: count }));
      onStarted?.();
      onClose();
      toast(begun(count));
    });
  return html`
    <${Dialog} title=${question(count)} text=${text} action=${action(count)} destructive=${destructive} careful
      busy=${form.busy} typed=${form.values.count !== ""} onClose=${onEnd} onSubmit=${start}>
      ${
        typedToo &&
        html`
          <${TextField} label=${w.typeCount(count)} ...${form.bind("count")} inputmode="numeric" autocomplete="off" />`
      }
      <${FormError}>${form.problem}</${FormError}>
    </${Dialog}>`;
}
