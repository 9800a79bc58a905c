// Dates and durations in the person's language and time zone.

import { now } from "./clock.js";
import { settings } from "./settings.js";
import { words } from "./words.js";

const DAY = 86_400_000;

// Formatters are kept, because creating one is slower than using it.
const formats = new Map();

function format(options) {
  const locale = settings.value.language === "ko" ? "ko-KR" : "en-GB";
  const key = JSON.stringify([locale, options]);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat(locale, options));
  return formats.get(key);
}

const midnight = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();

const clock = (date) => format({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(date);

function dayAndTime(moment, { today, yesterday, tomorrow, on }) {
  const date = new Date(moment);
  const here = new Date(now());
  const days = Math.round((midnight(here) - midnight(date)) / DAY);
  if (days === 0) return today(clock(date));
  if (days === -1) return tomorrow(clock(date));
  if (days === 1) return yesterday(clock(date));
  const year = date.getFullYear() === here.getFullYear() ? undefined : "numeric";
  return on(format({ day: "numeric", month: "short", year }).format(date), clock(date));
}

export const shortTime = (moment) => dayAndTime(moment, words().times);

export const dateAndTime = (moment) =>
  words().times.on(
    format({ day: "numeric", month: "short", year: "numeric" }).format(new Date(moment)),
    clock(new Date(moment)),
  );

export const fullTime = (moment) => format({ dateStyle: "full", timeStyle: "long" }).format(new Date(moment));

// A duration in its largest fitting unit.
export function duration(seconds) {
  const w = words().times;
  if (seconds < 60) return w.seconds(Math.max(1, Math.ceil(seconds)));
  if (seconds < 3600) return w.minutes(Math.ceil(seconds / 60));
  return w.hours(Math.ceil(seconds / 3600));
}

const minutesSince = (moment) => Math.floor((now() - Date.parse(moment)) / 60_000);

// The current day as YYYY-MM-DD in UTC.
export const today = () => new Date(now()).toISOString().slice(0, 10);

// Date accepts days that do not exist, such as the 30th of February.
export const isDay = (text) =>
  /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)) && new Date(text).toISOString().startsWith(text);

// A recent time as "n minutes ago", an older one as a date.
export function recentTime(moment) {
  const w = words().times;
  const minutes = minutesSince(moment);
  if (minutes < 1) return w.lately.now;
  if (minutes < 60) return w.lately.minutes(minutes);
  if (minutes < 12 * 60) return w.lately.hours(Math.floor(minutes / 60));
  return shortTime(moment);
}

const inSentence = ({ todayAt, yesterdayAt, tomorrowAt, onAt }) => ({
  today: todayAt,
  yesterday: yesterdayAt,
  tomorrow: tomorrowAt,
  on: onAt,
});

// When something ends, as part of a sentence.
export const futureTimeInSentence = (moment) => dayAndTime(moment, inSentence(words().times));

// When something happened, as part of a sentence.
export function timeAgoInSentence(moment) {
  const w = words().times;
  const minutes = minutesSince(moment);
  if (minutes < 1) return w.now;
  if (minutes < 60) return w.minutesAgo(minutes);
  return dayAndTime(moment, inSentence(w));
}
