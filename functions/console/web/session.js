// The session: who is signed in, and what happens when it ends.

import { get, lastReply, onRefusal, Problem, post } from "./api.js";
import { onChange } from "./freshness.js";
import { go, mayLeave, place, removeLeaveGuards } from "./router.js";
import { changeSettings, STORAGE_KEY as SETTINGS, settings } from "./settings.js";
import { signal } from "./vendor/signals.js";

const RELOAD_MS = 300_000;

/** @typedef {import("rollcall-api").components["schemas"]["Me"]} Me */

// Undefined before the first request, null if nobody is signed in.
/** @type {import("./vendor/signals.js").Signal<Me | null | undefined>} */
export const me = signal(undefined);

// The session in code that only runs while somebody is signed in.
export const signedIn = () => /** @type {Me} */ (me.value);

// Set while the session has ended under an open page. Its promise settles when the person has signed in again.
export const sessionEnded = signal(null);

// When the session was last loaded.
let lastLoadAt = 0;

// If somebody was signed in and the session has ended, asks them to sign in again; otherwise only notes that nobody is.
export async function load({ anonymous = !me.value } = {}) {
  try {
    me.value = await get("/v1/me", { anonymous });
    lastLoadAt = Date.now();
    // Forget what another person last looked at in this browser.
    const { user_id: user } = signedIn().user;
    if (settings.value.user !== user) changeSettings({ user, app: null, recent: [] });
  } catch (problem) {
    if (problem.status !== 401) throw problem;
    me.value = null;
  }
}

// Milliseconds until the session ends if it is not used. Only differences of the server's times count, because clocks
// differ.
export function idleTimeLeft() {
  const session = me.value?.session;
  if (!session?.last_seen_at) return Infinity;
  return lastReply.at + (Date.parse(session.expires_at) - Date.parse(session.last_seen_at)) - Date.now();
}

// Only the server knows when a session ends by age, so the session is reloaded now and then while somebody works. It is
// not reloaded while nobody does, because that would keep the session alive.
export function refreshNowAndThen() {
  if (!me.value || lastReply.at - lastLoadAt <= RELOAD_MS) return;
  lastLoadAt = Date.now();
  load().catch(() => {});
}

// Called after a successful sign-in. Goes to the path that the person requested.
export async function finishSignIn(user) {
  if (user.password_change_required) {
    me.value = /** @type {Me} */ ({ user, teams: /** @type {Me["teams"]} */ ([]), session: {} });
    return go("/first-password", { replace: true });
  }
  await load();
  if (!me.value) throw new Problem(0, { code: "cookie_refused" });
  return go(requestedAddress(), { replace: true });
}

function requestedAddress() {
  const next = new URL(place.value.query.get("next") ?? "/", location.origin);
  return next.origin === location.origin ? next.pathname + next.search : "/";
}

export async function signOut() {
  if (!(await mayLeave())) return;
  await post("/v1/logout", undefined, { anonymous: true }).catch((problem) => {
    if (problem.status !== 401) throw problem;
  });
  leavePage("/sign-in");
}

// Leaves with a full page load, so that nothing of the last person stays and the back button does not bring it back.
function leavePage(address) {
  removeLeaveGuards();
  /** @type {HTMLElement} */ (document.getElementById("app")).hidden = true;
  location.replace(address);
}

// A page from the back-forward cache shows the data of whoever was signed in then.
addEventListener("pageshow", (event) => event.persisted && location.reload());

// Somebody else signed in in another tab, and must not see what is open here.
addEventListener("storage", (event) => {
  const user = event.key === SETTINGS && me.value?.user && JSON.parse(event.newValue ?? "null")?.user;
  if (user && user !== signedIn().user.user_id) leavePage("/");
});

// Somebody else may have changed the person's rights meanwhile.
onChange(() => me.value && load().catch(() => {}));

onRefusal.forbidden = () => void load().catch(() => {});

// If somebody else has signed in, they must not see what the first person had open.
export async function resumeSession() {
  const before = signedIn().user.user_id;
  await load({ anonymous: true });
  if (me.value?.user.user_id !== before) return location.assign("/");
  sessionEnded.value.resolve();
  sessionEnded.value = null;
}

onRefusal.ended = () => {
  sessionEnded.value ??= resolvers();
  return sessionEnded.value.promise;
};

onRefusal.passwordDue = () => {
  me.value = { ...signedIn(), user: { ...signedIn().user, password_change_required: true } };
  go("/first-password", { replace: true });
};

function resolvers() {
  const made = {};
  made.promise = new Promise((resolve) => (made.resolve = resolve));
  return made;
}
