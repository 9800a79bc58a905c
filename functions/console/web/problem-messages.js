// Refusals in the reader's words, each beside what it is about.
import { deployment } from "./deployment.js";
import { duration } from "./times.js";
import { words } from "./words.js";

export function messageOf(problem) {
  const said = words().problems;
  const known = said[problem.code];
  if (known) return typeof known === "function" ? known(duration(problem.retryAfter ?? 5)) : known;
  return problem.requestId ? said.unknown(problem.requestId) : said.failed;
}

// The sentences of a refusal by field; what has no field among `names` is in `rest`.
export function messagesByField(problem, names) {
  const fields = {};
  const rest = [];
  for (const error of problem.errors ?? []) {
    const name = error.pointer?.split("/").findLast((part) => names.includes(part)) ?? error.pointer?.split("/")[1];
    const text = violationMessage(name, error);
    if (names.includes(name)) fields[name] ??= text;
    else rest.push(text);
  }
  return { fields, rest };
}

function violationMessage(name, { code, detail }) {
  const said = words().violations;
  const own = said[name]?.[code];
  if (own) return typeof own === "function" ? own(deployment) : own;
  return (code === "weak_password" ? weak(detail) : said.any[code]) ?? detail;
}

// The server says why a password is weak in English; its reasons have words of their own.
function weak(detail) {
  const said = words().violations.weak;
  if (detail.includes("must not contain")) return said.names;
  if (detail.includes("must have upper")) return said.classes;
  return said.guessed;
}
