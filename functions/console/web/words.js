// The texts of the current language. A component that reads them is rendered again when the language changes.

import { formatsOf } from "./formats.js";
import { changeSettings, settings } from "./settings.js";
import { signal } from "./vendor/signals.js";

export const LANGUAGES = { en: "English", ko: "한국어" };

const current = signal(null);

export const words = () => current.value;

export async function setLanguage(language) {
  const { words: said } = await import(`./words/${language}.js`);
  current.value = said(formatsOf(language));
  document.documentElement.lang = language;
  if (settings.value.language !== language) changeSettings({ language });
}
