// Both languages say everything, and the same things.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

const web = new URL("../../functions/console/web/", import.meta.url);
const module = async (name) => import(`data:text/javascript,${encodeURIComponent(await readFile(new URL(name, web), "utf8"))}`);
const { formatsOf } = await module("formats.js");
const said = async (language) => (await module(`words/${language}.js`)).words(formatsOf(language));

const shape = (value, path = "") =>
  typeof value === "object" ? Object.entries(value).flatMap(([name, inner]) => shape(inner, `${path}/${name}`)) : [`${path}: ${typeof value}`];

test("English and Korean have the same names", async () => {
  assert.deepEqual(shape(await said("ko")).sort(), shape(await said("en")).sort());
});

test("counts follow the language's plural rules", async () => {
  const [en, ko] = [await said("en"), await said("ko")];
  assert.equal(en.deletion.question(1), "Delete 1 account?");
  assert.equal(en.deletion.question(1000), "Delete 1,000 accounts?");
  assert.equal(ko.deletion.question(1), "계정 1개를 삭제할까요?");
});
