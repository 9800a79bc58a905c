// The users of the platform: search, create, edit, disable, reset, delete.
import assert from "node:assert/strict";
import { test } from "node:test";
import { northwind, SECRET, user } from "./seed.js";
import { button, choose, dialog, fixture, open, page, press, row, useFixture } from "./suite.js";
import { wordsOf } from "./words.js";

const w = await wordsOf("en");

let at;
useFixture({}, async () => {
  at = await northwind(fixture);
  await user(fixture, "grace", { type: "platform_admin" });
});

const found = async (login) => (await fixture.call("GET", `/v1/users?q=${login}`)).items[0];
const more = (login, item) => choose(w.users.more(login), item);
const items = async (login) => {
  await button(w.users.more(login)).click();
  const texts = await page.getByRole("menuitem").allTextContents();
  await page.keyboard.press("Escape");
  return texts;
};

test("users are searched and filtered, and the address contains the filters", async () => {
  await open("/users");
  await row("t.berg").getByText("Northwind Mobile").waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("BERG");
  await row("mina.park").waitFor({ state: "detached" });
  assert.equal(await page.locator("tr.row").count(), 1);
  await page.waitForURL("**/users?q=BERG");
  await page.getByLabel(w.users.search).fill("");
  await button("Type All").click();
  await page.getByRole("menuitemradio", { name: w.me.types.platform_admin }).click();
  await row("t.berg").waitFor({ state: "detached" });
  await row("grace").waitFor();
  assert.deepEqual(await page.locator("tr.row .who a").allTextContents(), ["grace"]);
  await button(w.list.clearFilter(w.users.filters.type)).click();
  await button("Team All").click();
  await page.getByRole("menuitemradio", { name: "Northwind Mobile" }).click();
  await row("grace").waitFor({ state: "detached" });
  assert.equal(await page.locator("tr.row").count(), 3);
  await page.reload();
  await row("t.berg").waitFor();
  assert.equal(await page.locator("tr.row").count(), 3);
});

test("a user is created with a generated or a typed password", async () => {
  await open("/users");
  await page.keyboard.press("c");
  await dialog().getByLabel(w.users.username).fill("<script>");
  await dialog().getByLabel(w.users.login).fill("made.here");
  await press(w.users.createAction);
  await dialog().getByText(w.violations.username.bad_format).waitFor();
  await dialog().getByLabel(w.users.username).fill("Made.Here");
  await dialog().getByLabel(w.users.email).fill("nonsense");
  await press(w.users.createAction);
  await dialog().getByText(w.violations.email.bad_format).waitFor();
  await dialog().getByLabel(w.users.email).fill("made@northwind.example");
  await press(w.users.createAction);
  await dialog().getByText(w.initialPassword.of("made.here")).waitFor();
  const password = await dialog().locator("output").textContent();
  await page.keyboard.press("Escape");
  await dialog().getByText(w.initialPassword.uncopied).waitFor();
  await press(w.initialPassword.leave);
  await row("made.here").locator("td", { hasText: w.users.passwordDue }).waitFor();
  await row("made.here").getByText(w.email.unconfirmed).waitFor();
  assert.equal(
    (await fixture.send("POST", "/v1/login", { login: "made.here", password })).user.password_change_required,
    true,
  );

  await button(w.users.create).click();
  await dialog().getByLabel(w.users.username).fill("Typed.Here");
  await dialog().getByLabel(w.users.login).fill("MADE.here");
  await dialog().getByLabel(w.users.type).selectOption(w.me.types.platform_admin);
  await dialog().getByText(w.initialPassword.type).click();
  await press(w.users.createAction);
  await dialog().getByText(w.violations.any.required).waitFor();
  await dialog().getByLabel(w.initialPassword.password, { exact: true }).fill("typed.here is short");
  await press(w.users.createAction);
  await dialog()
    .getByText(w.violations.reasons.contains_name)
    .or(dialog().getByText(w.problems.login_taken))
    .first()
    .waitFor();
  await dialog().getByLabel(w.users.login).fill("typed.here");
  await dialog().getByLabel(w.initialPassword.password, { exact: true }).fill(SECRET);
  await press(w.users.createAction);
  await dialog().getByText(w.initialPassword.of("typed.here")).waitFor();
  assert.equal(await dialog().locator("output").textContent(), SECRET);
  assert.equal((await found("typed.here")).type, "platform_admin");
});

test("a user is edited beside the list, and a promotion removes them from their teams", async () => {
  const climber = await user(fixture, "climber");
  await fixture.call("POST", `/v1/teams/${at.team.team_id}/members`, { login: "climber", role_id: "developer" });
  await open(`/users/${climber.user_id}`);
  await dialog().getByText("Northwind Mobile").waitFor();
  await dialog().getByLabel(w.users.username).fill("Climber.One");
  await dialog().getByLabel(w.users.type).selectOption(w.me.types.platform_admin);
  await dialog().getByText(w.users.promoteHint).waitFor();
  await dialog().getByText(w.unsaved.count(2)).waitFor();
  await press(w.dialog.saveChanges);
  await row("Climber.One").locator("td", { hasText: w.me.types.platform_admin }).waitFor();
  assert.equal(new URL(page.url()).pathname, "/users");
  const now = await fixture.call("GET", `/v1/users/${climber.user_id}`);
  assert.deepEqual([now.type, now.teams], ["platform_admin", []]);
});

