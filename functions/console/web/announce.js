// What is told to readers who do not see it: copied, selected, found.
import { signal } from "./vendor/signals.js";

export const announcement = signal("");

export const announce = (text) => (announcement.value = text);
