// Jobs: exports of everything, bulk edits and deletions, and the list of them.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { firstApp, liftLock } from "./seed.js";
import { button, dialog, fixture, open, page, press, row, useFixture } from "./suite.js";
import { jobWordsOf, wordsOf } from "./words.js";

const w = await wordsOf("en");
const j = await jobWordsOf("en");
const ko = { w: await wordsOf("ko"), j: await jobWordsOf("ko") };

let app;
useFixture({ seed: 60 }, async () => {
  app = await firstApp(fixture);
});

const accounts = (query = "") => `/apps/${app.app_id}/accounts${query}`;
const jobs = (rest = "") => `/apps/${app.app_id}/jobs${rest}`;
const list = async (query = "") => (await fixture.call("GET", `/v1/apps/${app.app_id}/jobs${query}`)).items;
const account = (id) => fixture.call("GET", `/v1/apps/${app.app_id}/accounts/${id}`);
const count = async (query) => {
  const ids = [];
  let cursor = "";
  do {
    const page = await fixture.call("GET", `/v1/apps/${app.app_id}/accounts?limit=100&${query}${cursor}`);
    ids.push(...page.items);
    cursor = page.next_cursor && `&cursor=${page.next_cursor}`;
  } while (cursor);
  return ids.length;
};
const more = () => button(j.bulk.more).and(page.locator(":visible"));
const chooseBulk = async (item) => {
  await more().click();
  await page.getByRole("menuitem", { name: item }).click();
};
const downloaded = async (link) => {
  const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
  return readFile(await download.path());
};
const toast = (text) => page.locator(".toast", { hasText: text });
const jobMenu = () => page.locator(".job-menu > button").and(page.locator(":visible"));

test("all accounts are exported, with the choices of the dialog", async () => {
  await open(accounts());
  await button(j.bulk.exportAll).click();
  await dialog().getByText(j.exporting.csv).waitFor();
  await page.getByRole("radio", { name: j.exporting.separators[";"] }).check();
  await press(w.export.action);
  await page.getByRole("heading", { name: w.export.done }).waitFor();
  await dialog().getByText(w.export.what(60, "CSV")).waitFor();
  const text = (await downloaded(dialog().getByRole("link", { name: w.export.download }))).toString();
  assert.ok(text.startsWith('\uFEFF"user_id";"nickname"'), text.slice(0, 40));
  assert.equal(text.trim().split("\r\n").length, 61);
  const [job] = await list();
  assert.deepEqual(job.request, { format: "csv", gzip: false, delimiter: ";" });
});

