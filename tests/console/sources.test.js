// What a reader would have to check in every module and every style sheet.
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { test } from "node:test";
import { moduleNames } from "./tools/modules.js";
import { sourceOf, web } from "./words.js";

test("every handler of key presses leaves an input method its keys", async () => {
  const HANDLER = /addEventListener\("key\w+", (\w+)|onKey(?:Down|Up)=\$\{(\w+)|const (onKey(?:Down|Up)) =/g;
  const handlers = [];
  for (const name of await moduleNames()) {
    if (name.startsWith("vendor/")) continue;
    const source = await sourceOf(name);
    for (const [, ...found] of source.matchAll(HANDLER)) {
      const handler = found.find(Boolean);
      const leaves = handler === "onKey" || source.includes(`const ${handler} = onKey(`);
      handlers.push([name, handler, leaves]);
    }
  }
  assert.ok(handlers.length > 0);
  assert.deepEqual(
    handlers.filter(([, , leaves]) => !leaves),
    [],
  );
});

test("everything is drawn in the order in which it is read out", async () => {
  const sheets = await readdir(new URL("style", web));
  const reordering = [];
  for (const name of sheets) if (/[{;\s]order:/.test(await sourceOf(`style/${name}`))) reordering.push(name);
  assert.ok(sheets.length > 0);
  assert.deepEqual(reordering, []);
});
