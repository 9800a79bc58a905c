// What others change meanwhile is shown without a reload.
import assert from "node:assert/strict";
import { test } from "node:test";
import { waitUntilIdle } from "./fixture.js";
import { firstApp, northwind } from "./seed.js";
import { dialog, fixture, open, page, row, useFixture } from "./suite.js";
import { wordsOf } from "./words.js";

const w = await wordsOf("en");

let at;
useFixture({}, async () => {
  at = await northwind(fixture);
});

// The tab is in the background for so many seconds by its own clock, however slowly the test runs.
const comeBack = async (after = 60) => {
  const hiddenAt = Date.now();
  const turn = (hidden) =>
    page.evaluate((value) => {
      Object.defineProperty(document, "hidden", { value, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, hidden);
  await page.clock.setFixedTime(hiddenAt);
  await turn(true);
  await page.clock.setFixedTime(hiddenAt + after * 1000);
  await turn(false);
};

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

test("after a short look at another tab nothing is loaded again", async () => {
  await open("/apps");
  await waitUntilIdle(page);
  let requests = 0;
  page.on("request", (request) => (requests += request.url().includes("/v1/apps") ? 1 : 0));
  await comeBack(20);
  await waitUntilIdle(page);
  assert.equal(requests, 0);
});

test("a reload in the background that fails leaves the page as it is", async () => {
  const app = await firstApp(fixture);
  await fixture.call("POST", `/v1/apps/${app.app_id}/accounts`, { user_id: "still.here", type: "general" });
  const places = [
    ["/apps", "tr.row"],
    [`/apps/${app.app_id}/accounts`, "tr.row"],
    [`/apps/${app.app_id}`, "dialog.sheet"],
    [`/teams/${at.team.team_id}/members`, "tr.row"],
    [`/teams/${at.team.team_id}/invitations`, "tr.row"],
    [`/teams/${at.team.team_id}/roles`, ".role-bar"],
    ["/me/sessions", ".sessions li"],
  ];
  for (const [address, ready] of places) {
    await open(address, { ready });
    await waitUntilIdle(page);
    await page.route("**/v1/**", (route) => route.fulfill({ status: 503, json: { code: "unavailable" } }));
    const failed = page.waitForResponse((reply) => reply.status() === 503);
    await comeBack();
    await failed;
    await waitUntilIdle(page);
    assert.equal(await page.getByRole("alert").filter({ hasText: /./ }).count(), 0, address);
    assert.ok((await page.locator(ready).count()) > 0, address);
  }
});

test("an open sheet shows what others changed, and keeps what was typed", async () => {
  const app = await fixture.call("POST", "/v1/apps", { name: "Edited Harbour", team_id: null });
  await open(`/apps/${app.app_id}`, { ready: "dialog.sheet" });
  await dialog().getByLabel(w.apps.name).fill("Half typed");
  await fixture.call("PATCH", `/v1/apps/${app.app_id}`, { team_id: at.team.team_id });
  await comeBack();
  await page.waitForFunction((id) => document.querySelector("dialog select").value === id, at.team.team_id);
  assert.equal(await dialog().getByLabel(w.apps.name).inputValue(), "Half typed");
});
