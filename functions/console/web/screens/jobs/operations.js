// What can be done with a job: open it, download its files, end it, remove its files.
import { del } from "../../api.js";
import { html } from "../../html.js";
import { downloadFile } from "../../jobs/download.js";
import { addressOf, forget, refresh } from "../../jobs/followed.js";
import { addressOfJob, isOver } from "../../jobs/job.js";
import { jobWords } from "../../jobs/words.js";
import { ConfirmDialog } from "../../parts/confirm-dialog.js";
import { toast } from "../../parts/toast.js";
import { useState } from "../../vendor/hooks.js";
import { words } from "../../words.js";

// The words of what ends a job or, once it has ended, removes its files.
export function endOf(job) {
  if (!isOver(job)) return jobWords().end;
  return job.files.length > 0 ? jobWords().remove : undefined;
}

export function operationsOn(job, ask) {
  const w = jobWords();
  const end = endOf(job);
  return [
    { icon: "record", label: w.view, href: addressOfJob(job) },
    ...job.files.map((file, at) => ({
      icon: "download",
      label: words().export.download,
      name: job.files.length > 1 || job.kind !== "export" ? file.name : undefined,
      onChoose: () => downloadFile(job, at),
    })),
    end && "line",
    end && { icon: isOver(job) ? "trash" : "close", label: end.action, red: true, onChoose: () => ask(job) },
  ].filter(Boolean);
}

// The question before a job is ended or its files are removed. `onDone` gets the job as it is then, if it is there.
export function useOperations(onDone) {
  const [asked, setAsked] = useState(null);
  const close = () => setAsked(null);
  const w = asked && endOf(asked);
  const run = async () => {
    await del(addressOf(asked));
    if (isOver(asked)) forget(asked);
    onDone(await refresh(asked, { follows: !isOver(asked) }));
    toast(w.done);
    close();
  };
  const dialog =
    asked &&
    html`<${ConfirmDialog} title=${w.question} text=${w.text} action=${w.action} onRun=${run} onClose=${close} />`;
  return { ask: setAsked, dialog };
}
