// Who is signed in, and what happens when that ends.
import { signal } from "./vendor/signals.js";
import { get, lastReply, onRefusal, post } from "./api.js";
import { go, mayLeave, place, removeLeaveGuards } from "./router.js";
import { STORAGE_KEY as SETTINGS, changeSettings, settings } from "./settings.js";

const RELOAD_MS = 300_000;

// undefined: not asked yet; null: nobody.
export const me = signal(undefined);

// Set while somebody's session has ended under an open page; settles when they are back.
export const sessionEnded = signal(null);

// When the session was last asked about.
let lastLoadAt = 0;

// Whoever is known already is asked to come back when the session has ended, and loses nothing.
export async function load({ anonymous = !me.value } = {}) {
  try {
    me.value = await get("/v1/me", { anonymous });
    lastLoadAt = Date.now();
    // What the last person looked at in this browser is not this one's.
    const { user_id: user } = me.value.user;
    if (settings.value.user !== user) changeSettings({ user, app: null, recent: [] });
  } catch (problem) {
    if (problem.status !== 401) throw problem;
    me.value = null;
  }
}

// How long the session still rests before it ends, in milliseconds. Its length is counted by the server's clock alone.
export function idleTimeLeft() {
  const { last_seen_at: seen, expires_at: end } = me.value?.session ?? {};
  return seen ? lastReply.at + (new Date(end) - new Date(seen)) - Date.now() : Infinity;
}

// A session also ends by age, which only the server knows. It is asked now and then while somebody works: to ask one who
// rests would keep the session alive.
export function refreshNowAndThen() {
  if (lastReply.at - lastLoadAt > RELOAD_MS) load().catch(() => {});
}

// After a reply of sign-in: goes on to where the person wanted to be.
export async function finishSignIn(user) {
  if (user.password_change_required) {
    me.value = { user, teams: [], session: {} };
    return go("/first-password", { replace: true });
  }
  await load();
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

// Everything of the last person goes with the page, and the back button does not bring it back.
function leavePage(address) {
  removeLeaveGuards();
  document.getElementById("app").hidden = true;
  location.replace(address);
}

// A page that the browser kept shows what was there, whoever looks now.
addEventListener("pageshow", (event) => event.persisted && location.reload());

// Somebody else signed in under another page of this browser: what is open here is not theirs.
addEventListener("storage", (event) => {
  const user = event.key === SETTINGS && me.value?.user && JSON.parse(event.newValue)?.user;
  if (user && user !== me.value.user.user_id) leavePage("/");
});

onRefusal.forbidden = () => void load().catch(() => {});

// Whoever comes back as somebody else must not find what the first one had open.
export async function resumeSession() {
  const before = me.value.user.user_id;
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
  me.value = { ...me.value, user: { ...me.value.user, password_change_required: true } };
  go("/first-password", { replace: true });
};

function resolvers() {
  const made = {};
  made.promise = new Promise((resolve) => (made.resolve = resolve));
  return made;
}