test("an export of what matches goes on while the person works elsewhere", async () => {
  await open(accounts("?q=ava"));
  const matching = await count("q=ava");
  // The reply to the first question about the job is held back until the person is elsewhere.
  let elsewhere;
  const held = new Promise((resolve) => (elsewhere = resolve));
  await page.route(/\/v1\/.*\/jobs\/./, async (route) => {
    await held;
    await route.continue();
  });
  await button(j.bulk.exportMatching).click();
  await page.getByRole("radio", { name: "NDJSON" }).check();
  await page.getByLabel(j.exporting.gzip).check();
  await press(w.export.action);
  await page.getByRole("heading", { name: j.exporting.running }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("link", { name: w.entries.teams }).click();
  await page.getByRole("heading", { name: w.teams.title }).waitFor();
  await jobMenu().getByText(j.menu.running(1)).waitFor();
  elsewhere();
  const message = toast(`${w.export.done}. ${w.export.what(matching, "NDJSON (gzip)")}`);
  await message.waitFor();
  const bytes = await downloaded(message.getByRole("link", { name: w.export.download }));
  assert.deepEqual([...bytes.subarray(0, 2)], [0x1f, 0x8b]);
  // The menu still has it after a reload, and forgets it on request.
  await page.reload();
  await jobMenu().click();
  const menu = page.getByRole("dialog", { name: j.menu.label });
  await menu.getByText(w.export.what(matching, "NDJSON (gzip)")).waitFor();
  await menu.getByRole("button").click();
  await jobMenu().waitFor({ state: "detached" });
});

test("an export that fails says why", async () => {
  await open(accounts());
  await page.route("**/v1/apps/*/jobs", (route) =>
    route.fulfill({ status: 409, json: { code: "too_many_jobs", status: 409 } }),
  );
  await button(j.bulk.exportAll).click();
  await press(w.export.action);
  await dialog().getByText(w.problems.too_many_jobs).waitFor();
});

test("the matching accounts are edited once their number is confirmed", async () => {
  const matching = await count("q=park");
  assert.ok(matching > 0 && matching < 11);
  await open(accounts("?q=park"));
  await chooseBulk(j.bulk.editMatching);
  await dialog().getByLabel(j.editing.value).fill("x");
  await press(j.editing.find);
  await dialog().getByText(w.violations.number).waitFor();
  await dialog().getByLabel(j.editing.value).fill("９");
  await button(j.editing.add).click();
  await dialog().getByLabel(j.editing.field).nth(1).selectOption("gender");
  await dialog().getByLabel(j.editing.value).nth(1).selectOption("female");
  await press(j.editing.find);
  await page.getByRole("heading", { name: j.editing.question(matching) }).waitFor();
  await press(j.editing.action(matching));
  await toast(j.over.succeeded(j.named(j.kinds.edit, "park"))).waitFor();
  const found = (await fixture.call("GET", `/v1/apps/${app.app_id}/accounts?q=park`)).items;
  assert.deepEqual([...new Set(found.map(({ level, gender }) => `${level} ${gender}`))], ["9 female"]);
});

test("without a search or a filter, nothing is edited or deleted at once", async () => {
  await open(accounts());
  await more().click();
  const item = page.getByRole("menuitem", { name: j.bulk.editMatching });
  assert.equal(await item.getAttribute("aria-disabled"), "true");
  await item.getByText(j.bulk.filterFirst).waitFor();
});

test("closing the question about many accounts ends the job", async () => {
  await open(accounts("?type=general"));
  const matching = await count("type=general");
  await chooseBulk(j.bulk.editMatching);
  await dialog().getByLabel(j.editing.value).fill("3");
  await press(j.editing.find);
  await page.getByRole("heading", { name: j.editing.question(matching) }).waitFor();
  await press(j.editing.action(matching));
  assert.equal(await dialog().getByLabel(w.deletion.typeCount(matching)).getAttribute("aria-invalid"), "true");
  const ended = page.waitForResponse((reply) => reply.request().method() === "DELETE");
  await press(w.dialog.cancel);
  await ended;
  assert.equal((await list("?kind=edit"))[0].status, "cancelled");
});

test("selected accounts are edited together", async () => {
  await open(accounts());
  const ids = await page.locator("tr.row .who a bdi").allTextContents();
  for (const id of ids.slice(0, 2)) await row(id).first().getByRole("checkbox").check();
  await button(j.editing.count(2)).click();
  await dialog().getByLabel(j.editing.value).fill("77");
  await press(j.editing.find);
  await press(j.editing.action(2));
  await toast(j.over.succeeded(j.kinds.edit)).waitFor();
  assert.deepEqual(await Promise.all(ids.slice(0, 3).map(async (id) => (await account(id)).level === 77)), [
    true,
    true,
    false,
  ]);
});

test("the matching accounts are deleted once the lock is lifted and their number typed", async () => {
  const matching = await count("q=a");
  assert.ok(matching > 10);
  await open(accounts("?q=a"));
  // While the lock is on, a person who may lift it is offered that first.
  await chooseBulk(j.bulk.deleteMatching);
  await page.getByRole("heading", { name: w.lock.question("Harbor Chat") }).waitFor();
  await press(w.lock.liftAction);
  await dialog().waitFor({ state: "detached" });
  await chooseBulk(j.bulk.deleteMatching);
  await page.getByRole("heading", { name: w.deletion.question(matching) }).waitFor();
  await dialog().getByLabel(w.deletion.typeCount(matching)).fill(String(matching));
  await press(w.deletion.action(matching));
  await toast(j.counts.deleted(matching)).waitFor();
  await page.getByText(w.accounts.noMatch).waitFor();
  assert.equal(await count("q=a"), 0);
  await fixture.call("PUT", `/v1/apps/${app.app_id}/deletion-lock`, { locked: true });
});

test("a deletion that the lock stops is not begun", async () => {
  await liftLock(fixture, app);
  await open(accounts("?type=general"));
  await fixture.call("PUT", `/v1/apps/${app.app_id}/deletion-lock`, { locked: true });
  await chooseBulk(j.bulk.deleteMatching);
  await dialog().getByText(w.lock.locked).waitFor();
});

test("the jobs are listed, filtered and opened, and their files are removed", async () => {
  const path = `/v1/apps/${app.app_id}/jobs`;
  const made = await fixture.call("POST", path, { kind: "export", format: "xlsx" });
  await open(jobs());
  const name = j.named(j.kinds.export, "XLSX");
  await row(name).locator("td", { hasText: j.statuses.succeeded }).first().waitFor();
  await row(name).getByText("admin", { exact: true }).waitFor();
  await button(`${j.status} ${w.list.allChoices}`).click();
  await page.getByRole("menuitemradio", { name: j.statuses.cancelled }).click();
  await page.waitForURL(/status=cancelled/);
  await row(name).waitFor({ state: "detached" });
  await page.goto(jobs("?kind=import"));
  await page.getByText(j.noMatch).waitFor();
  await button(w.list.clearFilters).click();
  await row(name).getByRole("link").click();
  await page.waitForURL(`**${jobs(`/${made.job_id}`)}`);
  const file = page.getByRole("link", { name: new RegExp(w.export.download) });
  assert.equal((await downloaded(file)).subarray(0, 2).toString(), "PK");
  await button(j.remove.action).click();
  await press(j.remove.action);
  await page.getByText(j.filesGone).waitFor();
  assert.deepEqual((await fixture.call("GET", `${path}/${made.job_id}`)).files, []);
});

test("a job that waits for its start is started or ended on its page", async () => {
  const path = `/v1/apps/${app.app_id}/jobs`;
  const body = { kind: "edit", type: "general", set: { level: 12 } };
  const made = await fixture.call("POST", path, body);
  await open(jobs(`/${made.job_id}`), { ready: "h2", language: "ko" });
  const matching = await count("type=general");
  const field = page.getByLabel(ko.w.deletion.typeCount(matching));
  await field.fill(String(matching + 1));
  await button(ko.j.editing.action(matching)).click();
  assert.equal(await field.getAttribute("aria-invalid"), "true");
  await field.fill(String(matching));
  await button(ko.j.editing.action(matching)).click();
  await page.getByText(ko.j.counts.updated(matching)).waitFor();
  const other = await fixture.call("POST", path, body);
  await page.goto(jobs(`/${other.job_id}`));
  await button(ko.j.end.action).click();
  await press(ko.j.end.action);
  await page.getByText(ko.j.statuses.cancelled).first().waitFor();
});

test("a job that does not exist is said not to", async () => {
  await open(jobs("/01a1fb21-fb01-75d9-8551-bd613cefbc94"), { ready: ".empty" });
  await page.getByText(j.gone).waitFor();
});

test("the audit log names each account that a job has changed", async () => {
  const path = `/v1/apps/${app.app_id}/jobs`;
  const [{ user_id: id }] = (await fixture.call("GET", `/v1/apps/${app.app_id}/accounts?type=general`)).items;
  const body = { kind: "edit", user_id_prefix: id, set: { location: "Busan" } };
  const made = await fixture.call("POST", path, body);
  const { matched } = await fixture.jobWithStatus(made, "awaiting_start");
  await fixture.call("POST", `${path}/${made.job_id}/start`, { matched });
  await fixture.jobWithStatus(made, "succeeded");
  await open("/audit?action=account.edit");
  await page
    .getByRole("button", { name: w.audit.counted["account.edit"](1) })
    .first()
    .click();
  const changed = page.locator(".changes tr", { hasText: id });
  await changed.getByText(j.outcomes.updated).waitFor();
  await changed.getByText(`${w.audit.fields.location}: Busan`).waitFor();
});
