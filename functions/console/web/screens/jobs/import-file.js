// The first step of an import: a file is chosen or dropped, and uploaded.

import { announce } from "../../announce.js";
import { del, pathOf, post } from "../../api.js";
import { html } from "../../html.js";
import { addressOf } from "../../jobs/followed.js";
import { addressOfJob } from "../../jobs/job.js";
import { upload } from "../../jobs/upload.js";
import { jobWords } from "../../jobs/words.js";
import { Button } from "../../parts/button.js";
import { FormError } from "../../parts/field.js";
import { LeaveGuard } from "../../parts/leave-guard.js";
import { messageOf } from "../../problem-messages.js";
import { go } from "../../router.js";
import { useEffect, useRef, useState } from "../../vendor/hooks.js";
import { words } from "../../words.js";

const MAX_NAME_CHARS = 255;

// A control character is allowed in the name of a file, but not in that of an upload.
const cleanName = ({ name }) => name.replaceAll(/\p{C}/gu, "").slice(-MAX_NAME_CHARS) || undefined;

export function NewImport({ app }) {
  const begin = (file) => post(pathOf`/v1/apps/${app.app_id}/jobs`, { kind: "import", file_name: cleanName(file) });
  const discard = (job) => del(addressOf(job)).catch(() => {});
  return html`
    <div class="page-body job">
      <${FileZone} begin=${begin} discard=${discard}
        onUploaded=${(job) => go(addressOfJob(job), { replace: true, unasked: true })} />
    </div>`;
}

// For a job whose file has not arrived, or was refused.
export const FileAgain = ({ job, isRefused, onUploaded }) => html`
  <${FileZone} note=${isRefused ? undefined : jobWords().importing.chooseAgain} begin=${() => job} discard=${() => {}}
    onUploaded=${onUploaded} />`;

function FileZone({ note, begin, discard, onUploaded }) {
  const w = jobWords().importing;
  const [sending, setSending] = useState(null);
  const [problem, setProblem] = useState(null);
  const running = useRef(null);
  useEffect(() => () => running.current?.stop(), []);
  const send = async (file, job) => {
    setSending({ name: file.name, part: 0 });
    announce(w.uploading(file.name));
    running.current = upload(job.upload, file, (part) => setSending({ name: file.name, part }));
    await running.current.finished;
    onUploaded(job);
  };
  const start = async (file) => {
    if (!file || sending) return undefined;
    if (file.size === 0) return setProblem(w.empty);
    setProblem(null);
    let job = null;
    try {
      job = await begin(file);
      if (file.size <= job.upload.max_bytes) return await send(file, job);
      setProblem(w.tooLarge);
    } catch (refused) {
      setProblem(refused.code ? messageOf(refused) : w.uploadFailed);
    }
    running.current = null;
    setSending(null);
    if (job) discard(job);
    return undefined;
  };
  if (sending) return html`<${Sending} sending=${sending} onStop=${() => running.current?.stop()} />`;
  return html`<${DropZone} note=${note} problem=${problem} onFile=${start} />`;
}

function DropZone({ note, problem, onFile }) {
  const w = jobWords().importing;
  const [over, setOver] = useState(false);
  const drop = (event) => {
    event.preventDefault();
    setOver(false);
    onFile(event.dataTransfer.files[0]);
  };
  const dragOver = (event) => {
    event.preventDefault();
    setOver(true);
  };
  const choose = (event) => {
    const input = event.currentTarget;
    onFile(input.files[0]);
    // The same file may be chosen again.
    input.value = "";
  };
  return html`
    <section class=${`drop ${over ? "over" : ""}`} aria-label=${w.title} onDragOver=${dragOver}
      onDragLeave=${() => setOver(false)} onDrop=${drop}>
      <p><b>${note ?? w.drop}</b></p>
      <label class="button primary">
        <input type="file" spellcheck=${false} onChange=${choose} />
        ${w.choose}
      </label>
      <p class="quiet">${w.formats}</p>
    </section>
    <${FormError}>${problem}</${FormError}>`;
}

function Sending({ sending: { name, part }, onStop }) {
  const w = jobWords().importing;
  const percent = Math.floor(part * 100);
  return html`
    <section class="job-result">
      <h2>${w.uploading(name)}</h2>
      <div class="job-progress">
        <progress aria-label=${w.uploading(name)} max="100" value=${percent}></progress>
        <span class="digits">${w.percent(percent)}</span>
      </div>
      <div class="form-actions"><${Button} onClick=${onStop}>${words().dialog.cancel}</${Button}></div>
    </section>
    <${LeaveGuard} changes=${1} question=${w.leave} />`;
}
