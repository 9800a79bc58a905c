// What the server's refusals say to the person, each next to the field that it is about.
import { deployment } from "./deployment.js";
import { duration } from "./times.js";
import { words } from "./words.js";

export function messageOf(problem) {
  const messages = words().problems;
  const message = messages[problem.code];
  if (message) return typeof message === "function" ? message(duration(problem.retryAfter ?? 5)) : message;
  return problem.requestId ? messages.unknown(problem.requestId) : messages.failed;
}

// The messages of a refusal by field. `rest` holds those whose field is not among `names`. `own` are messages of a form
// that nothing else shows, by field and code.
export function messagesByField(problem, names, own = {}) {
  /** @type {Record<string, string>} */
  const fields = {};
  const rest = [];
  for (const error of problem.errors ?? []) {
    const name = error.pointer?.split("/").findLast((part) => names.includes(part)) ?? error.pointer?.split("/")[1];
    const text = own[name]?.[error.code] ?? violationMessage(name, error);
    if (names.includes(name)) fields[name] ??= text;
    else rest.push(text);
  }
  return { fields, rest };
}

/**
 * @param {string} name
 * @param {import("rollcall-api").components["schemas"]["Violation"] & { reason?: string }} violation
 */
function violationMessage(name, { code, reason, detail }) {
  const messages = words().violations;
  if (reason && messages.reasons[reason]) return messages.reasons[reason];
  const ofField = messages[name]?.[code];
  if (ofField) return typeof ofField === "function" ? ofField(deployment) : ofField;
  if (code === "weak_password") return messages.reasons.guessable;
  return messages.any[code] ?? detail;
}
