// What is told to readers who do not see it: copied, selected, found.
import { signal } from "./vendor/signals.js";

export const told = signal("");

export const announce = (text) => (told.value = text);
