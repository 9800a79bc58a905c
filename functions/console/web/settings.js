// What a person chose for this browser: language, theme, single keys, photos; and who looked at which application last.
import { effect, signal } from "./vendor/signals.js";

export const STORAGE_KEY = "rollcall.settings";

function stored() {
  try {
    return JSON.parse(localStorage.getItem(STORAGE_KEY)) ?? {};
  } catch {
    return {};
  }
}

const preferredLanguage = () =>
  navigator.languages.some((tag) => tag.startsWith("ko")) && !navigator.languages[0].startsWith("en") ? "ko" : "en";

export const settings = signal({
  language: preferredLanguage(),
  theme: "system",
  keys: true,
  photos: true,
  user: null,
  app: null,
  recent: [],
  ...stored(),
});

export function changeSettings(changes) {
  settings.value = { ...settings.value, ...changes };
  try {
    localStorage.setItem(STORAGE_KEY, JSON.stringify(settings.value));
  } catch {
    // A browser that keeps nothing still shows what was chosen, until the page goes.
  }
}

effect(() => {
  const { theme } = settings.value;
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
});
