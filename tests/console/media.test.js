// The console on paper, in forced colours and on a phone.
import assert from "node:assert/strict";
import { test } from "node:test";
import { firstApp, liftLock, team } from "./seed.js";
import { dialog, fixture, open, page, useFixture } from "./suite.js";
import { wordsOf } from "./words.js";

const w = await wordsOf("en");

let app;
useFixture({ seed: 5 }, async () => {
  app = await firstApp(fixture);
});

test("a printed list has its rows and nothing to press", async () => {
  await open(`/apps/${app.app_id}/accounts`);
  await page.emulateMedia({ media: "print" });
  assert.equal(await page.locator("tr.row .id:visible").count(), 5);
  for (const selector of [".side", ".filter-bar", ".operations .button", ".pick", ".page-head .actions"])
    assert.equal(await page.locator(selector).and(page.locator(":visible")).count(), 0, selector);
  assert.equal(await page.locator(".content").evaluate((element) => element.getBoundingClientRect().left), 0);
});

test("paper has the light colours, whatever theme was chosen", async () => {
  const inks = [];
  for (const theme of ["light", "dark"]) {
    await open(`/apps/${app.app_id}/accounts`, { theme });
    await page.emulateMedia({ media: "print", colorScheme: theme });
    inks.push(
      await page
        .locator("tr.row th")
        .first()
        .evaluate((cell) => getComputedStyle(cell).color),
    );
  }
  assert.equal(inks[1], inks[0]);
});

test("a printed sheet is printed alone", async () => {
  await open(`/apps/${app.app_id}/accounts`);
  await page.locator("tr.row .id").first().click();
  await dialog().waitFor();
  await page.emulateMedia({ media: "print" });
  await page.getByLabel(w.accounts.fields.nickname).waitFor();
  assert.equal(await page.locator(".page-head").isVisible(), false);
});

test("forced colours leave edges to what lies above the page", async () => {
  await open("/apps");
  await page.emulateMedia({ forcedColors: "active" });
  await page.keyboard.press("c");
  await dialog().waitFor();
  const edge = (selector) =>
    page
      .locator(selector)
      .first()
      .evaluate((element) => Number.parseFloat(getComputedStyle(element).borderTopWidth));
  assert.ok((await edge("dialog")) >= 1);
  await dialog().getByLabel(w.apps.name).fill("Forced Harbour");
  await dialog().getByRole("button", { name: w.apps.createAction }).click();
  await page.locator(".toast").waitFor();
  assert.ok((await edge(".toast")) >= 1);
});

test("on a phone the current tab is in view, and a lifted lock is amber", async () => {
  const { team_id: id } = await team(fixture, "Tabbed Team", null);
  await open(`/teams/${id}/audit`, { width: 360 });
  const seen = await page.locator(".tabs [aria-current]").evaluate((tab) => {
    const { left, right } = tab.getBoundingClientRect();
    return left >= 0 && right <= innerWidth;
  });
  assert.ok(seen);
  await page.goto(`/apps/${app.app_id}/accounts`);
  await page.locator(".count .apart").waitFor();
  await liftLock(fixture, app);
  await page.reload();
  const [shown, amber] = await page.locator(".count .apart.lifted").evaluate((element) => {
    const before = getComputedStyle(element).color;
    element.style.color = "var(--warn-ink)";
    return [before, getComputedStyle(element).color];
  });
  assert.equal(shown, amber);
});
