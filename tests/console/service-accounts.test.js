// Service accounts: those of the platform and those of a team, and who manages their keys.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ADMIN, PASSWORD } from "./fixture.js";
import { as, northwind, SECRET, user } from "./seed.js";
import { button, choose, dialog, fixture, open, page, press, row, useFixture } from "./suite.js";
import { keyWordsOf, wordsOf } from "./words.js";

const [w, k] = [await wordsOf("en"), await keyWordsOf("en")];

let at;
useFixture({}, async () => {
  at = await northwind(fixture);
  await user(fixture, "grace", { type: "platform_admin" });
});

const create = (login, type) => fixture.call("POST", "/v1/users", { username: login, login, type });
const newKey = (path, name, { days = 90, of = fixture.call.bind(fixture), password = PASSWORD } = {}) =>
  of("POST", path, { name, scopes: ["read"], expires_in_days: days, current_password: password });
const status = (secret) =>
  fetch(`${fixture.origin}/v1/me`, { headers: { Authorization: `Bearer ${secret}` } }).then((reply) => reply.status);
const menuOf = async (name) => {
  await button(name).click();
  const items = await page.getByRole("menuitem").allTextContents();
  await page.keyboard.press("Escape");
  return items;
};
const entry = (name) => page.locator(".api-keys li", { hasText: name });

test("a service account is created without a password and gets a key", async () => {
  await open("/users");
  await page.keyboard.press("c");
  await dialog().getByLabel(w.users.username).fill("Nightly.Jobs");
  await dialog().getByLabel(w.users.login, { exact: true }).fill("nightly.jobs");
  await dialog().getByLabel(w.users.type).selectOption(w.me.types.platform_service);
  await dialog().getByText(k.service.typeHints.platform_service).waitFor();
  assert.equal(await dialog().getByLabel(w.users.email).count(), 0);
  assert.equal(await dialog().getByText(w.initialPassword.label).count(), 0);
  await press(w.users.createAction);
  await row("nightly.jobs").locator("td", { hasText: w.me.types.platform_service }).waitFor();
  await button(w.toast.open).click();
  await page.getByRole("heading", { name: k.of("nightly.jobs") }).waitFor();
  await button(k.create).click();
  await dialog().getByLabel(k.name, { exact: true }).fill("Directory");
  await dialog().getByRole("checkbox", { name: k.scopes["users.read"] }).check();
  await dialog().getByLabel(k.password).fill(PASSWORD);
  await press(k.createAction);
  const secret = await page.locator(".code-panel .secret").first().textContent();
  assert.equal(await status(secret), 200);
});

test("a service account has no operations that only people need", async () => {
  const { user: made } = await create("quiet.service", "service");
  await open("/users");
  assert.deepEqual(await menuOf(w.users.more("quiet.service")), [
    w.users.edit,
    w.users.keys,
    w.users.disable,
    `${w.users.delete} quiet.service`,
  ]);
  await page.goto(`/users/${made.user_id}`);
  await dialog().getByText(k.service.home).waitFor();
  await dialog().getByText(k.service.platform, { exact: true }).waitFor();
  for (const absent of [w.users.type, w.users.email]) assert.equal(await dialog().getByLabel(absent).count(), 0);
  for (const absent of [w.users.twoFactorLong, w.users.lastSignIn, w.users.emailStatus])
    assert.equal(await dialog().getByText(absent, { exact: true }).count(), 0);
  await dialog().getByLabel(w.users.username).fill("Renamed.Service");
  await press(w.dialog.saveChanges);
  await row("Renamed.Service").waitFor();
});

test("users are filtered by the types of service accounts", async () => {
  await create("only.service", "service");
  await open("/users?type=service");
  await row("only.service").waitFor();
  assert.equal(await row("mina.park").count(), 0);
  await button(`Type ${w.me.types.service}`).click();
  await page.getByRole("menuitemradio", { name: w.me.types.platform_service }).click();
  await row("only.service").waitFor({ state: "detached" });
});

test("disabling a service account asks first, because its keys end for good", async () => {
  const { user: made } = await create("stopped.service", "service");
  const { secret } = await newKey(`/v1/users/${made.user_id}/keys`, "Ends");
  await open("/users");
  await choose(w.users.more("stopped.service"), w.users.disable);
  await dialog().getByText(k.service.disableText).waitFor();
  await press(w.users.disable);
  await row("stopped.service").locator("td", { hasText: w.members.statuses.disabled }).waitFor();
  await choose(w.users.more("stopped.service"), w.users.enable);
  await row("stopped.service").locator("td", { hasText: w.members.statuses.disabled }).waitFor({ state: "detached" });
  assert.equal(await status(secret), 401);
  await page.goto(`/users/${made.user_id}/keys`);
  await entry("Ends").getByText(k.statuses.revoked).waitFor();
});

test("the keys of people are listed and revoked, but not created", async () => {
  const asMina = await as(fixture, "mina.park");
  const { secret } = await newKey("/v1/me/keys", "Of a person", { of: asMina, password: SECRET });
  await open("/users");
  await choose(w.users.more("mina.park"), w.users.keys);
  await page.getByText(k.texts.person).waitFor();
  assert.equal(await button(k.create).count(), 0);
  assert.deepEqual(await menuOf(k.more("Of a person")), [`${k.revoke} Of a person`]);
  await choose(k.more("Of a person"), k.revoke);
  await press(k.revokeAction);
  await entry("Of a person").getByText(k.statuses.revoked).waitFor();
  assert.equal(await status(secret), 401);
});

