// The accounts of an application: create, edit, set admins, select, export, delete.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { waitUntilIdle } from "./fixture.js";
import { firstApp } from "./seed.js";
import { button, choose, dialog, fixture, open, page, useFixture } from "./suite.js";
import { wordsOf } from "./words.js";

const w = await wordsOf("en");

let app;
useFixture({ seed: 260 }, async () => {
  app = await firstApp(fixture);
});

const account = (id) => fixture.call("GET", `/v1/apps/${app.app_id}/accounts/${id}`);
const openList = (query = "") => open(`/apps/${app.app_id}/accounts${query}`);
const openSheet = (id) => open(`/apps/${app.app_id}/accounts/${id}`, { ready: "dialog.sheet" });
const rowOf = (id) => page.getByRole("row", { name: new RegExp(`^(Select )?${id}`) });
const more = (id, item) => choose(w.accounts.more(id), item);

test("an account is created, and each error is shown beside its field", async () => {
  await openList();
  await page.getByRole("button", { name: w.accounts.create }).click();
  await dialog().getByLabel(w.accounts.fields.user_id).fill("ava.kim33");
  await dialog().getByLabel(w.accounts.fields.nickname).fill("<b onclick=alert(1)>Ava</b>");
  await dialog().getByLabel(w.accounts.fields.photo_url).fill("example.com/x.png");
  await dialog().getByRole("button", { name: w.accounts.create }).click();
  await dialog().getByText(w.violations.photo_url.bad_format).waitFor();
  await dialog().getByLabel(w.accounts.fields.photo_url).fill("");
  await dialog().getByRole("button", { name: w.accounts.create }).click();
  await dialog().getByText(w.problems.account_exists).waitFor();
  assert.ok(
    await dialog()
      .getByLabel(w.accounts.fields.user_id)
      .evaluate((input) => input === document.activeElement),
  );
  await dialog().getByLabel(w.accounts.fields.user_id).fill("aa.new");
  await dialog().getByRole("button", { name: w.accounts.create }).click();
  await page.getByText(w.accounts.wasCreated("aa.new")).waitFor();
  // Markup is shown as text.
  assert.equal(await rowOf("aa.new").locator("td").getByText("<b onclick=alert(1)>Ava</b>").count(), 1);
  assert.equal(await page.locator("tbody b").count(), 0);
  assert.equal((await account("aa.new")).type, "general");
});

test("an edit sends only the changed fields", async () => {
  await openSheet("ava.kim33");
  const sent = page.waitForRequest((request) => request.method() === "PATCH");
  await page.getByLabel(w.accounts.fields.nickname).fill("은지");
  await page.getByLabel(w.accounts.fields.location).fill("Jeju");
  await page.getByText(w.unsaved.count(2)).waitFor();
  await page.getByRole("button", { name: w.dialog.saveChanges }).click();
  await page.getByText(w.accounts.wasSaved("ava.kim33")).waitFor();
  assert.deepEqual((await sent).postDataJSON(), { nickname: "은지", location: "Jeju" });
  await page.waitForURL(/\/accounts$/);
  assert.equal(await rowOf("ava.kim33").locator("td").getByText("은지").count(), 1);
});

test("the checkbox of the message settings changes only its own bit", async () => {
  await fixture.call("PATCH", `/v1/apps/${app.app_id}/accounts/ava.kim33`, { message_settings: 6 });
  await openSheet("ava.kim33");
  await page.getByLabel(w.accounts.noMessages).check();
  await page.getByRole("button", { name: w.dialog.saveChanges }).click();
  await page.getByText(w.accounts.wasSaved("ava.kim33")).waitFor();
  assert.equal((await account("ava.kim33")).message_settings, 7);
  // Also beside digits in full width.
  await openSheet("ava.kim33");
  await page.getByLabel(w.accounts.bits).fill("１３");
  await page.getByLabel(w.accounts.noMessages).uncheck();
  assert.equal(await page.getByLabel(w.accounts.bits).inputValue(), "12");
});

test("leaving with unsaved changes asks first, with the back button too", async () => {
  await openList();
  await rowOf("ava.kim33").getByRole("link").click();
  await page.getByLabel(w.accounts.fields.nickname).fill("Somebody");
  await page.goBack();
  await page.getByText(w.unsaved.title(1)).waitFor();
  await page.getByRole("button", { name: w.unsaved.keep }).click();
  assert.equal(await page.getByLabel(w.accounts.fields.nickname).inputValue(), "Somebody");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: w.unsaved.discard }).click();
  await page.locator("dialog.sheet").waitFor({ state: "detached" });
  assert.notEqual((await account("ava.kim33")).nickname, "Somebody");
});

