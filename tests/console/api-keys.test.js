// A person's own API keys: create, use, rename, rotate, revoke.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { Keyboard } from "./input.js";
import { as, firstApp, northwind, SECRET, user } from "./seed.js";
import { button, choose, dialog, fixture, open, page, press, row, useFixture } from "./suite.js";
import { keyWordsOf, wordsOf } from "./words.js";

const [w, k] = [await wordsOf("en"), await keyWordsOf("en")];
const shell = promisify(execFile);

useFixture({}, async () => {
  await northwind(fixture);
  for (const login of ["forgets", "renames", "collects", "types.only", "overlaps", "expires"])
    await user(fixture, login, { confirmed: false });
});

const OWN = "/me/keys";
const entry = (name) => page.locator(".api-keys li", { hasText: name });
const secret = () => page.locator(".code-panel .secret").first().textContent();
const command = () => page.locator(".code-panel .command").textContent();

// Fills the dialog that creates a key.
async function create(name, scopes) {
  await button(k.create).click();
  await dialog().getByLabel(k.name, { exact: true }).fill(name);
  for (const scope of scopes) await dialog().getByRole("checkbox", { name: k.scopes[scope] }).check();
  await dialog().getByLabel(k.password).fill(SECRET);
}

// What the server answers to a command that a person pastes into a shell.
async function run(line) {
  const { stdout } = await shell("sh", ["-c", `${line} --silent`]);
  return JSON.parse(stdout);
}

test("a key is created, shown once with a command that works, rotated and revoked", async () => {
  await open(OWN, { as: "t.berg", ready: ".api-keys .empty" });
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await create("Nightly export", ["read", "accounts.export"]);
  await press(k.createAction);
  await page.getByText(k.secret.text).waitFor();
  const first = await secret();
  await button(k.secret.copyCurl).click();
  const line = await page.evaluate(() => navigator.clipboard.readText());
  assert.equal(line, await command());
  const { user, session, key } = await run(line);
  assert.deepEqual(
    [user.login, session, key.name, key.scopes],
    ["t.berg", null, "Nightly export", ["read", "accounts.export"]],
  );

  await button(k.secret.done).click();
  await page.locator(".code-panel").waitFor({ state: "detached" });
  await page.reload();
  await entry("Nightly export").waitFor();
  assert.ok(!(await page.content()).includes(first));
  await entry("Nightly export")
    .getByText(k.ending(first.slice(-11, -7)))
    .waitFor();

  await choose(k.more("Nightly export"), k.rotate);
  await dialog().getByLabel(k.overlap).selectOption(k.overlaps[0]);
  await dialog().getByLabel(k.password).fill(SECRET);
  await press(k.rotate);
  await page.getByText(k.secret.text).waitFor();
  assert.notEqual(await secret(), first);
  assert.equal((await run(line)).code, "unauthenticated");
  const rotated = await command();
  assert.equal((await run(rotated)).user.login, "t.berg");

  await choose(k.more("Nightly export"), k.revoke);
  await press(k.revokeAction);
  await entry("Nightly export").getByText(k.statuses.revoked).waitFor();
  assert.equal(await page.locator(".code-panel").count(), 0);
  assert.equal(await button(k.more("Nightly export")).count(), 0);
  assert.equal((await run(rotated)).code, "unauthenticated");
});

const newKey = async (login, name, rest) => {
  const call = await as(fixture, login);
  const body = { name, scopes: ["read"], expires_in_days: 30, current_password: SECRET, ...rest };
  return call("POST", "/v1/me/keys", body);
};

test("what is missing or wrong is said at its field", async () => {
  await open(OWN, { as: "li.xiaolong", ready: ".api-keys .empty" });
  await page.keyboard.press("c");
  await press(k.createAction);
  assert.equal(await dialog().getByText(w.violations.any.required).count(), 2);
  await dialog().getByText(k.noScopes).waitFor();
  await dialog().getByLabel(k.name, { exact: true }).fill("Wrong at first");
  await dialog().getByRole("checkbox", { name: k.scopes.read }).check();
  await dialog().getByLabel(k.expiry).selectOption(k.otherDays);
  await dialog().getByLabel(k.networks).fill("203.0.113.7/24");
  await dialog().getByLabel(k.password).fill("not the password 1");
  await press(k.createAction);
  await dialog().getByText(k.daysWrong(365)).waitFor();
  await dialog().getByLabel(k.daysField, { exact: true }).fill("366");
  await press(k.createAction);
  await dialog().getByText(k.daysWrong(365)).waitFor();
  await dialog().getByLabel(k.daysField, { exact: true }).fill("３６");
  await press(k.createAction);
  await dialog().getByText(w.violations.cidrs.bad_format).waitFor();
  await dialog().getByLabel(k.networks).fill("203.0.113.0/24\n127.0.0.1");
  await press(k.createAction);
  await dialog().getByText(w.violations.current_password.incorrect).waitFor();
  await dialog().getByLabel(k.password).fill(SECRET);
  await press(k.createAction);
  await page.getByText(k.secret.text).waitFor();
  await entry("Wrong at first").getByText("203.0.113.0/24 and 127.0.0.1").waitFor();
  const { items } = await (await as(fixture, "li.xiaolong"))("GET", "/v1/me/keys");
  assert.equal(Date.parse(items[0].expires_at) - Date.parse(items[0].created_at), 36 * 86_400_000);
});

