// Failures are reported, can be retried, and lose nothing that was typed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { twoApps } from "./seed.js";
import { choose, dialog, fixture, newPage, open, page, useFixture } from "./suite.js";
import { wordsOf } from "./words.js";

const w = await wordsOf("en");

let app;
let other;
useFixture({ seed: 60 }, async () => {
  ({ app, other } = await twoApps(fixture));
});

const accounts = (of = app) => `/apps/${of.app_id}/accounts`;
const more = (id, item) => choose(w.accounts.more(id), item);
// The server handles the request, but the reply is lost.
const loseReply = (path) =>
  page.route(
    path,
    async (route) => {
      await route.fetch();
      await route.abort();
    },
    { times: 1 },
  );
const refuse = (path, status, body) => page.route(path, (route) => route.fulfill({ status, json: body }), { times: 1 });

test("a toast over a sheet is announced and can be used", async () => {
  await open(`${accounts()}/aditi.chen21`);
  await dialog()
    .getByRole("button", { name: w.accounts.more("aditi.chen21") })
    .click();
  await page.getByRole("menuitem", { name: new RegExp(w.accounts.setAdmin) }).click();
  await dialog()
    .locator(".toast", { hasText: w.accounts.isAdmin("aditi.chen21") })
    .waitFor();
  assert.equal(await page.locator('dialog .unseen[role="status"]').count(), 1);
  await page.getByRole("button", { name: w.toast.undo }).click();
  await dialog()
    .locator(".toast", { hasText: w.accounts.isGeneral("aditi.chen21") })
    .waitFor();
  await dialog().getByLabel(w.accounts.fields.nickname).waitFor();
});

test("a failed undo is reported", async () => {
  await open(accounts());
  await more("aditi.chen21", new RegExp(w.accounts.setAdmin));
  await page.locator(".toast").getByText(w.accounts.isAdmin("aditi.chen21")).waitFor();
  await refuse("**/aditi.chen21/admin", 503, { code: "unavailable" });
  await page.getByRole("button", { name: w.toast.undo }).click();
  await page
    .locator(".toast")
    .getByText(w.problems.unavailable(w.times.seconds(5)))
    .waitFor();
  await fixture.call("DELETE", `/v1/apps/${app.app_id}/accounts/aditi.chen21/admin`);
});

test("after a lost reply the form keeps its values, and a retry creates nothing twice", async () => {
  await open(accounts(other));
  await page.getByRole("button", { name: w.accounts.create }).click();
  await dialog().getByLabel(w.accounts.fields.user_id).fill("lost.reply");
  await loseReply("**/v1/apps/*/accounts");
  const create = dialog().getByRole("button", { name: w.accounts.create });
  await create.click();
  await dialog().getByText(w.problems.offline).waitFor();
  assert.equal(await dialog().getByLabel(w.accounts.fields.user_id).inputValue(), "lost.reply");
  await create.click();
  await page.getByText(w.accounts.wasCreated("lost.reply")).waitFor();
});

test("a list that fails to load can be retried", async () => {
  await newPage({ signedIn: true });
  await refuse("**/v1/apps/*/accounts?*", 503, { code: "unavailable" });
  await page.goto(accounts());
  await page
    .getByRole("alert")
    .getByText(w.problems.unavailable(w.times.seconds(5)))
    .waitFor();
  await page.getByRole("button", { name: w.again }).click();
  await page.locator("tr.row").first().waitFor();
  assert.equal(await page.getByRole("alert").count(), 0);
});

test("a console that fails to start can be retried", async () => {
  await newPage({ signedIn: true });
  await refuse("**/v1/me", 503, { code: "unavailable" });
  await page.goto(accounts());
  await page
    .getByRole("alert")
    .getByText(w.problems.unavailable(w.times.seconds(5)))
    .waitFor();
  await page.getByRole("button", { name: w.again }).click();
  await page.locator("tr.row").first().waitFor();
});

test("a dialog stays open until its request is answered", async () => {
  await open(accounts(other));
  await page.getByRole("button", { name: w.accounts.create }).click();
  await dialog().getByLabel(w.accounts.fields.user_id).fill("slow.reply");
  let answer;
  await page.route(
    "**/v1/apps/*/accounts",
    async (route) => {
      await new Promise((now) => (answer = now));
      await route.fulfill({ status: 503, json: { code: "unavailable" } });
    },
    { times: 1 },
  );
  await dialog().getByRole("button", { name: w.accounts.create }).click();
  await page.keyboard.press("Escape");
  await dialog().getByRole("button", { name: w.dialog.cancel }).click();
  answer();
  await dialog()
    .getByText(w.problems.unavailable(w.times.seconds(5)))
    .waitFor();
  assert.equal(await dialog().getByLabel(w.accounts.fields.user_id).inputValue(), "slow.reply");
});

test("a failed copy is reported", async () => {
  await newPage({ signedIn: true });
  await page.addInitScript(() => Object.defineProperty(navigator, "clipboard", { value: undefined }));
  await page.goto("/users");
  await page.getByRole("button", { name: w.users.create }).click();
  await dialog().getByLabel(w.users.username).fill("By.hand");
  await dialog().getByLabel(w.users.login).fill("by.hand");
  await dialog().getByRole("button", { name: w.users.createAction }).click();
  await dialog().getByRole("button", { name: w.initialPassword.copy }).click();
  await dialog().getByRole("button", { name: w.copy.refused }).waitFor();
  // The password is not copied, so closing asks.
  await dialog().getByRole("button", { name: w.dialog.close }).first().click();
  await dialog().getByText(w.initialPassword.uncopied).waitFor();
  await dialog().getByRole("button", { name: w.initialPassword.leave }).click();
});

test("without a connection the page stays and can be retried", async () => {
  await open(accounts());
  await page.context().setOffline(true);
  await page.getByRole("link", { name: w.entries.audit }).click();
  await page.getByText(w.problems.offline).waitFor();
  await page.context().setOffline(false);
  await page.getByRole("button", { name: w.again }).click();
  await page.locator("tr.row").first().waitFor();
  assert.equal(new URL(page.url()).pathname, "/audit");
});

test("signing out asks about unsaved changes, and a failed sign-out changes nothing", async () => {
  await newPage({ signedIn: true });
  await page.goto("/me/profile");
  await page.getByLabel(w.users.username).fill("Half.Typed");
  const signOut = async () => {
    await page.locator(".side .person").click();
    await page.getByRole("menuitem", { name: w.person.signOut }).click();
    await page.getByText(w.unsaved.title(1)).waitFor();
    await page.getByRole("button", { name: w.unsaved.discard }).click();
  };
  await refuse("**/v1/logout", 503, { code: "unavailable" });
  await signOut();
  await page
    .locator(".toast")
    .getByText(w.problems.unavailable(w.times.seconds(5)))
    .waitFor();
  assert.equal(await page.getByLabel(w.users.username).inputValue(), "Half.Typed");
  await signOut();
  await page.getByLabel(w.signIn.login).waitFor();
});
