// Announcements for screen readers: copied, selected, found.
import { signal } from "./vendor/signals.js";

export const announcement = signal("");

export const announce = (text) => (announcement.value = text);
