// The message that a job is over, wherever the person is.
import { html } from "../html.js";
import { toast } from "../parts/toast.js";
import { words } from "../words.js";
import { DownloadLink } from "./download.js";
import { addressOfJob, errorText, exportedText, nameOf, resultText } from "./job.js";
import { jobWords } from "./words.js";

export function reportOver(job) {
  const w = jobWords();
  if (job.kind === "export" && job.files.length > 0) {
    const { done, download } = words().export;
    const links = job.files.map((_, at) => html` <${DownloadLink} job=${job} at=${at} label=${download} />`);
    const text = html`<span>${done}. ${exportedText(job)}</span>${links}`;
    return toast(/** @type {any} */ (text));
  }
  const text = w.over[job.status](nameOf(job));
  const more = errorText(job) ?? resultText(job);
  return toast(`${text} ${more}`, { open: addressOfJob(job) });
}
