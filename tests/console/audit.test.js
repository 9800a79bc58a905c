// The audit log, for platform admins and for members who may read the log of their team.
import assert from "node:assert/strict";
import { test } from "node:test";
import { waitUntilIdle } from "./fixture.js";
import { as, firstApp, liftLock, member, northwind, role, user } from "./seed.js";
import { button, fixture, open, page, row, useFixture } from "./suite.js";
import { wordsOf } from "./words.js";

const w = await wordsOf("en");

let at;
useFixture({}, async () => {
  at = await northwind(fixture);
  await user(fixture, "re.viewer");
  await member(fixture, at.team, "re.viewer", "reviewer");
  const path = `/v1/teams/${at.team.team_id}`;
  await fixture.call("PATCH", path, { name: "<b>Northwind</b>" });
  await fixture.call("PATCH", path, { name: "Northwind Mobile" });
});

test("a record opens to its values before and after", async () => {
  await open("/audit?action=team.edit");
  assert.equal(await page.locator("tr.row").count(), 2);
  await button(w.audit.actions["team.edit"]).last().click();
  const cells = page.locator(".changes tbody tr").first().locator("th, td");
  assert.deepEqual(await cells.allTextContents(), [w.audit.fields.name, "Northwind Mobile", "<b>Northwind</b>"]);
  assert.equal(await page.locator(".record b").count(), 0);
  await button(w.audit.actions["team.edit"]).last().click();
  await page.locator(".record").waitFor({ state: "detached" });
});

test("filters are part of the address and can be set from a record", async () => {
  await open("/audit");
  await button("Action All").click();
  await page.getByRole("menuitemradio", { name: w.audit.actions["member.edit"] }).click();
  await page.getByText(w.audit.noMatch).waitFor();
  await button(w.list.clearFilters).click();
  await row(w.audit.actions["member.add"]).first().waitFor();
  await page
    .locator("tr.row", { has: page.locator("td:nth-child(2)", { hasText: "t.berg" }) })
    .first()
    .getByRole("button")
    .click();
  await button(w.audit.onlyWho("t.berg")).click();
  await row(w.audit.actions["team.create"]).waitFor({ state: "detached" });
  assert.equal(new URL(page.url()).searchParams.get("actor"), at.tomas.user_id);
  await page.reload();
  await page.locator("tr.row").first().waitFor();
  assert.deepEqual([...new Set(await page.locator("tr.row td:nth-child(2)").allTextContents())], ["t.berg"]);
  await button(w.list.clearFilter(w.audit.who)).click();
  await row(w.audit.actions["team.create"]).waitFor();
  await page.goto(`/audit?target=${at.team.team_id}`);
  await row(w.audit.actions["team.create"]).waitFor();
  assert.equal(await row(w.audit.actions["user.create"]).count(), 0);
});

test("days are in the reader's time zone, and the last day is included", async () => {
  await open("/audit");
  const today = await page.evaluate(() => new Intl.DateTimeFormat("sv-SE").format(new Date()));
  await page.getByLabel(w.audit.to).fill(today);
  await page.waitForURL(`**/audit?to=${today}`);
  await row(w.audit.actions["team.create"]).waitFor();
  await page.getByLabel(w.audit.to).fill("2020-01-01");
  await page.getByText(w.audit.noMatch).waitFor();
});

test("a reader of a team's log sees only the records of that team", async () => {
  await open("/audit", { as: "re.viewer" });
  await row(w.audit.actions["team.create"]).waitFor();
  assert.equal(await row(w.audit.actions["user.create"]).count(), 0);
  await page.goto(`/teams/${at.team.team_id}/audit`);
  await row(w.audit.actions["team.edit"]).first().waitFor();
  assert.equal(await page.title(), "Audit log · Northwind Mobile · Rollcall");
  await open("/join", { as: "t.berg", ready: "h1:visible" });
  await page.getByLabel(w.join.code).waitFor();
  assert.deepEqual(await page.locator(`nav[aria-label=${w.navigation}] a:visible`).allTextContents(), [
    w.entries.teams,
  ]);
});

test("more records are loaded on demand, and keys open a record", async () => {
  for (let count = 0; count < 60; count += 1)
    await fixture.call("PATCH", `/v1/teams/${at.team.team_id}`, { name: `Northwind ${count}` });
  await open("/audit?action=team.edit");
  await page.getByText(w.list.shown(50)).waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.locator(".record").waitFor();
  await button(w.list.more).dispatchEvent("click"); // A click would scroll, and scrolling may load by itself.
  await page.getByText(w.list.complete.audit(62)).waitFor();
});

