// An account's profile, converted between the API's values and the form's.
import { limits } from "../../facts.js";
import { halfWidth } from "../../form.js";
import { bytesOf } from "../../parts/field.js";
import { isDay, today } from "../../times.js";
import { words } from "../../words.js";

const TEXTS = ["nickname", "photo_url", "location", "whats_up", "birth_date"];
const CHOICES = ["gender", "friend_verification", "friending"];
const NUMBERS = ["language", "message_settings", "level", "role"];
const NAMES = [...TEXTS, ...CHOICES, ...NUMBERS];

// The form holds every field as a text.
export const formValuesOf = (account) => Object.fromEntries(NAMES.map((name) => [name, String(account[name] ?? "")]));

// The API takes null for an empty text.
export function bodyValueOf(name, value) {
  if (NUMBERS.includes(name)) return value.trim() === "" ? null : Number(halfWidth(value));
  if (CHOICES.includes(name)) return value;
  if (name === "whats_up") return value || null;
  return value.trim() || null;
}

const FIRST_BIRTH = "1900-01-01";

// The checks of the fields: each returns an error message or nothing.
export function profileChecks() {
  const w = words().violations;
  const short = (value) =>
    bytesOf(value) > limits.maxProfileTextBytes ? w.bytes(limits.maxProfileTextBytes) : undefined;
  const number = (typed) => {
    const value = halfWidth(typed).trim();
    return /^\d{0,10}$/.test(value) && Number(value) <= limits.maxProfileNumber ? undefined : w.number;
  };
  const photo = (value) =>
    value.trim() === "" || /^https?:\/\/[^/\s]/i.test(value.trim()) ? short(value) : w.photo_url.bad_format;
  const date = (typed) => {
    const value = typed.trim();
    return value === ""
      ? undefined
      : !isDay(value)
        ? w.birth_date.bad_format
        : value < FIRST_BIRTH || value > today()
          ? w.birth_date.out_of_range
          : undefined;
  };
  return {
    birth_date: date,
    nickname: short,
    location: short,
    whats_up: short,
    photo_url: photo,
    ...Object.fromEntries(NUMBERS.map((name) => [name, number])),
  };
}
