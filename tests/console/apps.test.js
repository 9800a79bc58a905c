// Applications: create, rename, move, delete.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { Fixture } from "./fixture.js";
import { wordsOf } from "./words.js";

const w = await wordsOf("en");

let fixture;
let page;
before(async () => (fixture = await Fixture.start({ seed: 5 })));
after(() => fixture.stop());
afterEach(async () => {
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

const names = () => page.locator("tr.row .who a").allTextContents();

test("an application is created and renamed, and the renaming is undone", async () => {
  page = await fixture.page({ signedIn: true });
  await page.goto("/apps");
  await page.getByRole("button", { name: w.apps.create }).click();
  await page.getByRole("dialog").getByRole("button", { name: w.apps.createAction }).click();
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
  page = await fixture.page({ signedIn: true });
  await page.goto("/apps");
  const remove = async (name) => {
    await page.getByRole("button", { name: w.apps.more(name) }).click();
    await page.getByRole("menuitem", { name: /^Delete/ }).click();
    await page.getByRole("button", { name: w.apps.deleteAction }).click();
  };
  await remove("Harbor Chat");
  await page.getByRole("dialog").getByText(w.problems.app_not_empty).waitFor();
  await page.getByRole("button", { name: w.dialog.cancel }).click();
  await remove("Pier Live");
  await page.getByText(w.apps.wasDeleted("Pier Live")).waitFor();
  assert.deepEqual(await names(), ["Harbor Chat"]);
});

test("a member without a team sees no applications", async () => {
  await fixture.call("POST", "/v1/users", {
    username: "Sam",
    login: "sam",
    type: "member",
    password: "seven quiet harbours",
  });
  page = await fixture.page();
  await fixture.signIn(page, "sam", "seven quiet harbours");
  const origin = { Origin: fixture.origin };
  await page.request.post("/v1/me/password", {
    headers: origin,
    data: {
      current_password: "seven quiet harbours",
      password: "eight quiet harbours",
      password_confirmation: "eight quiet harbours",
    },
  });
  await page.goto("/");
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
  page = await fixture.page({ signedIn: true });
  await page.goto(`/apps/${app.app_id}`);
  const sheet = page.getByRole("dialog");
  await sheet.getByLabel(w.apps.team).selectOption("Crew");
  await sheet.getByLabel(w.apps.name).fill("Mine");
  await fixture.call("PATCH", `/v1/apps/${app.app_id}`, { name: "Theirs" });
  await sheet.getByRole("button", { name: w.dialog.saveChanges }).click();
  await sheet.locator(".conflict").getByText("Theirs", { exact: true }).last().waitFor();
  assert.equal(await sheet.getByLabel(w.apps.team).inputValue(), team.team_id);
  // The question must be answered before anything is saved.
  await sheet.getByRole("button", { name: w.dialog.saveChanges }).click();
  assert.equal(await page.evaluate(() => document.activeElement.textContent), w.conflict.keep);
  await page.keyboard.press("Enter");
  await sheet.getByRole("button", { name: w.dialog.saveChanges }).click();
  await page.locator("tr.row", { hasText: "Mine" }).filter({ hasText: "Crew" }).waitFor();
  const now = await fixture.call("GET", `/v1/apps/${app.app_id}`);
  assert.deepEqual([now.name, now.team_id], ["Mine", team.team_id]);
});