test("recorded values are shown in words", async () => {
  await fixture.call("PATCH", `/v1/users/${at.tomas.user_id}`, { status: "disabled" });
  await fixture.call("PATCH", `/v1/users/${at.tomas.user_id}`, { status: "enabled" });
  const app = await firstApp(fixture);
  await fixture.call("PATCH", `/v1/apps/${app.app_id}`, { team_id: null });
  const { team_id } = await fixture.call("PATCH", `/v1/apps/${app.app_id}`, { team_id: at.team.team_id });
  const opened = async (address) => {
    await page.goto(address);
    await page.locator(".name-button").first().click();
    return page.locator(".changes tbody tr").allTextContents();
  };
  await open("/audit");
  assert.deepEqual(await opened(`/audit?action=user.edit&target=${at.tomas.user_id}`), ["StatusDisabledEnabled"]);
  const { name } = await fixture.call("GET", `/v1/teams/${team_id}`);
  assert.deepEqual(await opened("/audit?action=app.edit"), [`Team—${name}`]);
  const [permissions] = (await opened("/audit?action=role.create")).filter((text) =>
    text.startsWith(w.audit.fields.permissions),
  );
  assert.equal(
    permissions,
    `${w.audit.fields.permissions}—${w.permissions["team.read"]} and ${w.permissions["accounts.read"]}`,
  );
});

test("a record says what was done to whom, and leads there", async () => {
  const { user_id: id } = await user(fixture, "status.change", { confirmed: false });
  await fixture.call("PATCH", `/v1/users/${id}`, { status: "disabled" });
  const app = await fixture.call("POST", "/v1/apps", { name: "Audited Harbour", team_id: at.team.team_id });
  for (const name of ["one", "two"])
    await fixture.call("POST", `/v1/apps/${app.app_id}/accounts`, { user_id: name, type: "general" });
  await liftLock(fixture, app);
  await fixture.call("POST", `/v1/apps/${app.app_id}/account-deletions`, { user_ids: ["one", "two"] });
  await open(`/audit?target=${id}`);
  await button(w.audit.edits["user.edit"].status.disabled).click();
  await page.locator(".record").getByRole("link", { name: "status.change" }).click();
  await page.waitForURL(`**/users/${id}`);
  await page.goto(`/audit?target=${app.app_id}`);
  await button(w.audit.counted["account.delete"](2)).click();
  await page.locator(".record").getByRole("link", { name: "Audited Harbour" }).waitFor();
  // The filter names the thing, too.
  await page.locator(".filter-button.fixed", { hasText: "Audited Harbour" }).waitFor();
  await page.goto(`/audit?action=account.create&team=${at.team.team_id}`);
  await button(w.audit.actions["account.create"]).first().click();
  await page.locator(".record").getByRole("link", { name: "two" }).click();
  await page.waitForURL(`**/apps/${app.app_id}/accounts/two`);
});

test("no name in the log, nor in an open record, is left as a number of the database", async () => {
  await open("/audit");
  await waitUntilIdle(page);
  for (const record of await page.locator(".name-button").all()) await record.click();
  const texts = await page.locator("tr.row, .changes tbody tr, .record dd:has(a)").allTextContents();
  assert.ok(texts.length > 50);
  // A session is nothing but its id.
  const named = texts.filter((text) => !text.startsWith(w.audit.fields.session_id));
  assert.deepEqual(
    named.filter((text) => /[0-9a-f]{8}-[0-9a-f]{4}-7/.test(text)),
    [],
  );
});

test("a record has a link only if its reader may follow it", async () => {
  const keeper = await role(fixture, at.team, "Record keeper", ["audit.read"]);
  await user(fixture, "log.only");
  await member(fixture, at.team, "log.only", keeper.role_id);
  const linksOf = async (login) => {
    const links = [];
    for (const action of ["invitation.issue", "role.create", "member.add", "app.create", "team.edit"]) {
      await open(`/audit?action=${action}&team=${at.team.team_id}`, { as: login });
      await page.locator(".name-button").first().click();
      await page.locator(".record").waitFor();
      if ((await page.locator(".record a").count()) > 0) links.push(action);
    }
    return links;
  };
  assert.deepEqual(await linksOf("re.viewer"), ["role.create", "member.add", "app.create", "team.edit"]);
  assert.deepEqual(await linksOf("log.only"), []);
});

test("a person has one name in all records", async () => {
  await fixture.call("PATCH", `/v1/users/${at.tomas.user_id}`, { username: "Tomas.B" });
  const asMina = await as(fixture, "mina.park");
  await asMina("POST", `/v1/teams/${at.team.team_id}/invitations`, { role_id: "developer" });
  await open("/audit?action=user.edit");
  await row("t.berg").first().waitFor();
  await page.goto("/audit?action=invitation.issue");
  await page.locator(".name-button").first().click();
  await page.locator(".changes td", { hasText: "mina.park" }).waitFor();
});

test("days are written as in ISO 8601, and a reversed range says so", async () => {
  await open("/audit?from=2026-02-03&to=2026-02-01", { ready: ".empty" });
  await page.getByText(w.audit.reversed).waitFor();
  assert.equal(await page.getByLabel(w.audit.from).inputValue(), "2026-02-03");
  await page.getByLabel(w.audit.from).fill("2026-13-40");
  assert.equal(new URL(page.url()).searchParams.get("from"), "2026-02-03");
  await page.getByLabel(w.audit.from).blur();
  assert.equal(await page.getByLabel(w.audit.from).getAttribute("aria-invalid"), "true");
  // Digits in full width are folded.
  await page.getByLabel(w.audit.from).fill("２０２６-01-31");
  await page.waitForURL(/from=2026-01-31/);
  await page.getByText(w.audit.noMatch).waitFor();
});
