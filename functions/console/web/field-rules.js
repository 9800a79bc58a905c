// The server's rules for names and addresses, checked while somebody types rather than when the server refuses.
import { limits } from "./facts.js";
import { required } from "./form.js";
import { words } from "./words.js";

// `min` and `max` count characters.
const nameRule = (field, min, max, allowed) => (value) => {
  const messages = words().violations[field];
  const text = value.trim().normalize("NFC");
  const length = [...text].length;
  if (length === 0) return required(value);
  if (length > max) return messages.too_long;
  if (length < min) return messages.too_short;
  return allowed.test(text) ? undefined : messages.bad_format;
};

// The server also knows which scripts need the joiners U+200C and U+200D.
const USERNAME = /^(?:(?!\p{Default_Ignorable_Code_Point})[\p{L}\p{M}\p{Nd}+=,.@_-]|\u200c|\u200d| (?! ))*$/u;

export const rules = {
  username: nameRule("username", limits.minUsernameChars, limits.maxUsernameChars, USERNAME),
  login: nameRule("login", limits.minLoginChars, limits.maxLoginChars, /^[A-Za-z0-9+=,.@_-]*$/),
  // An optional address may be empty.
  email: (value) =>
    value.trim() === "" || /^[^\s@]+@[^\s@]+$/.test(value.trim()) ? undefined : words().violations.email.bad_format,
};