test("a renaming is undone, and leaving with unsaved changes asks first", async () => {
  await open("/users");
  await row("t.berg").getByRole("link").click();
  await dialog().getByLabel(w.users.username).fill("Tom");
  await page.goBack();
  await page.getByText(w.unsaved.title(1)).waitFor();
  await page.getByRole("button", { name: w.unsaved.keep }).click();
  await press(w.dialog.saveChanges);
  await row("t.berg").getByText("Tom", { exact: true }).waitFor();
  await button(w.toast.undo).click();
  await row("t.berg").getByText("Tomas.Berg").waitFor();
  await row("t.berg").getByRole("link").click();
  await dialog().waitFor();
  await page.goBack();
  await dialog().waitFor({ state: "detached" });
  assert.equal(new URL(page.url()).pathname, "/users");
});

test("disabling a user can be undone", async () => {
  await user(fixture, "switched");
  await open("/users");
  await more("switched", w.users.disable);
  await row("switched").locator("td", { hasText: w.members.statuses.disabled }).waitFor();
  assert.equal((await found("switched")).status, "disabled");
  await button(w.toast.undo).click();
  await row("switched").locator("td", { hasText: w.members.statuses.disabled }).waitFor({ state: "detached" });
  assert.equal((await found("switched")).status, "enabled");
});

test("a password is reset, an email removed, sessions ended and the user deleted", async () => {
  await user(fixture, "handled");
  await open("/users");
  await more("handled", w.users.resetPassword);
  await press(w.users.resetPassword);
  await dialog().getByText(w.initialPassword.of("handled")).waitFor();
  const password = await dialog().locator("output").textContent();
  await press(w.dialog.close);
  await press(w.initialPassword.leave);
  await row("handled").locator("td", { hasText: w.users.passwordDue }).waitFor();
  await fixture.send("POST", "/v1/login", { login: "handled", password });
  await more("handled", w.users.unbindEmail);
  await press(w.users.unbindEmail);
  await page.getByText(w.users.questions["unbind-email"].done("handled")).waitFor();
  assert.equal((await found("handled")).email, null);
  assert.ok(!(await items("handled")).includes(w.users.unbindEmail));
  await more("handled", w.users.endSessions);
  await press(w.users.endSessions);
  await page.getByText(w.users.questions["end-sessions"].done("handled")).waitFor();
  await more("handled", w.users.delete);
  await dialog().getByText(w.users.questions.delete.title("handled")).waitFor();
  assert.ok(
    await dialog()
      .getByRole("button", { name: w.dialog.cancel })
      .evaluate((one) => one === document.activeElement),
  );
  await press(w.users.questions.delete.action);
  await row("handled").waitFor({ state: "detached" });
  assert.equal(await found("handled"), undefined);
});

test("a platform admin manages only members, and nobody manages themselves", async () => {
  await open("/users", { as: "grace" });
  await row("admin").first().waitFor();
  assert.equal(await button(w.users.more("admin")).count(), 0);
  assert.deepEqual(await items("grace"), [w.person.account, w.users.record]);
  assert.ok((await items("t.berg")).includes(w.users.disable));
  await row("t.berg").getByRole("link").click();
  await dialog().getByLabel(w.users.username).waitFor();
  assert.equal(await dialog().getByLabel(w.users.type).count(), 0);
  await press(w.dialog.close);
  await button(w.users.create).click();
  assert.deepEqual(await dialog().getByLabel(w.users.type).locator("option").allTextContents(), [
    w.me.types.member,
    w.me.types.platform_admin,
    w.me.types.service,
  ]);
});

test("a conflicting edit is resolved with the own values or the others", async () => {
  const second = await user(fixture, "second.hand");
  await open(`/users/${second.user_id}`);
  await dialog().getByLabel(w.users.username).fill("Mine");
  await fixture.call("PATCH", `/v1/users/${second.user_id}`, { username: "Theirs", email: "note@northwind.example" });
  await press(w.dialog.saveChanges);
  await dialog().getByText(w.conflict.title).waitFor();
  assert.equal(await dialog().getByLabel(w.users.email).inputValue(), "note@northwind.example");
  await press(w.conflict.keep);
  await press(w.dialog.saveChanges);
  await row("second.hand").getByText("Mine", { exact: true }).waitFor();
  assert.equal((await found("second.hand")).email, "note@northwind.example");
});

test("members cannot open the list of users, and a phone shows the same list", async () => {
  await open("/users", { as: "t.berg", ready: "h1:visible" });
  await page.getByText(w.notFound.text).waitFor();
  await open("/users", { width: 390 });
  await row("mina.park").waitFor();
  await more("mina.park", w.users.edit);
  await dialog().getByLabel(w.users.username).waitFor();
});
