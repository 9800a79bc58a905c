// The console without a mouse.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Fixture, PASSWORD } from "./fixture.js";
import { firstApp } from "./seed.js";
import { wordsOf } from "./words.js";

const w = await wordsOf("en");

let fixture;
let app;
before(async () => {
  fixture = await Fixture.start({ seed: 30 });
  app = await firstApp(fixture);
});
after(() => fixture.stop());

const focused = (page) =>
  page.evaluate(() => document.activeElement?.textContent.trim() || document.activeElement?.getAttribute("aria-label"));

test("signing in, searching, selecting, editing and saving work with the keyboard alone", async () => {
  const page = await fixture.page();
  const press = async (...keys) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  await page.goto("/");
  await page.getByLabel(w.signIn.login).waitFor();
  await page.keyboard.type("admin");
  await press("Tab", "Tab");
  await page.keyboard.type(PASSWORD);
  await press("Enter");
  await page.locator("tr.row").first().waitFor();

  // After navigation the focus is on the content; after a reload a link skips to it.
  assert.equal(await page.evaluate(() => document.activeElement.id), "content");
  await page.reload();
  await page.locator("tr.row").first().waitFor();
  await press("Tab");
  assert.equal(await focused(page), w.skip);
  await press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "content");

  await press("/");
  await page.keyboard.type("a");
  await page.waitForURL(/q=a/);
  await press("Escape", "Escape");
  await page.waitForURL((url) => !url.search.includes("q="));
  await page.locator('tr.row[data-at="20"]').waitFor();
  await press("j", "j");
  const second = await focused(page);
  assert.equal(second, await page.locator('tr.row[data-at="1"] .who a').textContent());
  await press("x");
  await page.getByText(w.list.selected(1)).first().waitFor();
  await press("Space");
  await page.getByText(w.list.selected(1)).first().waitFor({ state: "detached" });
  await press("Space");
  await press("Shift+ArrowDown");
  await page.getByText(w.list.selected(2)).first().waitFor();
  await press("Escape");
  await page.getByText(w.list.selected(2)).first().waitFor({ state: "detached" });

  await press("e");
  await page.locator("dialog.sheet").waitFor();
  await press("Tab");
  await page.getByLabel(w.accounts.fields.nickname).focus();
  await page.getByLabel(w.accounts.fields.nickname).fill("By keyboard");
  await press("Control+Enter");
  await page.getByText(/ saved\.$/).waitFor();
  await page.locator("dialog.sheet").waitFor({ state: "detached" });
  assert.match(await focused(page), /^[a-z]+\.[a-z]+\d+$/);

  await press("Shift+F10");
  await page.getByRole("menu").waitFor();
  await press("Escape");
  await page.getByRole("menu").waitFor({ state: "detached" });
  await press(".");
  await page.getByRole("menu").waitFor();
  await press("End", "Home", "ArrowDown");
  assert.equal(await focused(page), w.accounts.export);
  await press("Escape");
  await page.getByRole("menu").waitFor({ state: "detached" });

  await press("g", "p");
  await page.waitForURL("**/apps");
  await page.getByRole("heading", { name: w.entries.apps }).waitFor();
  await press("g", "a");
  await page.waitForURL(`**/apps/${app.app_id}/accounts`);
  assert.deepEqual(page.errors, []);
});

test("single-key shortcuts can be switched off, and do nothing in inputs", async () => {
  const page = await fixture.page({ signedIn: true });
  await page.goto(`/apps/${app.app_id}/accounts`);
  await page.locator("tr.row").first().waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("c?");
  assert.equal(await page.locator("dialog").count(), 0);
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await page.keyboard.press("?");
  await page.getByLabel(w.shortcuts.single).uncheck();
  await page.keyboard.press("Escape");
  await page.locator("dialog").waitFor({ state: "detached" });
  await page.keyboard.press("c");
  await page.keyboard.press("?");
  assert.equal(await page.locator("dialog").count(), 0);
  // Keys that are not characters still work.
  await page.locator("tr.row .who a").first().focus();
  await page.keyboard.press("Space");
  await page.getByText(w.list.selected(1)).first().waitFor();
});

test("the focused row is never covered by the sticky header", async () => {
  const page = await fixture.page({ signedIn: true, height: 500 });
  await page.goto(`/apps/${app.app_id}/accounts`);
  await page.locator("tr.row").first().waitFor();
  await page.locator("tr.row .who a").nth(20).focus();
  for (let at = 20; at > 2; at -= 1) {
    await page.keyboard.press("ArrowUp");
    const [top, head] = await page.evaluate(() => [
      document.activeElement.getBoundingClientRect().top,
      document.querySelector("thead th").getBoundingClientRect().bottom,
    ]);
    assert.ok(top >= head, `${top} under ${head}`);
  }
});

test("targets are at least 24 pixels wide and high", async () => {
  const page = await fixture.page({ signedIn: true, width: 390, height: 800 });
  await page.goto(`/apps/${app.app_id}/accounts`);
  await page.locator("tr.row").first().waitFor();
  const small = await page.evaluate(() =>
    [...document.querySelectorAll("button, a[href], input, label:has(input)")]
      .filter((one) => one.checkVisibility() && !one.closest("td, th, .unseen, .skip"))
      .map((one) => [one.className || one.tagName, one.getBoundingClientRect()])
      .filter(([, box]) => box.width > 1 && (box.width < 24 || box.height < 24))
      .map(([name, box]) => `${name} ${box.width}×${box.height}`),
  );
  assert.deepEqual(small, []);
});