test("a key that is bound to an application tries that application", async () => {
  const app = await firstApp(fixture);
  await open(OWN, { as: "mina.park", ready: ".api-keys .empty" });
  await create("Only one", ["accounts.read"]);
  await dialog().getByRole("combobox", { name: k.apps }).selectOption(app.name);
  await dialog().getByText(k.someApps).waitFor();
  await dialog()
    .getByRole("button", { name: k.removeApp(app.name) })
    .click();
  await dialog().getByText(k.allApps).waitFor();
  await dialog().getByRole("combobox", { name: k.apps }).selectOption(app.name);
  await press(k.createAction);
  await page.getByText(k.secret.text).waitFor();
  assert.equal((await run(await command())).app_id, app.app_id);
  await entry("Only one").getByText(app.name).waitFor();
});

test("a secret that was not copied is not lost by accident", async () => {
  await open(OWN, { as: "forgets", ready: ".api-keys .empty" });
  await create("First", ["read"]);
  await press(k.createAction);
  await page.getByText(k.secret.text).waitFor();
  await page.getByRole("link", { name: w.me.tabs.sessions }).click();
  await page.getByText(k.secret.question).waitFor();
  await press(k.secret.stay);
  await create("Second", ["read"]);
  await dialog().getByText(k.replaces).waitFor();
  await press(w.dialog.cancel);
  await button(k.secret.done).click();
  await press(k.secret.leave);
  await page.locator(".code-panel").waitFor({ state: "detached" });
});

test("a key is renamed, which can be undone", async () => {
  await newKey("renames", "Before");
  await open(OWN, { as: "renames", ready: ".api-keys li" });
  await choose(k.more("Before"), k.rename);
  await dialog().getByLabel(k.name, { exact: true }).fill("After");
  await press(k.rename);
  await entry("After").waitFor();
  await button(w.toast.undo).click();
  await entry("Before").waitFor();
});

test("the twenty-first active key is refused", async () => {
  for (let count = 1; count <= 20; count += 1) await newKey("collects", `Key ${count}`);
  await open(OWN, { as: "collects", ready: ".api-keys li" });
  await page.getByText(k.active(20, 20)).waitFor();
  await create("One more", ["read"]);
  await press(k.createAction);
  await dialog().getByText(w.problems.too_many_keys).waitFor();
});

test("a key is created and revoked with the keyboard alone", async () => {
  await open(OWN, { as: "types.only", ready: ".api-keys .empty" });
  const keyboard = new Keyboard(page);
  await keyboard.press(button(k.create));
  await keyboard.write(dialog().getByLabel(k.name, { exact: true }), "By keyboard");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Space");
  await keyboard.write(dialog().getByLabel(k.password), SECRET);
  await page.keyboard.press("Enter");
  await page.getByText(k.secret.text).waitFor();
  assert.ok(await page.locator(".code-panel").evaluate((panel) => panel === document.activeElement));
  await keyboard.press(button(k.secret.done));
  await keyboard.press(dialog().getByRole("button", { name: k.secret.leave, exact: true }));
  await keyboard.press(button(k.more("By keyboard")));
  await keyboard.press(page.getByRole("menuitem", { name: k.revoke }));
  await keyboard.press(dialog().getByRole("button", { name: k.revokeAction }));
  await entry("By keyboard").getByText(k.statuses.revoked).waitFor();
});

test("the log names the key that was used, and the key that was changed", async () => {
  const { key, secret: token } = await newKey("mina.park", "Robot", { scopes: ["team.edit"] });
  const call = await as(fixture, "mina.park");
  const [team] = (await call("GET", "/v1/teams")).items;
  const headers = { Authorization: `Bearer ${token}` };
  await fixture.send("PATCH", `/v1/teams/${team.team_id}`, { name: "Named by a robot" }, headers);
  await call("DELETE", `/v1/me/keys/${key.key_id}`);
  await open("/audit?action=team.edit");
  await row(w.audit.actions["team.edit"]).getByText(w.audit.byKey("Robot")).first().waitFor();
  await page.goto("/audit?action=key.revoke");
  await row("Robot").locator("td", { hasText: w.audit.kinds.key }).waitFor();
  // Whoever reads the log of the team alone may not know whose key it is.
  await open(`/teams/${team.team_id}/audit?action=team.edit`, { as: "mina.park" });
  await row(w.audit.actions["team.edit"]).getByText(w.audit.byKey(undefined)).first().waitFor();
});

test("while a rotated key overlaps, both secrets work", async () => {
  const { secret: before } = await newKey("overlaps", "Twice");
  await open(OWN, { as: "overlaps", ready: ".api-keys li" });
  await choose(k.more("Twice"), k.rotate);
  await dialog().getByLabel(k.overlap).selectOption(k.overlaps[24]);
  await dialog().getByLabel(k.expiry).selectOption(k.days(180));
  await dialog().getByLabel(k.password).fill(SECRET);
  await press(k.rotate);
  await page.getByText(k.secret.text).waitFor();
  await entry("Twice").getByText("The previous secret works until").waitFor();
  const line = await command();
  const after = await secret();
  assert.deepEqual([(await run(line)).key.name, (await run(line.replace(after, before))).key.name], ["Twice", "Twice"]);
  await fixture.advance(86_401);
  assert.equal((await run(line.replace(after, before))).code, "unauthenticated");
  assert.equal((await run(line)).key.name, "Twice");
});

test("a key that ends soon says so, and an expired one has no actions", async () => {
  await newKey("expires", "Short", { expires_in_days: 2 });
  await open(OWN, { as: "expires", ready: ".api-keys li" });
  await entry("Short").getByText(k.expiresSoon(2)).waitFor();
  await fixture.advance(2 * 86_400);
  await open(OWN, { as: "expires", ready: ".api-keys li" });
  await entry("Short").getByText(k.statuses.expired).waitFor();
  assert.equal(await button(k.more("Short")).count(), 0);
});
