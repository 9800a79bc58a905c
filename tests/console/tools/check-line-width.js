// Fails if a tracked script, style sheet or document has a line of more than 120 columns. The formatter leaves template
// literals and comments alone, so it does not see all of them. Rows of tables, code and links may be longer.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const MAX_COLUMNS = 120;
// Characters that a terminal shows two columns wide.
const WIDE = /[\p{Script=Hangul}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\uff01-\uff60]/u;
const columnsOf = (line) => [...line].reduce((columns, character) => columns + (WIDE.test(character) ? 2 : 1), 0);
const root = fileURLToPath(new URL("../../..", import.meta.url));

const names = execFileSync("git", ["ls-files", "*.js", "*.mjs", "*.css", "*.md"], { cwd: root, encoding: "utf8" });
for (const name of names.trim().split("\n")) {
  if (name.includes("/vendor/")) continue;
  for (const [at, line] of readFileSync(`${root}/${name}`, "utf8").split("\n").entries()) {
    const columns = columnsOf(line);
    const mayBeLonger = name.endsWith(".md") && (/^\s*\||^ {4}|\]\(/.test(line) || !line.includes(" "));
    if (columns <= MAX_COLUMNS || mayBeLonger) continue;
    console.error(`${name}:${at + 1}: ${columns} columns`);
    process.exitCode = 1;
  }
}
