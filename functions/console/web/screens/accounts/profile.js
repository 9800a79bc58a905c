// An account's profile between the wire and the form.
import { bytesOf } from "../../parts/field.js";
import { words } from "../../words.js";

export const MAX_BYTES = 500;
const MAX_NUMBER = 4_294_967_295;

const TEXTS = ["nickname", "photo_url", "location", "whats_up", "birth_date"];
const CHOICES = ["gender", "friend_verification", "friending"];
const NUMBERS = ["language", "message_settings", "level", "role"];
const NAMES = [...TEXTS, ...CHOICES, ...NUMBERS];

// As typed: every field a text.
export const formValuesOf = (account) => Object.fromEntries(NAMES.map((name) => [name, String(account[name] ?? "")]));

// As sent: an empty text is none.
export function bodyValueOf(name, value) {
  if (NUMBERS.includes(name)) return value.trim() === "" ? null : Number(value);
  if (CHOICES.includes(name)) return value;
  const text = name === "whats_up" ? value : value.trim();
  return text === "" ? null : text;
}

const FIRST_BIRTH = "1900-01-01";
const today = () => new Date().toISOString().slice(0, 10);
// The calendar has no 30th of February, though Date takes it.
const isDate = (text) =>
  /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)) && new Date(text).toISOString().startsWith(text);

// What is wrong with a field, by its rule.
export function profileChecks() {
  const w = words().violations;
  const short = (value) => (bytesOf(value) > MAX_BYTES ? w.bytes(MAX_BYTES) : undefined);
  const number = (value) => (/^\d{0,10}$/.test(value.trim()) && Number(value) <= MAX_NUMBER ? undefined : w.number);
  const photo = (value) =>
    value.trim() === "" || /^https?:\/\/[^/\s]/i.test(value.trim()) ? short(value) : w.photo_url.bad_format;
  const date = (value) =>
    value === ""
      ? undefined
      : !isDate(value)
        ? w.birth_date.bad_format
        : value < FIRST_BIRTH || value > today()
          ? w.birth_date.out_of_range
          : undefined;
  return {
    birth_date: date,
    nickname: short,
    location: short,
    whats_up: short,
    photo_url: photo,
    ...Object.fromEntries(NUMBERS.map((name) => [name, number])),
  };
}
