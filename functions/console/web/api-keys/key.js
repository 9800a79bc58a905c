// What is to be said of an API key.
import { apps } from "../apps.js";
import { now } from "../clock.js";
import { keyWords } from "./words.js";

const DAY_MS = 86_400_000;
const SOON_DAYS = 14;

export const keyOf = (apiKey) => apiKey.key_id;

// The names contain commas of their own.
export const scopeNames = (scopes) => scopes.map((scope) => keyWords().scopes[scope]).join(" · ");

export const appNames = (appIds) =>
  appIds.map((id) => apps.value?.find(({ app_id: appId }) => appId === id)?.name ?? id);

// The days that are left of a key that expires soon, else nothing.
export function daysLeft({ status, expires_at: end }) {
  const days = Math.ceil((Date.parse(end) - now()) / DAY_MS);
  return status === "active" && days <= SOON_DAYS ? days : undefined;
}

// The moment so many days from now.
export const inDays = (days) => new Date(now() + days * DAY_MS).toISOString();