test("a conflicting edit is shown beside the own values", async () => {
  await openSheet("ava.kim33");
  await page.getByLabel(w.accounts.fields.nickname).fill("Mine");
  await fixture.call("PATCH", `/v1/apps/${app.app_id}/accounts/ava.kim33`, { nickname: "Theirs", location: "Lagos" });
  await page.getByRole("button", { name: w.dialog.saveChanges }).click();
  const conflict = page.locator(".conflict");
  await conflict.getByText("Theirs", { exact: true }).last().waitFor();
  assert.equal(await page.getByLabel(w.accounts.fields.location).inputValue(), "Lagos");
  await conflict.getByRole("button", { name: w.conflict.take }).click();
  assert.equal(await page.getByLabel(w.accounts.fields.nickname).inputValue(), "Theirs");
  await page.getByLabel(w.accounts.fields.nickname).fill("Both");
  await page.getByRole("button", { name: w.dialog.saveChanges }).click();
  await page.getByText(w.accounts.wasSaved("ava.kim33")).waitFor();
  assert.deepEqual([(await account("ava.kim33")).nickname, (await account("ava.kim33")).location], ["Both", "Lagos"]);
});

test("setting an admin can be undone", async () => {
  await openList();
  await page.getByText(w.accounts.admins(7, 10)).waitFor();
  await more("ava.kim33", new RegExp(w.accounts.setAdmin));
  await page.getByText(w.accounts.admins(8, 10)).waitFor();
  assert.equal((await account("ava.kim33")).type, "admin");
  await page.getByRole("button", { name: w.toast.undo }).click();
  await page.getByText(w.accounts.admins(7, 10)).waitFor();
  assert.equal((await account("ava.kim33")).type, "general");
});

test("at ten admins, the menu gives the reason instead of the action", async () => {
  const ids = ["aditi.chen21", "aditi.rao45", "anais.novak34"];
  for (const id of ids) await fixture.call("PUT", `/v1/apps/${app.app_id}/accounts/${id}/admin`);
  await openList();
  await page.getByText(w.accounts.admins(10, 10)).waitFor();
  await page.getByRole("button", { name: w.accounts.more("ava.kim33") }).click();
  await page.getByRole("menu").getByText(w.accounts.cap).waitFor();
  for (const id of ids) await fixture.call("DELETE", `/v1/apps/${app.app_id}/accounts/${id}/admin`);
});

test("the filter is part of the address, and the selection survives it", async () => {
  await openList();
  await rowOf("aditi.chen21").getByRole("checkbox").check();
  await page.getByLabel(w.accounts.search).fill("ava");
  await page.waitForURL(/q=ava/);
  await page.getByText(w.list.selectedNotShown(1, 1)).waitFor();
  await page.getByRole("radio", { name: w.accounts.types.admin }).check();
  await page.waitForURL(/type=admin/);
  await page.getByText(w.accounts.noMatch).or(rowOf("ava")).first().waitFor();
  await page.reload();
  assert.equal(await page.getByLabel(w.accounts.search).inputValue(), "ava");
});

test("shift-click selects a range", async () => {
  await openList();
  const boxes = page.locator("tbody input[type=checkbox]");
  await boxes.nth(1).click();
  await boxes.nth(4).click({ modifiers: ["Shift"] });
  await page.getByText(w.list.selected(4)).first().waitFor();
});

test("above two hundred rows only nearby rows are drawn, and all can be selected", async () => {
  await openList();
  await page.locator("tbody input[type=checkbox]").first().click();
  await page.getByRole("button", { name: w.list.everything }).click();
  await page
    .getByText(/26\d selected/)
    .first()
    .waitFor();
  assert.ok((await page.locator("tr.row").count()) < 150);
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  await page.getByText(/^All 26\d shown$/).waitFor();
  await rowOf("zoe\\.").last().waitFor();
});

test("a printed list has all rows that are loaded, though the screen draws only the nearby ones", async () => {
  await openList();
  await page.locator("tbody input[type=checkbox]").first().click();
  await button(w.list.everything).click();
  await page.getByText(/^All 26\d shown$/).waitFor();
  const drawn = () => page.locator("tr.row").count();
  assert.ok((await drawn()) < 150);
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  assert.ok((await drawn()) >= 260);
  await page.evaluate(() => dispatchEvent(new Event("afterprint")));
  assert.ok((await drawn()) < 150);
});

