// The texts of the console in a language, as the browser has them.
import { readFile } from "node:fs/promises";

export const web = new URL("../../functions/console/web/", import.meta.url);

export const sourceOf = (name) => readFile(new URL(name, web), "utf8");

// No package.json says that the console's files are modules, so they are imported by their text.
const imported = async (name) => import(`data:text/javascript,${encodeURIComponent(await sourceOf(name))}`);

async function wordsIn(folder, language) {
  const [{ formatsOf }, { words }] = await Promise.all([imported("formats.js"), imported(`${folder}/${language}.js`)]);
  return words(formatsOf(language));
}

export const wordsOf = (language) => wordsIn("words", language);

// The texts of jobs, API keys, roles and webhooks, which a browser loads with the first screen that shows them.
export const jobWordsOf = (language) => wordsIn("words/jobs", language);
export const keyWordsOf = (language) => wordsIn("words/api-keys", language);
export const roleWordsOf = (language) => wordsIn("words/roles", language);
export const webhookWordsOf = (language) => wordsIn("words/webhooks", language);

// What the server's code generates for the console: codes, permissions, presets, limits.
export const facts = await imported("facts.js");
