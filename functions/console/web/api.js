// The only module that sends requests to the server.

import { noteServerTime } from "./clock.js";
import { noteChange } from "./freshness.js";

// A refusal or a failure. Two codes are the console's own: `offline`, if there was no reply, and `cookie_refused`, if
// the browser did not keep the cookie of a new session.
export class Problem extends Error {
  constructor(status, body, retryAfter) {
    super(body.detail ?? body.title ?? body.code);
    this.status = status;
    this.code = body.code;
    this.detail = body.detail;
    this.errors = body.errors ?? [];
    this.retryAfter = retryAfter;
    this.requestId = body.request_id;
  }
}

// What happens after a refusal: `ended` asks the person to sign in again, `passwordDue` to change the password,
// `forbidden` loads what the person may still do. The session sets them.
/** @type {Record<"ended" | "passwordDue" | "forbidden", null | (() => unknown)>} */
export const onRefusal = { ended: null, passwordDue: null, forbidden: null };

// A change that is refused like this may have been made from outdated data.
const OUTDATED = [404, 409, 412];

// When the server last replied to somebody who is signed in. The session's idle time counts from then.
export const lastReply = { at: 0 };

// Idempotency keys of requests that have had no reply. A repeated request uses the same key, so that the server carries
// it out only once. A much later repetition counts as a new request.
const KEY_LIFETIME_MS = 120_000;
const idempotencyKeys = new Map();

function idempotencyKeyOf(path, body) {
  const request = `${path}\n${body}`;
  if (!idempotencyKeys.has(request)) {
    idempotencyKeys.set(request, crypto.randomUUID());
    setTimeout(() => idempotencyKeys.delete(request), KEY_LIFETIME_MS);
  }
  return { key: idempotencyKeys.get(request), forget: () => idempotencyKeys.delete(request) };
}

async function send(method, path, { body, version, signal, idempotent }) {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const headers = { Accept: "application/json" };
  if (text !== undefined) headers["Content-Type"] = "application/json";
  if (version !== undefined) headers["If-Match"] = `"${version}"`;
  const key = idempotent ? idempotencyKeyOf(path, text) : undefined;
  if (key) headers["Idempotency-Key"] = key.key;
  let response;
  try {
    response = await fetch(path, { method, headers, body: text, signal, credentials: "same-origin" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, { code: "offline" });
  }
  noteServerTime(response.headers.get("Date"));
  if (response.ok || response.status < 500) key?.forget();
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  throw new Problem(
    response.status,
    { code: "internal", ...problem },
    Number(response.headers.get("Retry-After")) || undefined,
  );
}

async function sendWithSession(method, path, options) {
  try {
    const response = await send(method, path, options);
    lastReply.at = Date.now();
    return response;
  } catch (problem) {
    if (options.anonymous) throw problem;
    if (problem.code === "unauthenticated" && onRefusal.ended) {
      await onRefusal.ended();
      return sendWithSession(method, path, options);
    }
    if (problem.code === "password_change_required") onRefusal.passwordDue?.();
    if (problem.code === "forbidden") onRefusal.forbidden?.();
    if (method !== "GET" && OUTDATED.includes(problem.status)) noteChange();
    throw problem;
  }
}

// `version` is sent as If-Match. `anonymous` requests never ask the person to sign in. Only POST needs an idempotency
// key: the other methods are idempotent.
async function call(method, path, options = {}) {
  const response = await sendWithSession(method, path, options);
  return response.status === 204 ? null : await response.json();
}

export const get = (path, options) => call("GET", path, options);
export const post = (path, body, options) => call("POST", path, { ...options, body, idempotent: true });
export const patch = (path, body, options) => call("PATCH", path, { ...options, body });
export const put = (path, body, options) => call("PUT", path, { ...options, body });
export const del = (path, options) => call("DELETE", path, options);

// A file that the server generates: its content and its name.
export async function file(method, path, body) {
  const response = await sendWithSession(method, path, { body });
  const disposition = response.headers.get("Content-Disposition") ?? "";
  const extended = /filename\*=UTF-8''([^;]+)/.exec(disposition)?.[1];
  const name = extended ? decodeURIComponent(extended) : /filename="([^"]+)"/.exec(disposition)?.[1];
  return { name: name ?? "accounts", bytes: await response.blob() };
}

export const pathOf = (strings, ...ids) => String.raw({ raw: strings }, ...ids.map(encodeURIComponent));

export function queryOf(parameters) {
  const query = new URLSearchParams(
    Object.entries(parameters).filter(([, value]) => value !== undefined && value !== null && value !== ""),
  );
  return query.size > 0 ? `?${query}` : "";
}
