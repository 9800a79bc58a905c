// Selecting and deleting many accounts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { liftLock, twoApps } from "./seed.js";
import { choose, dialog, fixture, open, page, press, row, useFixture } from "./suite.js";
import { wordsOf } from "./words.js";

const w = await wordsOf("en");

let app;
let other;
useFixture({ seed: 1100 }, async () => {
  ({ app, other } = await twoApps(fixture));
});

const accounts = (of = app) => `/apps/${of.app_id}/accounts`;
const more = (id, item) => choose(w.accounts.more(id), item);

test("selecting all matches is limited to what one export takes, and a job deletes more than one request", async () => {
  await open(accounts());
  await page.locator("tbody input[type=checkbox]").first().click();
  await page.getByRole("button", { name: w.list.everything }).click();
  await page.getByText(w.list.selectedFirst(1000)).waitFor();
  await liftLock(fixture, app);
  await page.reload();
  await page.locator("tbody input[type=checkbox]").first().click();
  await page.getByRole("button", { name: w.list.everything }).click();
  await page.getByRole("button", { name: w.accounts.deleteCount(1000) }).click();
  await dialog().getByText(w.deletion.question(1000)).waitFor();
  await press(w.dialog.cancel);
  await dialog().waitFor({ state: "detached" });
  await fixture.call("PUT", `/v1/apps/${app.app_id}/deletion-lock`, { locked: true });
});

test("each account that could not be deleted is listed with the reason", async () => {
  await liftLock(fixture, app);
  await open(accounts());
  const [first, second] = await page.locator("tr.row .who a").allTextContents();
  for (const id of [first, second]) await row(id).first().getByRole("checkbox").check();
  await fixture.call("POST", `/v1/apps/${app.app_id}/account-deletions`, { user_ids: [second] });
  await page.getByRole("button", { name: w.accounts.deleteCount(2) }).click();
  await dialog()
    .getByRole("button", { name: w.deletion.action(2) })
    .click();
  await page.getByText(w.deletion.partly(1, 1)).waitFor();
  await page.getByRole("button", { name: w.deletion.why }).click();
  await page.getByRole("listitem").filter({ hasText: second }).getByText(w.problems.not_found).waitFor();
  assert.equal(await row(second).count(), 0);
});

test("a deletion dialog shows the selected accounts in their current state", async () => {
  await liftLock(fixture, other);
  await fixture.call("PUT", `/v1/apps/${other.app_id}/accounts/only.here/admin`);
  await open(accounts(other));
  await row("only.here").getByRole("checkbox").check();
  await more("only.here", new RegExp(w.accounts.cancelAdmin));
  await page.getByText(w.accounts.isGeneral("only.here")).waitFor();
  await page.getByRole("button", { name: w.accounts.deleteCount(1), exact: true }).click();
  await dialog().getByText(w.deletion.question(1)).waitFor();
  assert.equal(await dialog().locator(".facts .tag, .caution").count(), 0);
});
