// For how many days a key is valid: a usual number, or any other.

import { limits } from "../facts.js";
import { halfWidth } from "../form.js";
import { html } from "../html.js";
import { SelectField, TextField } from "../parts/field.js";
import { dateAndTime } from "../times.js";
import { inDays } from "./key.js";
import { keyWords } from "./words.js";

const USUAL = ["7", "30", "90", "180", "365"];
const OTHER = "other";

const isValid = (text) => /^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= limits.keyDays;

const chosenDays = ({ expires_in_days: chosen, other_days: other }) =>
  chosen === OTHER ? halfWidth(other).trim() : chosen;

export const NEW_EXPIRY = { expires_in_days: "90", other_days: "" };
export const KEPT_EXPIRY = { expires_in_days: "", other_days: "" };

export const checkExpiry = {
  other_days: (_, values) =>
    values.expires_in_days !== OTHER || isValid(chosenDays(values)) ? undefined : keyWords().daysWrong(limits.keyDays),
};

// The part of the request. Without a choice the expiry stays.
export function expiryBody(values) {
  const days = chosenDays(values);
  return days === "" ? {} : { expires_in_days: Number(days) };
}

// `kept` is the end of a key whose expiry may stay as it is.
export function ExpiryFields({ form, kept }) {
  const w = keyWords();
  const days = chosenDays(form.values);
  const options = [
    ...(kept ? [["", w.keepExpiry(dateAndTime(kept))]] : []),
    ...USUAL.map((count) => [count, w.days(Number(count))]),
    [OTHER, w.otherDays],
  ];
  return html`
    <${SelectField} label=${w.expiry} ...${form.bind("expires_in_days")} options=${options}
      hint=${isValid(days) ? w.until(dateAndTime(inDays(Number(days)))) : undefined} />
    ${
      form.values.expires_in_days === OTHER &&
      html`
        <${TextField} label=${w.daysField} ...${form.bind("other_days")} inputmode="numeric" autocomplete="off"
          autofocus />`
    }`;
}
