// What is remembered in this browser: language, theme, shortcuts, photos, and who last looked at which application.
import { effect, signal } from "./vendor/signals.js";

export const STORAGE_KEY = "rollcall.settings";

function stored() {
  try {
    return JSON.parse(localStorage.getItem(STORAGE_KEY) ?? "null") ?? {};
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
    // Without storage, the choice lasts until the page is closed.
  }
}

effect(() => {
  const { theme } = settings.value;
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
});
