// The state of an import before it starts: what its file is, what was chosen, and whether that was tried.

import { post } from "../../api.js";
import { addressOf, refresh } from "../../jobs/followed.js";
import { isActive, isOver } from "../../jobs/job.js";
import { jobWords } from "../../jobs/words.js";
import { messageOf, messagesByField } from "../../problem-messages.js";
import { useEffect, useRef, useState } from "../../vendor/hooks.js";

// How the file is read, and what happens to accounts that exist.
const FIRST_CHOICES = { reading: {}, onExisting: "skip" };

function sentenceOf(problem) {
  if (problem.code === "unreadable_file") return `${messageOf(problem)} ${jobWords().said(problem.detail)}`;
  return [messageOf(problem), ...messagesByField(problem, []).rest].join(" ");
}

// `onChanged` gets the job when it has changed. `isMissing` says whether the job needs a file, `isTried` whether the
// job's result is that of a trial of the current choices.
export function useImport(job, onChanged) {
  const [choices, setChoices] = useState(FIRST_CHOICES);
  const [preview, setPreview] = useState(null);
  const [problem, setProblem] = useState(null);
  const [isTried, setTried] = useState(false);
  const [isMissing, setMissing] = useState(false);
  const asked = useRef(0);
  const { status } = job;

  const refused = (refusal) => {
    // Until its file is understood, a job takes another one.
    const isWithoutFile = status === "awaiting_upload" && refusal.code === "wrong_status";
    setMissing(isWithoutFile || (status === "awaiting_upload" && refusal.code === "unreadable_file"));
    if (!isWithoutFile) setProblem(sentenceOf(refusal));
  };
  const read = async (reading = choices.reading) => {
    asked.current += 1;
    const own = asked.current;
    setProblem(null);
    try {
      const found = await post(`${addressOf(job)}/preview`, reading);
      // The reply to an earlier choice comes too late.
      if (own !== asked.current) return;
      setPreview(found);
      setMissing(false);
      const now = status === "awaiting_upload" && (await refresh(job, { follows: false }));
      if (now) onChanged(now);
    } catch (refusal) {
      if (own === asked.current) refused(refusal);
    }
  };
  const isWaiting = !isActive(job) && !isOver(job);
  useEffect(() => void (isWaiting && !preview && read()), [isWaiting]);

  // `expected` shows what was chosen until the server has read the file with it.
  const change = (changes, expected = preview) => {
    setPreview(expected);
    setTried(false);
    setChoices({ ...choices, ...changes });
    if (changes.reading) read(changes.reading);
  };
  const start = async (dryRun) => {
    setProblem(null);
    try {
      const body = { dry_run: dryRun, on_existing: choices.onExisting, ...choices.reading };
      const started = await post(`${addressOf(job)}/start`, body);
      setTried(dryRun);
      onChanged(started);
    } catch (refusal) {
      setProblem(sentenceOf(refusal));
    }
  };
  return { preview, choices, problem, isTried, isMissing, read, change, start };
}
