// The jobs that this visit follows until they are over, on whatever page the person is.

import { get, pathOf } from "../api.js";
import { noteChange } from "../freshness.js";
import { jobMenu, STORAGE_KEY } from "../parts/job-slot.js";
import { signedIn } from "../session.js";
import { useEffect } from "../vendor/hooks.js";
import { signal } from "../vendor/signals.js";
import { isActive, isOver } from "./job.js";
import { reportOver } from "./report.js";

// A short job is over at once, and a long one needs few requests.
const FIRST_WAIT_MS = 300;
const LONGEST_WAIT_MS = 3000;
const WAIT_GROWTH = 1.2;

// Newest first.
export const followed = signal(/** @type {any[]} */ ([]));

export const addressOf = ({ app_id: app, job_id: job }) => pathOf`/v1/apps/${app}/jobs/${job}`;

// The ids of the jobs that the page shows as its main content: no message has to say that they are over.
const inView = new Map();

let wait = FIRST_WAIT_MS;
let timer = 0;

function change(jobs) {
  followed.value = jobs;
  const kept = { user: signedIn().user.user_id, jobs: jobs.map(({ app_id, job_id }) => ({ app_id, job_id })) };
  if (jobs.length > 0) sessionStorage.setItem(STORAGE_KEY, JSON.stringify(kept));
  else sessionStorage.removeItem(STORAGE_KEY);
}

const isSame = (one) => (other) => one.job_id === other.job_id;

// Follows a job, or takes over its state from a reply.
export function follow(job) {
  const before = followed.value.find(isSame(job));
  change(before ? followed.value.map((one) => (isSame(job)(one) ? job : one)) : [job, ...followed.value]);
  if (!jobMenu.value) import("./menu.js").catch(() => {});
  if (!before) wait = FIRST_WAIT_MS;
  if (before && !isOver(before) && isOver(job)) {
    if (job.kind !== "export") noteChange();
    if (!inView.has(job.job_id)) reportOver(job);
  }
  schedule();
  return job;
}

export const forget = (job) => change(followed.value.filter((one) => !isSame(job)(one)));

// The latest known state of a job.
export const latest = (job) => followed.value.find(isSame(job)) ?? job;

function schedule() {
  if (timer || !followed.value.some(isActive)) return;
  timer = window.setTimeout(poll, wait);
  wait = Math.min(wait * WAIT_GROWTH, LONGEST_WAIT_MS);
}

async function poll() {
  // Nobody looks: no request has to keep the session alive.
  if (document.hidden) return document.addEventListener("visibilitychange", poll, { once: true });
  await Promise.all(followed.value.filter(isActive).map((job) => refresh(job)));
  timer = 0;
  return schedule();
}

// The job as it is now. A failed request is repeated with the next round.
export const refresh = (job, { follows = true } = {}) =>
  get(addressOf(job)).then(
    (now) => (follows ? follow(now) : now),
    (problem) => void (problem.status === 404 && forget(job)),
  );

// Follows again what was followed before the page was reloaded, unless somebody else has signed in since.
export function resume() {
  const { user, jobs } = JSON.parse(sessionStorage.getItem(STORAGE_KEY) ?? "{}");
  if (user !== signedIn().user.user_id) return sessionStorage.removeItem(STORAGE_KEY);
  return Promise.all(jobs.toReversed().map((job) => refresh(job)));
}

// While a component shows a job, no message says that the job is over.
export function useInView(id) {
  useEffect(() => {
    if (!id) return undefined;
    inView.set(id, (inView.get(id) ?? 0) + 1);
    return () => {
      inView.set(id, inView.get(id) - 1);
      if (inView.get(id) === 0) inView.delete(id);
    };
  }, [id]);
}
