// What others change meanwhile is shown without a reload.
import { test } from "node:test";
import { northwind } from "./seed.js";
import { dialog, fixture, open, page, row, useFixture } from "./suite.js";
import { wordsOf } from "./words.js";

const w = await wordsOf("en");

let at;
useFixture({}, async () => {
  at = await northwind(fixture);
});

const comeBack = () => page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));

test("a list and its counts are loaded again when the tab comes back", async () => {
  await open(`/teams/${at.team.team_id}/apps`);
  await fixture.call("POST", "/v1/apps", { name: "Made elsewhere", team_id: at.team.team_id });
  await comeBack();
  await row("Made elsewhere").waitFor();
  await page.getByRole("link", { name: `${w.team.tabs.apps} 2` }).waitFor();
});

test("a list is loaded again after a change was refused because of another one", async () => {
  const gone = await fixture.call("POST", "/v1/apps", { name: "Soon gone", team_id: null });
  await open("/apps");
  await fixture.call("POST", "/v1/apps", { name: "Unseen so far", team_id: null });
  await fixture.call("DELETE", `/v1/apps/${gone.app_id}`);
  await page.getByRole("button", { name: w.apps.more("Soon gone") }).click();
  await page.getByRole("menuitem", { name: new RegExp(w.apps.delete) }).click();
  await dialog().getByRole("button", { name: w.apps.deleteAction }).click();
  await row("Soon gone").waitFor({ state: "detached" });
  await row("Unseen so far").waitFor();
});

test("the person's rights are loaded again when the tab comes back", async () => {
  await open(`/teams/${at.team.team_id}/members`, { as: "t.berg" });
  await page.getByRole("button", { name: w.members.add }).waitFor();
  await fixture.call("PATCH", `/v1/teams/${at.team.team_id}/members/${at.tomas.user_id}`, { role_id: "reviewer" });
  await comeBack();
  await page.getByRole("button", { name: w.members.add }).waitFor({ state: "detached" });
});

test("more than one page is loaded again as it was shown", async () => {
  const { app_id: app } = await fixture.call("POST", "/v1/apps", { name: "Full Harbour", team_id: null });
  const create = (id) => fixture.call("POST", `/v1/apps/${app}/accounts`, { user_id: id, type: "general" });
  for (let number = 100; number < 160; number += 1) await create(`user.${number}`);
  await open(`/apps/${app}/accounts`);
  await page.locator(".list-foot").scrollIntoViewIfNeeded();
  await page.getByText(w.list.complete.accounts(60)).waitFor();
  await create("user.000");
  await comeBack();
  await page.getByText(w.list.complete.accounts(61)).waitFor();
  await row("user.159").waitFor();
});
