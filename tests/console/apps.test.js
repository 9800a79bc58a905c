// Applications: create, rename, move, delete.
import assert from "node:assert/strict";
import { test } from "node:test";
import { user } from "./seed.js";
import { button, choose, dialog, fixture, open, page, press, useFixture } from "./suite.js";
import { wordsOf } from "./words.js";

const w = await wordsOf("en");

useFixture({ seed: 5 });

const names = () => page.locator("tr.row .who a").allTextContents();

test("an application is created and renamed, and the renaming is undone", async () => {
  await open("/apps");
  await button(w.apps.create).click();
  await press(w.apps.createAction);
  await page.getByText(w.violations.any.required).waitFor();
  await page.getByLabel(w.apps.name).fill("Pier Live");
  await page.getByLabel(w.apps.name).press("Enter");
  await page.getByRole("link", { name: "Pier Live" }).click();
  await page.waitForURL(/\/apps\/[0-9a-f-]{36}$/);
  await page.getByLabel(w.apps.name).fill("Quay Live");
  await page.getByText(w.unsaved.count(1)).waitFor();
  await page.getByRole("button", { name: w.dialog.saveChanges }).click();
  await page.getByText(w.apps.wasSaved("Quay Live")).waitFor();
  await page.getByRole("button", { name: w.toast.undo }).click();
  await page.getByRole("link", { name: "Pier Live" }).waitFor();
  assert.deepEqual(await names(), ["Harbor Chat", "Pier Live"]);
});

test("only an application without accounts can be deleted", async () => {
  await open("/apps");
  const remove = async (name) => {
    await choose(w.apps.more(name), /^Delete/);
    await press(w.apps.deleteAction);
  };
  await remove("Harbor Chat");
  await dialog().getByText(w.problems.app_not_empty).waitFor();
  await page.getByRole("button", { name: w.dialog.cancel }).click();
  await remove("Pier Live");
  await page.getByText(w.apps.wasDeleted("Pier Live")).waitFor();
  assert.deepEqual(await names(), ["Harbor Chat"]);
});

test("a member without a team sees no applications", async () => {
  await user(fixture, "sam");
  await open("/", { as: "sam", ready: "h1:visible" });
  await page.waitForURL("**/join");
  await page.locator(".side nav").getByText(w.entries.join).waitFor();
  assert.equal(await page.locator(".side nav a").count(), 1);
  await page.goto("/apps");
  await page.getByText(w.apps.none).waitFor();
  assert.equal(await page.getByRole("button", { name: w.apps.create }).count(), 0);
});

test("an application is moved to a team, and a conflicting name must be resolved", async () => {
  const app = await fixture.call("POST", "/v1/apps", { name: "Ferry", team_id: null });
  const team = await fixture.call("POST", "/v1/teams", { name: "Crew" });
  await open(`/apps/${app.app_id}`, { ready: "dialog.sheet" });
  await dialog().getByLabel(w.apps.team).selectOption("Crew");
  await dialog().getByLabel(w.apps.name).fill("Mine");
  await fixture.call("PATCH", `/v1/apps/${app.app_id}`, { name: "Theirs" });
  await dialog().getByRole("button", { name: w.dialog.saveChanges }).click();
  await dialog().locator(".conflict").getByText("Theirs", { exact: true }).last().waitFor();
  assert.equal(await dialog().getByLabel(w.apps.team).inputValue(), team.team_id);
  // The question must be answered before anything is saved.
  await dialog().getByRole("button", { name: w.dialog.saveChanges }).click();
  assert.equal(await page.evaluate(() => document.activeElement.textContent), w.conflict.keep);
  await page.keyboard.press("Enter");
  await dialog().getByRole("button", { name: w.dialog.saveChanges }).click();
  await page.locator("tr.row", { hasText: "Mine" }).filter({ hasText: "Crew" }).waitFor();
  const now = await fixture.call("GET", `/v1/apps/${app.app_id}`);
  assert.deepEqual([now.name, now.team_id], ["Mine", team.team_id]);
});