test("a platform admin manages the keys of a service account and revokes those of the platform’s", async () => {
  const { user: platform } = await create("deploy.bot", "platform_service");
  const { user: service } = await create("search.bot", "service");
  await newKey(`/v1/users/${platform.user_id}/keys`, "Deploys");
  await newKey(`/v1/users/${service.user_id}/keys`, "Searches");
  await open(`/users/${platform.user_id}/keys`, { as: "grace", ready: ".api-keys li" });
  await page.getByText(k.texts.platformService).waitFor();
  assert.deepEqual(await menuOf(k.more("Deploys")), [`${k.revoke} Deploys`]);
  await page.goto(`/users/${service.user_id}/keys`);
  await entry("Searches").waitFor();
  assert.deepEqual(await menuOf(k.more("Searches")), [k.rename, k.rotate, `${k.revoke} Searches`]);
  assert.equal(await button(k.create).count(), 1);
  const { items } = await fixture.call("GET", `/v1/users?q=${ADMIN}&type=super_admin`);
  await page.goto(`/users/${items[0].user_id}/keys`);
  await page.getByText(k.texts.admin).waitFor();
});

test("a team creates a service account, manages its keys, and deletes it by taking it off", async () => {
  const members = `/teams/${at.team.team_id}/members`;
  await open(members, { as: "t.berg" });
  await page.keyboard.press("c");
  await dialog().getByText(w.me.types.service, { exact: true }).click();
  await dialog().getByText(k.service.ofTeam).waitFor();
  await dialog().getByLabel(w.members.fields.username).fill("Team.Bot");
  await dialog().getByLabel(w.members.fields.login).fill("team.bot");
  assert.equal(await dialog().getByLabel(w.members.fields.email).count(), 0);
  await press(w.members.add);
  await row("team.bot").getByText(w.me.types.service).waitFor();
  assert.ok(!(await menuOf(w.members.more("li.xiaolong"))).includes(w.users.keys));
  await choose(w.members.more("team.bot"), w.users.keys);
  await page.getByRole("heading", { name: k.of("team.bot") }).waitFor();
  await button(k.create).click();
  await dialog().getByLabel(k.name, { exact: true }).fill("Team import");
  await dialog().getByRole("checkbox", { name: k.scopes.read }).check();
  assert.equal(await dialog().getByRole("checkbox", { name: k.scopes["users.read"] }).count(), 0);
  await dialog().getByLabel(k.password).fill(SECRET);
  await press(k.createAction);
  const secret = await page.locator(".code-panel .secret").first().textContent();
  assert.equal(await status(secret), 200);
  await button(k.secret.done).click();
  await press(k.secret.leave);

  await page.goto(members);
  await choose(w.members.more("team.bot"), w.members.remove);
  await dialog().getByText(k.service.removeText).waitFor();
  await press(k.service.removeAction);
  await row("team.bot").waitFor({ state: "detached" });
  assert.equal(await status(secret), 401);
  const { items } = await fixture.call("GET", "/v1/users?q=team.bot");
  assert.deepEqual(items, []);
});

test("the keys of a member who is no service account of the team have no page there", async () => {
  for (const id of [at.mina.user_id, "01a1fb21-fb01-75d9-8551-bd613cefbc94"]) {
    await open(`/teams/${at.team.team_id}/members/${id}/keys`, { as: "t.berg", ready: ".empty" });
    await page.getByText(k.gone).waitFor();
  }
});

test("all keys of the platform are listed, filtered and revoked", async () => {
  const { user: made } = await create("listed.bot", "service");
  const path = `/v1/users/${made.user_id}/keys`;
  await newKey(path, "Listed one");
  const { secret } = await newKey(path, "Listed two");
  await open("/users");
  await page.getByRole("link", { name: w.users.keys }).click();
  await row("Listed two").locator("td", { hasText: "listed.bot" }).waitFor();
  await choose(k.more("Listed two"), k.onlyOwner("listed.bot"));
  await page.locator(".filter-button.fixed", { hasText: "listed.bot" }).waitFor();
  await page.locator("tr.row").nth(2).waitFor({ state: "detached" });
  assert.deepEqual(await page.locator("tr.row .who a").allTextContents(), ["Listed two", "Listed one"]);
  await choose(k.more("Listed two"), k.revoke);
  await press(k.revokeAction);
  await row("Listed two").getByText(k.statuses.revoked).waitFor();
  assert.equal(await status(secret), 401);
  await button(`${k.status} All`).click();
  await page.getByRole("menuitemradio", { name: k.statuses.active }).click();
  await row("Listed two").waitFor({ state: "detached" });
  await page.waitForURL(`**/users/keys?owner=${made.user_id}&status=active`);
  await button(`${k.unused} All`).click();
  await page.getByRole("menuitemradio", { name: k.days(90) }).click();
  await page.getByText(k.noMatch).waitFor();
  await button(w.list.clearFilters).click();
  await row("Listed one").click();
  await page.getByRole("heading", { name: k.of("listed.bot") }).waitFor();
});

test("members cannot open the keys of others", async () => {
  for (const address of ["/users/keys", `/users/${at.mina.user_id}/keys`]) {
    await open(address, { as: "t.berg", ready: "h1:visible" });
    await page.getByText(w.notFound.text).or(page.getByText(k.gone)).first().waitFor();
  }
});

test("keys that were not used for 90 days are found", async () => {
  const { user: made } = await create("seldom.bot", "service");
  const path = `/v1/users/${made.user_id}/keys`;
  await newKey(path, "Forgotten", { days: 365 });
  const { secret } = await newKey(path, "In use", { days: 365 });
  await fixture.advance(91 * 86_400);
  assert.equal(await status(secret), 200);
  await open(`/users/keys?owner=${made.user_id}&unused=90`);
  await row("Forgotten").locator("td", { hasText: k.never }).waitFor();
  assert.equal(await row("In use").count(), 0);
});
