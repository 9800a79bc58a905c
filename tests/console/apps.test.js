// Applications: creating, renaming with undo, opening, deleting empty ones, and what is hidden without permission.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { World } from "./world.js";

let world;
let page;
before(async () => (world = await World.start({ seed: 5 })));
after(() => world.stop());
afterEach(async () => {
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

const names = () => page.locator("tr.row .who a").allTextContents();

test("an application is created, renamed, and the undo takes the name back", async () => {
  page = await world.page({ signedIn: true });
  await page.goto("/apps");
  await page.getByRole("button", { name: "New application" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "New application" }).click();
  await page.getByText("This is needed.").waitFor();
  await page.getByLabel("Name").fill("Pier Live");
  await page.getByLabel("Name").press("Enter");
  await page.getByRole("link", { name: "Pier Live" }).click();
  await page.waitForURL(/\/apps\/[0-9a-f-]{36}$/);
  await page.getByLabel("Name").fill("Quay Live");
  await page.getByText("1 unsaved change").waitFor();
  await page.getByRole("button", { name: "Save changes" }).click();
  await page.getByText("Quay Live saved.").waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByRole("link", { name: "Pier Live" }).waitFor();
  assert.deepEqual(await names(), ["Harbor Chat", "Pier Live"]);
});

test("only an application without accounts is deleted", async () => {
  page = await world.page({ signedIn: true });
  await page.goto("/apps");
  const remove = async (name) => {
    await page.getByRole("button", { name: `More for ${name}` }).click();
    await page.getByRole("menuitem", { name: /^Delete/ }).click();
    await page.getByRole("button", { name: "Delete application" }).click();
  };
  await remove("Harbor Chat");
  await page.getByRole("dialog").getByText("This application still has accounts. Delete them first.").waitFor();
  await page.getByRole("button", { name: "Cancel" }).click();
  await remove("Pier Live");
  await page.getByText("Pier Live deleted.").waitFor();
  assert.deepEqual(await names(), ["Harbor Chat"]);
});

test("a member without a team is shown nothing of applications", async () => {
  await world.call("POST", "/v1/users", {
    username: "Sam",
    login: "sam",
    type: "member",
    password: "seven quiet harbours",
  });
  page = await world.page();
  await world.signIn(page, "sam", "seven quiet harbours");
  const origin = { Origin: world.origin };
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
  await page.locator(".side nav").getByText("Join a team").waitFor();
  assert.equal(await page.locator(".side nav a").count(), 1);
  await page.goto("/apps");
  await page.getByText("There are no applications yet.").waitFor();
  assert.equal(await page.getByRole("button", { name: "New application" }).count(), 0);
});

test("an application is moved to a team, and a name that somebody else gave meanwhile is asked about", async () => {
  const app = await world.call("POST", "/v1/apps", { name: "Ferry", team_id: null });
  const team = await world.call("POST", "/v1/teams", { name: "Crew" });
  page = await world.page({ signedIn: true });
  await page.goto(`/apps/${app.app_id}`);
  const sheet = page.getByRole("dialog");
  await sheet.getByLabel("Team").selectOption("Crew");
  await sheet.getByLabel("Name").fill("Mine");
  await world.call("PATCH", `/v1/apps/${app.app_id}`, { name: "Theirs" });
  await sheet.getByRole("button", { name: "Save changes" }).click();
  await sheet.locator(".conflict").getByText("Theirs", { exact: true }).last().waitFor();
  assert.equal(await sheet.getByLabel("Team").inputValue(), team.team_id);
  // What is asked is answered first.
  await sheet.getByRole("button", { name: "Save changes" }).click();
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Keep mine");
  await page.keyboard.press("Enter");
  await sheet.getByRole("button", { name: "Save changes" }).click();
  await page.locator("tr.row", { hasText: "Mine" }).filter({ hasText: "Crew" }).waitFor();
  const now = await world.call("GET", `/v1/apps/${app.app_id}`);
  assert.deepEqual([now.name, now.team_id], ["Mine", team.team_id]);
});
