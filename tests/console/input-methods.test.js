// Typing with an input method, and on keyboards without Latin letters.
import assert from "node:assert/strict";
import { test } from "node:test";
import { firstApp } from "./seed.js";
import { dialog, fixture, open, page, useFixture } from "./suite.js";
import { wordsOf } from "./words.js";

const w = await wordsOf("en");

let app;
useFixture({ seed: 5 }, async () => {
  app = await firstApp(fixture);
});

// Presses a key while an input method composes a character in the field.
const pressComposing = async (field, key) => {
  await field.focus();
  await field.evaluate((input, pressed) => {
    const of = { key: pressed, code: pressed, keyCode: 229, isComposing: true, bubbles: true, cancelable: true };
    input.dispatchEvent(new KeyboardEvent("keydown", of));
  }, key);
};

test("Escape and Control with Enter leave a dialog open while a character is composed", async () => {
  await open(`/apps/${app.app_id}/accounts`);
  await page.getByRole("button", { name: w.accounts.create }).click();
  const nickname = dialog().getByLabel(w.accounts.fields.nickname);
  await nickname.fill("한");
  await pressComposing(nickname, "Escape");
  assert.equal(await nickname.inputValue(), "한");
  assert.equal(await page.getByText(w.unsaved.title(1)).count(), 0);
  await page.keyboard.press("Escape");
  await dialog().waitFor({ state: "detached" });
});

test("a real composition in a dialog ends without closing it", async () => {
  await open("/apps");
  await page.getByRole("button", { name: w.apps.create }).click();
  const name = dialog().getByLabel(w.apps.name);
  await name.focus();
  const session = await page.context().newCDPSession(page);
  await session.send("Input.imeSetComposition", { text: "ㅎ", selectionStart: 1, selectionEnd: 1 });
  await session.send("Input.dispatchKeyEvent", { type: "rawKeyDown", key: "Escape", windowsVirtualKeyCode: 229 });
  await session.send("Input.insertText", { text: "하" });
  assert.equal(await name.inputValue(), "하");
});

test("a composed search is neither cleared nor left", async () => {
  await open(`/apps/${app.app_id}/accounts`);
  const search = page.getByLabel(w.accounts.search);
  await search.fill("av");
  await page.waitForURL(/q=av/);
  await pressComposing(search, "Escape");
  assert.equal(await search.inputValue(), "av");
  assert.ok(await search.evaluate((input) => input === document.activeElement));
});

test("the picker chooses nothing while a character is composed", async () => {
  await open(`/apps/${app.app_id}/accounts`);
  await page.locator(".picker").click();
  const search = page.getByRole("combobox");
  for (const key of ["Enter", "ArrowDown", "Escape"]) await pressComposing(search, key);
  await page.getByRole("listbox").waitFor();
  assert.equal(new URL(page.url()).pathname, `/apps/${app.app_id}/accounts`);
});

test("letter shortcuts work on Korean and Cyrillic layouts", async () => {
  await open(`/apps/${app.app_id}/accounts`);
  const press = (key, code) =>
    page.evaluate(
      (typed) => document.dispatchEvent(new KeyboardEvent("keydown", { ...typed, bubbles: true, cancelable: true })),
      { key, code },
    );
  await press("ㅓ", "KeyJ");
  assert.equal(await page.evaluate(() => document.activeElement.closest("tr.row")?.dataset.at), "0");
  await press("с", "KeyC");
  await page.getByText(w.accounts.createTitle(app.name)).waitFor();
  await page.keyboard.press("Escape");
  await dialog().waitFor({ state: "detached" });
  await press("ㅎ", "KeyG");
  await press("ㅔ", "KeyP");
  await page.waitForURL("**/apps");
});
