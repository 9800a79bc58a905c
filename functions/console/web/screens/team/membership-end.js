// The end of a membership: in forms the last day, in the API the moment after it.

import { now } from "../../clock.js";
import { html } from "../../html.js";
import { DateField } from "../../parts/date-field.js";
import { fullTime, futureTimeInSentence, isDay } from "../../times.js";
import { words } from "../../words.js";

const twoDigits = (value) => String(value).padStart(2, "0");

// A day as YYYY-MM-DD in the person's time zone.
function dayOf(milliseconds) {
  const date = new Date(milliseconds);
  return `${date.getFullYear()}-${twoDigits(date.getMonth() + 1)}-${twoDigits(date.getDate())}`;
}

function midnightAfter(day) {
  const [year, month, date] = day.split("-").map(Number);
  return new Date(year, month - 1, date + 1);
}

// The last day of a membership; empty if the membership lasts.
export const lastDayOf = (end) => (end ? dayOf(Date.parse(end) - 1) : "");

// The end of a membership with this last day; null if the membership lasts.
export const endAfter = (day) => (day.trim() === "" ? null : midnightAfter(day.trim()).toISOString());

export function checkLastDay(typed) {
  const { bad_format: badFormat, out_of_range: outOfRange } = words().violations.expires_at;
  const day = typed.trim();
  if (day === "") return undefined;
  if (!isDay(day)) return badFormat;
  return midnightAfter(day).getTime() > now() ? undefined : outOfRange;
}

export const EndField = ({ form }) => html`
  <${DateField} label=${words().members.lastDay} hint=${words().members.optional} ...${form.bind("expires_at")}
    min=${dayOf(now())} max="" />`;

export const End = ({ at }) => html`
  <time class="quiet" datetime=${at} title=${fullTime(at)}>
    ${words().members.ends(futureTimeInSentence(at))}
  </time>`;