test("scrolling loads more after a reload has interrupted it, but not after a failure", async () => {
  await openList();
  const atEnd = () => page.locator(".list-foot").scrollIntoViewIfNeeded();
  await atEnd();
  await page.getByText(w.list.shown(100)).waitFor();
  let held;
  await page.route(/cursor=/, (route) => (held = route), { times: 1 });
  const asked = page.waitForRequest(/cursor=/);
  await atEnd();
  await asked;
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await page.getByText(w.list.shown(150)).waitFor();
  assert.ok(held);

  let failures = 0;
  await page.route(/cursor=/, (route) => {
    failures += 1;
    return route.fulfill({ status: 503, json: { code: "unavailable" } });
  });
  await atEnd();
  await page.locator(".list-foot [role=alert]").waitFor();
  await waitUntilIdle(page);
  assert.equal(failures, 1);
});

test("a selection is exported and downloaded", async () => {
  await openList();
  await rowOf("aditi.chen21").getByRole("checkbox").check();
  await rowOf("aditi.rao45").getByRole("checkbox").check();
  await page.getByRole("button", { name: w.accounts.exportCount(2) }).click();
  await dialog().getByRole("button", { name: w.accounts.export, exact: true }).click();
  await page.getByRole("heading", { name: w.export.done }).waitFor();
  await page.getByText(w.export.what(2, "CSV")).waitFor();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: w.export.download }).click(),
  ]);
  const text = await readFile(await download.path(), "utf8");
  assert.ok(text.startsWith(`\uFEFF"user_id",`) && text.includes("aditi.chen21") && text.includes("aditi.rao45"));
});

test("a single account is exported in the chosen format", async () => {
  await openList();
  await more("ava.kim33", w.accounts.export);
  await page.getByRole("radio", { name: "NDJSON" }).check();
  await dialog().getByRole("button", { name: w.accounts.export, exact: true }).click();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: w.export.download }).click(),
  ]);
  assert.equal(JSON.parse(await readFile(await download.path(), "utf8")).user_id, "ava.kim33");
});

test("accounts are deleted once the lock is lifted and the deletion confirmed", async () => {
  await openList();
  for (const id of ["aditi.chen21", "aditi.rao45"]) await rowOf(id).getByRole("checkbox").check();
  await page.getByRole("button", { name: w.accounts.deleteCount(2) }).click();
  // While the lock is on, a person who may lift it is offered that first.
  await page.getByRole("heading", { name: w.lock.question("Harbor Chat") }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.textContent), w.dialog.cancel);
  await page.getByRole("button", { name: w.lock.liftAction }).click();
  await page.getByText(w.lock.liftedBy("admin", "just now")).waitFor();
  await page.getByRole("button", { name: w.accounts.deleteCount(2) }).click();
  await page.getByRole("heading", { name: w.deletion.question(2) }).waitFor();
  await dialog().getByText("aditi.rao45").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.textContent), w.dialog.cancel);
  await page.getByRole("button", { name: w.deletion.action(2) }).click();
  await page.getByText(w.deletion.done(2)).waitFor();
  assert.equal(await rowOf("aditi.chen21").count(), 0);
  await assert.rejects(account("aditi.chen21"), /not_found/);
});

test("deleting more than ten accounts requires typing their number", async () => {
  await openList("?q=noah");
  await page.getByLabel(w.list.selectAll).click();
  const count = await page.locator("tr.row").count();
  assert.ok(count > 10);
  await page.getByRole("button", { name: w.accounts.deleteCount(count) }).click();
  await dialog()
    .getByText(w.deletion.andMore(count - 5))
    .waitFor();
  await dialog()
    .getByRole("button", { name: w.deletion.action(count) })
    .click();
  assert.equal(await dialog().getByLabel(w.deletion.typeCount(count)).getAttribute("aria-invalid"), "true");
  await dialog().getByLabel(w.deletion.typeCount(count)).fill(String(count));
  await dialog()
    .getByRole("button", { name: w.deletion.action(count) })
    .click();
  await page.getByText(w.deletion.done(count)).waitFor();
});

test("a deletion that the lock refuses says why", async () => {
  await openList();
  await rowOf("ava.kim33").getByRole("checkbox").check();
  await page.getByRole("button", { name: w.accounts.deleteCount(1) }).click();
  await fixture.call("PUT", `/v1/apps/${app.app_id}/deletion-lock`, { locked: true });
  await page.getByRole("button", { name: w.deletion.action(1) }).click();
  await dialog().getByText(w.lock.locked).waitFor();
  assert.equal((await account("ava.kim33")).user_id, "ava.kim33");
});
