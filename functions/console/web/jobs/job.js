// What is to be said of a job.
import { apps } from "../apps.js";
import { messageOf } from "../problem-messages.js";
import { settings } from "../settings.js";
import { words } from "../words.js";
import { jobWords } from "./words.js";

export const isActive = ({ status }) => status === "queued" || status === "running";
export const isOver = ({ status }) => ["succeeded", "failed", "cancelled"].includes(status);

export const appNameOf = (job) => apps.value?.find(({ app_id }) => app_id === job.app_id)?.name;

// What distinguishes a job from others of its kind.
function detailOf({ kind, request }) {
  if (kind === "export") return formatOf(request);
  if (kind === "import") return request.file_name;
  return request.q ?? request.user_id_prefix;
}

export const formatOf = ({ format, gzip }) => format.toUpperCase() + (gzip ? " (gzip)" : "");

export function nameOf(job) {
  const w = jobWords();
  const detail = detailOf(job);
  return detail ? w.named(w.kinds[job.kind], detail) : w.kinds[job.kind];
}

export function progressText({ progress: { done, total } }) {
  const w = jobWords();
  return total === null ? w.doneSoFar(done) : w.progress(done, total);
}

// What became of the accounts or rows, without the counts that are zero.
export function countTexts(job) {
  const w = jobWords();
  return Object.entries(w.counts)
    .filter(([name]) => job.counts[name] > 0)
    .map(([name, text]) => text(job.counts[name]));
}

export const exportedText = (job) =>
  words().export.what(
    job.files.reduce((sum, { rows }) => sum + rows, 0),
    formatOf(job.request),
  );

// The result of a job that is over, or how far it is.
export function resultText(job) {
  const w = jobWords();
  if (isActive(job)) return job.progress.done > 0 ? progressText(job) : "";
  if (job.kind === "export") return job.files.length > 0 ? exportedText(job) : "";
  if (job.status === "awaiting_start" && job.matched !== null) return w.accounts(job.matched);
  const counts = countTexts(job);
  if (counts.length > 0) return words().list.names(counts);
  return isOver(job) ? w.nothingDone : "";
}

// Why a job stopped early. The server's own sentence says which byte or line it is about.
export function errorText({ error }) {
  if (!error) return undefined;
  const w = jobWords();
  if (error.code === "expired") return w.expired;
  const message = messageOf({ code: error.code });
  return error.code === "unreadable_file" ? `${message} ${w.said(error.detail)}` : message;
}

const UNITS = ["kilobyte", "megabyte", "gigabyte"];

export function sizeText(bytes) {
  const power = Math.min(UNITS.length, Math.max(1, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  const style = /** @type {const} */ ({ style: "unit", unit: UNITS[power - 1], maximumFractionDigits: 1 });
  return new Intl.NumberFormat(settings.value.language, style).format(bytes / 1000 ** power);
}

export const addressOfJob = ({ app_id: app, job_id: job }) =>
  `/apps/${encodeURIComponent(app)}/jobs/${encodeURIComponent(job)}`;
