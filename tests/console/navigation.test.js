// Navigation: addresses, the back button, the focus, and what is kept or dropped on the way.
import assert from "node:assert/strict";
import { test } from "node:test";
import { liftLock, twoApps } from "./seed.js";
import { choose, dialog, fixture, newPage, open, page, row, useFixture } from "./suite.js";
import { wordsOf } from "./words.js";

const w = await wordsOf("en");

let app;
let other;
useFixture({ seed: 120 }, async () => {
  ({ app, other } = await twoApps(fixture));
});

const accounts = (of = app) => `/apps/${of.app_id}/accounts`;
const focused = () => page.evaluate(() => document.activeElement.textContent.trim());
const more = (id, item) => choose(w.accounts.more(id), item);
const switchTo = async (name) => {
  await page.locator(".picker").click();
  await page.getByRole("option", { name }).click();
  await page.locator(".picker", { hasText: name }).waitFor();
};

test("switching the application clears the selection and closes dialogs", async () => {
  await open(accounts(other));
  await row("ava.kim33").getByRole("checkbox").check();
  await page.getByText(w.list.selected(1)).first().waitFor();
  await switchTo("Harbor Chat");
  await row("aditi.").first().waitFor();
  assert.equal(await page.locator(".selection").count(), 0);
  await page.keyboard.press("c");
  await dialog().getByText(w.accounts.createTitle("Harbor Chat")).waitFor();
  await page.goBack();
  await row("only.here").waitFor();
  assert.equal(await dialog().count(), 0);
});

test("closing a sheet keeps the list's position, and the back button does not reopen it", async () => {
  await open(accounts());
  await page.evaluate(() => scrollTo(0, 900));
  const link = page.locator('tr.row[data-at="25"] .who a');
  const before = await page.evaluate(() => scrollY);
  await link.click();
  await dialog().waitFor();
  await page.keyboard.press("Escape");
  await dialog().waitFor({ state: "detached" });
  assert.equal(await page.evaluate(() => scrollY), before);
  assert.equal(await focused(), await link.textContent());
  await page.waitForURL((url) => url.pathname === accounts());
  await page.goBack().catch(() => {});
  assert.equal(await dialog().count(), 0);
});

test("a link in a menu does not reload the page", async () => {
  await open("/apps");
  await page.evaluate(() => (globalThis.marked = true));
  await more("Quiet Harbour", w.accounts.title);
  await row("only.here").waitFor();
  assert.equal(await page.evaluate(() => globalThis.marked), true);
});

test("an invalid address shows that the page is not found", async () => {
  await open("/apps");
  await page.goto("/apps/%zz");
  await page.getByText(w.notFound.text).waitFor();
});

test("a pending search is dropped when the page is left", async () => {
  await open(accounts());
  await page.getByLabel(w.accounts.search).fill("av");
  await page.getByRole("link", { name: w.entries.apps }).click();
  await page.getByRole("heading", { name: w.entries.apps }).filter({ visible: true }).waitFor();
  await page.waitForTimeout(400);
  assert.equal(new URL(page.url()).search, "");
});

test("an unknown filter value shows the refusal of the server", async () => {
  await newPage({ signedIn: true });
  await page.goto(`${accounts()}?type=bogus`);
  await page.getByRole("alert").waitFor();
  await page.getByRole("button", { name: w.accounts.create }).first().waitFor();
});

test("leaving a dialog with the back button asks about typed text", async () => {
  await open("/apps");
  await page.getByRole("link", { name: w.entries.users }).click();
  await page.getByRole("button", { name: w.users.create }).click();
  await dialog().getByLabel(w.users.username).fill("Half.Typed");
  await page.goBack();
  await page.getByText(w.unsaved.title(1)).waitFor();
  await page.getByRole("button", { name: w.unsaved.keep }).click();
  assert.equal(await dialog().getByLabel(w.users.username).inputValue(), "Half.Typed");
  await dialog().getByRole("button", { name: w.dialog.cancel }).click();
  await dialog().waitFor({ state: "detached" });
});

test("after a row is deleted, the next row has the focus", async () => {
  await open("/apps");
  const spare = await fixture.call("POST", "/v1/apps", { name: "Spare Harbour", team_id: null });
  await page.reload();
  await row("Spare Harbour").waitFor();
  const names = await page.locator("tr.row .who a").allTextContents();
  const at = names.indexOf(spare.name);
  await more("Spare Harbour", w.accounts.delete);
  await dialog().getByRole("button", { name: w.apps.deleteAction }).click();
  await row("Spare Harbour").waitFor({ state: "detached" });
  await page.waitForFunction(
    (next) => document.activeElement.textContent.trim() === next,
    names[at + 1] ?? names[at - 1],
  );
});

test("when the focused control disappears, another one gets the focus", async () => {
  await open(`${accounts()}?q=av`);
  const kept = () => page.waitForFunction(() => document.activeElement !== document.body);
  const gone = async (name) => {
    const button = page.getByRole("button", { name }).filter({ visible: true }).first();
    await button.focus();
    await page.keyboard.press("Enter");
    await button.waitFor({ state: "detached" });
    await kept();
  };
  await page.locator("tbody input[type=checkbox]").first().click();
  await gone(/^Clear ?Esc$/);
  await gone(w.list.clearSearch);
  await liftLock(fixture, app);
  await page.reload();
  await row("a").first().waitFor();
  await gone(w.lock.restore);
});
