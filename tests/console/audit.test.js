// The record of what was done, for platform admins and for those who may read their team's.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { member, northwind, SECRET, user } from "./people.js";
import { ADMIN, PASSWORD, World } from "./world.js";

let world;
let at;
let page;
before(async () => {
  world = await World.start();
  at = await northwind(world);
  await user(world, "re.viewer");
  await member(world, at.team, "re.viewer", "reviewer");
  const path = `/v1/teams/${at.team.team_id}`;
  await world.call("PATCH", path, { name: "<b>Northwind</b>" });
  await world.call("PATCH", path, { name: "Northwind Mobile" });
});
after(() => world.stop());
afterEach(async () => {
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

const enter = async (address, login, options = {}) => {
  page = await world.page(options);
  await world.signIn(page, login, login === ADMIN ? PASSWORD : SECRET);
  await page.goto(address);
};
const open = async (address = "/audit", login = ADMIN, options = {}) => {
  await enter(address, login, options);
  await page.locator("tr.row, .empty").first().waitFor();
};
const row = (text) => page.locator("tr.row", { hasText: text });
const button = (name) => page.getByRole("button", { name, exact: true });

test("a record is one line and opens to what was before and after", async () => {
  await open("/audit?action=team.edit");
  assert.equal(await page.locator("tr.row").count(), 2);
  await button("Renamed a team").last().click();
  const cells = page.locator(".changes tbody tr").first().locator("th, td");
  assert.deepEqual(await cells.allTextContents(), ["Name", "Northwind Mobile", "<b>Northwind</b>"]);
  assert.equal(await page.locator(".record b").count(), 0);
  await button("Renamed a team").last().click();
  await page.locator(".record").waitFor({ state: "detached" });
});

test("filters stand in the address and come from the records themselves", async () => {
  await open();
  await button("Action All").click();
  await page.getByRole("menuitemradio", { name: "Changed a member’s role" }).click();
  await page.getByText("No record matches.").waitFor();
  await button("Clear filters").click();
  await row("Added a member").first().waitFor();
  await page
    .locator("tr.row", { has: page.locator("td:nth-child(2)", { hasText: "t.berg" }) })
    .first()
    .getByRole("button")
    .click();
  await button("Only by t.berg").click();
  await row("Created a team").waitFor({ state: "detached" });
  assert.equal(new URL(page.url()).searchParams.get("actor"), at.tomas.user_id);
  await page.reload();
  await page.locator("tr.row").first().waitFor();
  assert.deepEqual([...new Set(await page.locator("tr.row td:nth-child(2)").allTextContents())], ["t.berg"]);
  await button("Clear Who").click();
  await row("Created a team").waitFor();
  await page.goto(`/audit?target=${at.team.team_id}`);
  await row("Created a team").waitFor();
  assert.equal(await row("Created a user").count(), 0);
});

test("days are the reader's own, the last one included", async () => {
  await open();
  const today = await page.evaluate(() => new Intl.DateTimeFormat("sv-SE").format(new Date()));
  await page.getByLabel("To").fill(today);
  await page.waitForURL(`**/audit?to=${today}`);
  await row("Created a team").waitFor();
  await page.getByLabel("To").fill("2020-01-01");
  await page.getByText("No record matches.").waitFor();
});

test("whoever may read a team's record sees that team's, there and in the side bar", async () => {
  await open("/audit", "re.viewer");
  await row("Created a team").waitFor();
  assert.equal(await row("Created a user").count(), 0);
  await page.goto(`/teams/${at.team.team_id}/audit`);
  await row("Renamed a team").first().waitFor();
  assert.equal(await page.title(), "Audit log · Northwind Mobile · Rollcall");
  await page.context().close();
  await enter("/join", "t.berg");
  await page.getByLabel("Invitation code").waitFor();
  assert.deepEqual(await page.locator("nav[aria-label=Main] a:visible").allTextContents(), ["Teams"]);
});

test("more is loaded on demand, and keys open a record", async () => {
  for (let count = 0; count < 60; count += 1)
    await world.call("PATCH", `/v1/teams/${at.team.team_id}`, { name: `Northwind ${count}` });
  await open("/audit?action=team.edit");
  await page.getByText("50 shown").waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.locator(".record").waitFor();
  await button("Load more").click();
  await page.getByText("All 62 shown").waitFor();
});

test("what is recorded reads as words, not as the wire has it", async () => {
  await world.call("PATCH", `/v1/users/${at.tomas.user_id}`, { status: "disabled" });
  await world.call("PATCH", `/v1/users/${at.tomas.user_id}`, { status: "enabled" });
  const {
    items: [app],
  } = await world.call("GET", "/v1/apps");
  await world.call("PATCH", `/v1/apps/${app.app_id}`, { team_id: null });
  const { team_id } = await world.call("PATCH", `/v1/apps/${app.app_id}`, { team_id: at.team.team_id });
  const opened = async (address) => {
    await page.goto(address);
    await page.locator(".name-button").first().click();
    return page.locator(".changes tbody tr").allTextContents();
  };
  await open();
  assert.deepEqual(await opened(`/audit?action=user.edit&target=${at.tomas.user_id}`), ["StatusDisabledEnabled"]);
  const { name } = await world.call("GET", `/v1/teams/${team_id}`);
  assert.deepEqual(await opened("/audit?action=app.edit"), [`Team—${name}`]);
  const [permissions] = (await opened("/audit?action=role.create")).filter((text) => text.startsWith("Permissions"));
  assert.equal(permissions, "Permissions—See the team and See accounts");
});
