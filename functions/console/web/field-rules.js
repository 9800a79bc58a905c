// Rules of texts, which the server has too: said while something is typed rather than when it is refused.
import { required } from "./form.js";
import { words } from "./words.js";

const LENGTH = { least: 3, most: 64 };

const named = (field, allowed) => (value) => {
  const said = words().violations[field];
  const text = value.trim();
  const length = [...text].length;
  if (length > LENGTH.most) return said.too_long;
  return required(value) ?? (length < LENGTH.least ? said.too_short : allowed.test(text) ? undefined : said.bad_format);
};

export const rules = {
  username: named("username", /^[\p{Script=Han}A-Za-z0-9+=,.@_-]*$/u),
  login: named("login", /^[A-Za-z0-9+=,.@_-]*$/),
  // Nothing is none, where an address is no must.
  email: (value) =>
    value.trim() === "" || /^[^\s@]+@[^\s@]+$/.test(value.trim()) ? undefined : words().violations.email.bad_format,
};
