// Texts that come with a part of the console, in the current language. Both languages are small and come together, so
// that a change of the language needs no further request.
import { formatsOf } from "./formats.js";
import { words } from "./words.js";

export function wordsOfPart(english, korean) {
  const texts = { en: english(formatsOf("en")), ko: korean(formatsOf("ko")) };
  return () => texts[words().name];
}
