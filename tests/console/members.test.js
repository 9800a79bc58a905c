// Members of a team: add, change role, remove.
import assert from "node:assert/strict";
import { test } from "node:test";
import { member, northwind, user } from "./seed.js";
import { button, choose, dialog, fixture, open, page, press, row, useFixture } from "./suite.js";
import { wordsOf } from "./words.js";

const w = await wordsOf("en");

let at;
useFixture({}, async () => {
  at = await northwind(fixture);
});

const of = (tab, made = at.team) => `/teams/${made.team_id}/${tab}`;
const more = (name, item) => choose(w.teams.more(name), item);

test("a member is added by login, gets another role, and is removed", async () => {
  await open(of("members"), { as: "t.berg" });
  await row("mina.park").waitFor();
  await page.keyboard.press("c");
  await dialog().getByLabel(w.members.fields.login).fill("admin");
  await press(w.members.add);
  await dialog().getByText(w.problems.not_a_member).waitFor();
  await dialog().getByLabel(w.members.fields.login).fill("no.such.login");
  await press(w.members.add);
  await dialog().getByText(w.violations.login.unknown_reference).waitFor();
  await dialog().getByLabel(w.members.fields.login).fill("jisoo.han");
  // A member manager can grant every preset except admin.
  assert.deepEqual(await dialog().locator("option").allTextContents(), [
    w.roles.member_manager,
    w.roles.senior_developer,
    w.roles.developer,
    w.roles.operator,
    w.roles.reviewer,
    "Support lead",
  ]);
  await press(w.members.add);
  await row("jisoo.han").getByText(w.roles.developer, { exact: true }).first().waitFor();

  await row("jisoo.han").click();
  await dialog().getByLabel(w.members.role).selectOption(w.roles.reviewer);
  await press(w.members.changeRole);
  await page.getByText(w.members.hasRole("jisoo.han", w.roles.reviewer)).waitFor();
  await button(w.toast.undo).click();
  await page.getByText(w.members.hasRole("jisoo.han", w.roles.developer)).waitFor();

  await more("jisoo.han", w.members.remove);
  await press(w.members.removeAction);
  await row("jisoo.han").waitFor({ state: "detached" });
  assert.equal((await fixture.call("GET", `/v1${of("members")}`)).items.length, 3);
});

test("members whose role cannot be granted have no actions", async () => {
  await open(of("members"), { as: "t.berg" });
  await row("mina.park").waitFor();
  assert.equal(await row("mina.park").getByRole("button").count(), 0);
  // Their own row offers only their account and leaving.
  await page.getByRole("button", { name: w.teams.more("t.berg") }).click();
  assert.deepEqual(await page.getByRole("menuitem").allTextContents(), [w.person.account, w.teams.leave]);
});

test("a new user of the team gets a password that is shown once", async () => {
  await open(of("members"), { as: "t.berg" });
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await button(w.team.create.members).click();
  await dialog().getByText(w.members.new).click();
  await dialog().getByLabel(w.members.fields.username).fill("a<b>");
  await dialog().getByLabel(w.members.fields.login).fill("mina.park");
  await press(w.members.add);
  await dialog().getByText(w.violations.username.bad_format).waitFor();
  await dialog().getByLabel(w.members.fields.username).fill("Hana.Sato");
  await press(w.members.add);
  await dialog().getByText(w.problems.login_taken).waitFor();
  await dialog().getByLabel(w.members.fields.login).fill("h.sato");
  await press(w.members.add);
  await dialog().getByText(w.initialPassword.shown).waitFor();
  const password = await dialog().locator("output").textContent();
  await press(w.dialog.close);
  await dialog().getByText(w.initialPassword.uncopied).waitFor();
  await press(w.initialPassword.copy);
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), password);
  await press(w.dialog.close);
  await row("h.sato").waitFor();
  const { user: signedIn } = await fixture.send("POST", "/v1/login", { login: "h.sato", password });
  assert.equal(signedIn.password_change_required, true);
});

test("the edit key opens the role of the focused member", async () => {
  await open(of("members"), { as: "t.berg" });
  await row("li.xiaolong").waitFor();
  for (let steps = 0; steps < 3; steps += 1) await page.keyboard.press("j");
  await page.keyboard.press("e");
  await dialog().getByText(w.members.changeTitle("李小龙")).waitFor();
});

test("a role that changed concurrently is shown before it is changed again", async () => {
  const member = (await fixture.call("GET", `/v1/teams/${at.team.team_id}/members`)).items.find(
    ({ login }) => login === "t.berg",
  );
  await open(of("members"), { as: "mina.park" });
  await more("t.berg", w.members.changeRole);
  await dialog().getByLabel(w.members.role).selectOption(w.roles.operator);
  await fixture.call("PATCH", `/v1/teams/${at.team.team_id}/members/${member.user_id}`, { role_id: "reviewer" });
  await press(w.members.changeRole);
  await page.getByRole("alert").getByText(w.problems.version_conflict).waitFor();
  await row("t.berg").getByRole("cell", { name: w.roles.reviewer }).waitFor();
  await more("t.berg", w.members.changeRole);
  await dialog().getByLabel(w.members.role).selectOption(w.roles.member_manager);
  await press(w.members.changeRole);
  await page.getByText(w.members.hasRole("Tomas.Berg", w.roles.member_manager)).waitFor();
});

test("a reader of accounts sees every field and can edit none", async () => {
  await user(fixture, "only.reads");
  await member(fixture, at.team, "only.reads", "reviewer");
  const { items } = await fixture.call("GET", `/v1/apps?team_id=${at.team.team_id}`);
  const path = `/apps/${items[0].app_id}/accounts`;
  await fixture.call("POST", `/v1${path}`, {
    user_id: "looked.at",
    type: "general",
    gender: "female",
    friending: "forbidden",
  });
  await open(`${path}/looked.at`, { as: "only.reads" });
  assert.equal(await dialog().getByLabel(w.accounts.fields.gender).inputValue(), w.accounts.choices.gender.female);
  assert.equal(
    await dialog().getByLabel(w.accounts.fields.friending).inputValue(),
    w.accounts.choices.friending.forbidden,
  );
  assert.equal(
    await dialog().locator("input:not([readonly], [disabled]), select, textarea:not([readonly])").count(),
    1,
    "the only one is the hidden input of the calendar",
  );
  assert.equal(await dialog().getByRole("button", { name: w.dialog.saveChanges }).count(), 0);
});
