// What a reader would have to check in every module.
import assert from "node:assert/strict";
import { test } from "node:test";
import { moduleNames } from "./tools/modules.js";
import { sourceOf } from "./words.js";

test("every handler of key presses leaves an input method its keys", async () => {
  const without = [];
  for (const name of await moduleNames()) {
    if (name.startsWith("vendor/")) continue;
    const source = await sourceOf(name);
    if (/keydown|keyup|onKey(Down|Up)/.test(source) && !/\bonKey\(/.test(source)) without.push(name);
  }
  assert.deepEqual(without, []);
});
