// Teams: create, rename, delete, leave, and their pages.
import assert from "node:assert/strict";
import { test } from "node:test";
import { as, member, northwind, role, team, user } from "./seed.js";
import { button, choose, dialog, fixture, open, page, press, row, useFixture } from "./suite.js";
import { wordsOf } from "./words.js";

const w = await wordsOf("en");

let at;
useFixture({}, async () => {
  at = await northwind(fixture);
});

const of = (tab, made = at.team) => `/teams/${made.team_id}/${tab}`;
const more = (name, item) => choose(w.teams.more(name), item);

test("a team is created with its first admin, renamed, and deleted once it is empty", async () => {
  await open("/teams");
  await page.keyboard.press("c");
  await dialog().getByLabel(w.teams.name).fill("northwind MOBILE");
  await dialog().getByLabel(w.teams.firstAdmin).fill("nobody.here");
  await press(w.teams.createAction);
  await dialog().getByText(w.violations.admin_user_id.unknown_reference).waitFor();
  await dialog().getByLabel(w.teams.firstAdmin).fill("jisoo.han");
  await press(w.teams.createAction);
  await dialog().getByText(w.problems.team_name_taken).waitFor();
  await dialog().getByLabel(w.teams.name).fill("<i>Harbor</i>");
  await press(w.teams.createAction);
  await page.getByText(w.teams.wasCreated("<i>Harbor</i>")).waitFor();
  assert.equal(await page.locator("tbody i:not(.tally i)").count(), 0);
  await row("<i>Harbor</i>").locator("td", { hasText: "jisoo.han" }).waitFor();

  await more("<i>Harbor</i>", w.teams.rename);
  await dialog().getByLabel(w.teams.name).fill("Harbor");
  await press(w.teams.rename);
  await row("Harbor").waitFor();
  await button(w.toast.undo).click();
  await page.getByRole("link", { name: "<i>Harbor</i>" }).waitFor();

  await more("Northwind Mobile", w.teams.delete);
  await press(w.teams.deleteAction);
  await dialog().getByText(w.problems.team_not_empty).waitFor();
  await press(w.dialog.cancel);
  await more("<i>Harbor</i>", w.teams.delete);
  await press(w.teams.deleteAction);
  await row("<i>Harbor</i>").waitFor({ state: "detached" });
});

test("a team without an admin is marked", async () => {
  const lone = await user(fixture, "lone.admin");
  await team(fixture, "Adrift", lone);
  await fixture.call("DELETE", `/v1/users/${lone.user_id}`);
  await open("/teams");
  await row("Adrift").locator(".tag.amber", { hasText: w.teams.noAdmin }).last().waitFor();
});

test("the last admin cannot leave, and a member without a team is asked for a code", async () => {
  await open("/teams", { as: "mina.park" });
  await more("Northwind Mobile", w.teams.leave);
  await press(w.teams.leave);
  await dialog().getByText(w.problems.last_team_admin).waitFor();
  await user(fixture, "short.stay");
  await member(fixture, at.team, "short.stay", "reviewer");
  await open("/teams", { as: "short.stay" });
  await more("Northwind Mobile", w.teams.leave);
  await press(w.teams.leave);
  await page.getByRole("heading", { name: w.entries.join }).waitFor();
  assert.equal(new URL(page.url()).pathname, "/join");
  assert.deepEqual(await page.locator("nav a:visible").allTextContents(), [w.entries.join]);
});

test("team pages have addresses, and other teams are not found", async () => {
  await open(`/teams/${at.team.team_id}`, { as: "t.berg" });
  await page.locator("tr.row").first().waitFor();
  assert.equal(new URL(page.url()).pathname, of("members"));
  await page.getByRole("link", { name: w.team.tabs.roles }).click();
  await page.locator(".grid").waitFor();
  assert.equal(await page.title(), "Roles · Northwind Mobile · Rollcall");
  await page.goBack();
  await page.locator("tr.row").first().waitFor();
  await page.goto(of("audit"));
  await page.getByText(w.notFound.text).waitFor();
  const foreign = await team(fixture, "Foreign", null);
  await page.goto(of("members", foreign));
  await page.getByText(w.teams.gone).waitFor();
});

test("the applications of a team are listed and created in it", async () => {
  await open(of("apps"), { as: "mina.park" });
  await row("Harbor Chat").waitFor();
  await page.keyboard.press("c");
  await dialog().getByLabel(w.teams.name).fill("Pier Live");
  await press(w.apps.createAction);
  await row("Pier Live").waitFor();
  const asMina = await as(fixture, "mina.park");
  assert.equal((await asMina("GET", `/v1/apps?team_id=${at.team.team_id}`)).items.length, 2);
});

test("the keyboard alone leads from the teams to the role of a member", async () => {
  await open("/me/profile", { ready: "h1:visible" });
  await page.keyboard.press("g");
  await page.keyboard.press("t");
  await page.locator("tr.row").first().waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.locator("tr.row", { hasText: "t.berg" }).waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("e");
  await dialog().getByText(w.members.changeTitle("Tomas.Berg")).waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press(".");
  await page.getByRole("menuitem", { name: w.members.changeRole }).waitFor();
  await page.keyboard.press("Escape");
  for (const [key, path, title] of [
    ["u", "/users", w.entries.users],
    ["l", "/audit", w.team.tabs.audit],
    ["p", "/apps", w.team.tabs.apps],
  ]) {
    await page.keyboard.press("g");
    await page.keyboard.press(key);
    await page.waitForURL(`**${path}`);
    await page.getByRole("heading", { name: title }).waitFor();
  }
});

test("a conflicting name is shown and replaced only by renaming again", async () => {
  const made = await team(fixture, "Named twice", null);
  await open("/teams");
  await more("Named twice", w.teams.rename);
  await dialog().getByLabel(w.teams.name).fill("Mine");
  await fixture.call("PATCH", `/v1/teams/${made.team_id}`, { name: "Theirs" });
  await press(w.teams.rename);
  await dialog().getByText(w.conflict.renamed("Theirs")).waitFor();
  assert.ok(
    await dialog()
      .getByLabel(w.teams.name)
      .evaluate((input) => input === document.activeElement),
  );
  await press(w.teams.rename);
  await row("Mine").waitFor();
  // The undo restores the former name, but does not overwrite a newer one.
  await fixture.call("PATCH", `/v1/teams/${made.team_id}`, { name: "Later" });
  await button(w.toast.undo).click();
  await page.locator(".toast").getByText(w.problems.version_conflict).waitFor();
  assert.equal((await fixture.call("GET", `/v1/teams/${made.team_id}`)).name, "Later");
});

test("leaving a team from its members leads to the remaining teams", async () => {
  await user(fixture, "two.teams");
  const second = await team(fixture, "Second home", null);
  for (const one of [at.team, second]) await member(fixture, one, "two.teams", "reviewer");
  await open(of("members"), { as: "two.teams" });
  await more("two.teams", w.teams.leave);
  await press(w.teams.leave);
  await row("Second home").waitFor();
  assert.equal(new URL(page.url()).pathname, "/teams");
});

test("a member who may not see their team can still leave it", async () => {
  const keeper = await role(fixture, at.team, "Record keeper", ["audit.read"]);
  await user(fixture, "sees.little");
  await member(fixture, at.team, "sees.little", keeper.role_id);
  await open("/teams", { as: "sees.little" });
  await row("Record keeper").waitFor();
  assert.equal(await page.locator("tr.row a").count(), 0);
  await more("Northwind Mobile", w.teams.leave);
  await press(w.teams.leave);
  await page.waitForURL("**/join");
});
