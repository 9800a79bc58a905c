// Imports: a stranger's file from its upload to the mended report.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { afterEach, test } from "node:test";
import { button, fixture, open, page, useFixture } from "./suite.js";
import { jobWordsOf, wordsOf } from "./words.js";

const w = await wordsOf("en");
const j = await jobWordsOf("en");
const i = j.importing;

let app;
useFixture({}, async () => {
  app = await fixture.call("POST", "/v1/apps", { name: "Quiet Harbour", team_id: null });
});

// At most five jobs of an application may be unfinished.
afterEach(async () => {
  const { items } = await fixture.call("GET", path());
  for (const { job_id, finished_at } of items) if (!finished_at) await fixture.call("DELETE", `${path()}/${job_id}`);
});

const path = () => `/v1/apps/${app.app_id}/jobs`;
const openImport = (look) => open(`/apps/${app.app_id}/jobs/import`, { ready: ".drop", ...look });
const setFile = (name, content) =>
  page.locator("input[type=file]").setInputFiles({ name, mimeType: "text/csv", buffer: Buffer.from(content) });
// Chooses a file, and waits for what it is.
const chooseFile = async (name, content) => {
  await setFile(name, content);
  await page.getByRole("heading", { name: i.columnsTitle }).waitFor();
};
const fieldOf = (column) => page.getByLabel(i.fieldOf(column), { exact: true });
const finished = () => page.getByRole("heading", { name: i.done }).waitFor({ timeout: 40_000 });
const downloaded = async (name) => {
  const link = page.getByRole("link", { name });
  const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
  return readFile(await download.path(), "utf8");
};

// What the accounts are, as an export of the API has them.
async function exported() {
  const begun = await fixture.call("POST", path(), { kind: "export", format: "ndjson" });
  const job = await fixture.jobWithStatus(begun, "succeeded");
  const lines = (await (await fetch(job.files[0].download_url)).text()).trim().split("\n");
  return lines.map((line) => JSON.parse(line));
}

const NAMES = ["Jörg Müller", "Zoë Ångström", "Žofie Šimková", "François Lefèvre", "Ana Núñez"];
const ROWS = 5000;
const BAD = { 17: "kein name", 2500: "mü", 4999: "x".repeat(33) };
const rows = Array.from({ length: ROWS }, (_, at) => ({ id: `m${at}`, name: NAMES[at % 5], level: at % 90 }));

// A table in windows-1252 with semicolons. Latin 1 lacks two of the letters.
function strangersFile() {
  const lines = rows.map(({ id, name, level }, at) => `${BAD[at] ?? id};${name};${level}`);
  const bytes = Buffer.from(["Kennung;Name;Stufe", ...lines, ""].join("\r\n").replaceAll("Ž", "\x8e"), "latin1");
  for (const [at, byte] of bytes.entries()) if (byte === 0x60) bytes[at] = 0x8a;
  return bytes;
}

test("a stranger's file is tried, imported, and its bad rows are mended in the report", async () => {
  await openImport();
  await chooseFile("mitglieder.csv", strangersFile());
  await page.getByText(i.encodingGuess).waitFor();
  assert.equal(await page.getByLabel(i.delimiter).inputValue(), ";");
  assert.equal(await page.getByLabel(i.encoding).inputValue(), "windows-1252");
  await page.getByText(i.noId).waitFor();
  await fieldOf("Kennung").selectOption("user_id");
  await fieldOf("Stufe").selectOption("level");
  const preview = page.getByRole("region", { name: i.rowsTitle });
  await preview.getByText("Žofie Šimková").waitFor();
  await preview.getByRole("columnheader", { name: w.accounts.fields.level }).waitFor();

  await button(i.try).click();
  await page.getByRole("heading", { name: i.tried }).waitFor({ timeout: 30_000 });
  await page.getByText(`${j.counts.created(ROWS - 3)} and ${j.counts.failed(3)}`).waitFor();
  assert.equal((await fixture.call("GET", `/v1/apps/${app.app_id}/accounts`)).items.length, 0);
  await button(i.actionCount(ROWS - 3)).click();
  await finished();
  await page.getByText(i.reportText).waitFor();
  const report = await downloaded("report.csv");
  assert.deepEqual(
    report
      .trim()
      .split("\r\n")
      .slice(1)
      .map((line) => line.split(",").slice(0, 2)),
    Object.keys(BAD).map((at) => [`"${Number(at) + 2}"`, '"Kennung"']),
  );

  let mended = report;
  for (const [at, bad] of Object.entries(BAD)) mended = mended.replace(`"${bad}"`, `"m${at}"`);
  await page.getByRole("link", { name: i.another }).click();
  await chooseFile("report.csv", mended);
  await fieldOf("Kennung").selectOption("user_id");
  await fieldOf("Stufe").selectOption("level");
  await page.getByRole("region", { name: i.rowsTitle }).getByText("m4999").waitFor();
  await button(i.action).click();
  await finished();
  await page.getByText(j.counts.created(3), { exact: true }).waitFor();

  const found = (await exported()).map(({ user_id, nickname, level }) => ({ id: user_id, name: nickname, level }));
  const byId = (one, other) => (one.id < other.id ? -1 : 1);
  assert.deepEqual(found.sort(byId), rows.toSorted(byId));
});

test("the person chooses what happens with accounts that exist", async () => {
  const file = "user_id,nickname,password_hash\nm1,Other,$2b$10$x\nnew.one,New,$2b$10$y\n";
  await openImport();
  await chooseFile("two.csv", file);
  // Secrets are named and not imported.
  await page.getByText(i.reasons.secret).waitFor();
  await page.getByRole("radio", { name: i.onExisting.update }).check();
  await page.getByText(i.existingHints.update).waitFor();
  await button(i.action).click();
  await finished();
  await page.getByText(`${j.counts.created(1)} and ${j.counts.updated(1)}`).waitFor();
  const account = (id) => fixture.call("GET", `/v1/apps/${app.app_id}/accounts/${id}`);
  assert.deepEqual([(await account("m1")).nickname, (await account("new.one")).nickname], ["Other", "New"]);
});

test("another separator or encoding reads the file anew, and an error stays beside it", async () => {
  await openImport();
  await chooseFile("odd.csv", "user_id,nickname\nodd.1,A;B\n");
  await page.getByLabel(i.delimiter).selectOption(";");
  await page.getByText(i.noId).waitFor();
  await button(i.action).click();
  await page.locator(".form-error").waitFor();
  await page.getByLabel(i.delimiter).selectOption(",");
  await page.getByRole("region", { name: i.rowsTitle }).getByText("A;B").waitFor();
});

test("a row that would fail is shown with its reason before anything is imported", async () => {
  await openImport();
  await chooseFile("bad.csv", "user_id,level\nbad.1,high\n");
  await page.getByRole("region", { name: i.rowsTitle }).getByText(w.violations.any.wrong_type).waitFor();
});

test("a file that cannot be read is refused with the reason", async () => {
  await openImport();
  await setFile("photo.png", Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 0]));
  await page.locator(".form-error", { hasText: w.problems.unreadable_file }).waitFor();
  await setFile("empty.csv", "");
  await page.getByText(i.empty).waitFor();
  // The same job takes another file.
  await chooseFile("good.csv", "user_id\ngood.1\n");
  await page.getByRole("region", { name: i.rowsTitle }).getByText("good.1").waitFor();
});

test("an upload that is interrupted can be repeated, on the page of the job too", async () => {
  await openImport();
  await page.route(/upload\?/, (route) => route.abort(), { times: 1 });
  await setFile("one.csv", "user_id\none.1\n");
  await page.getByText(i.uploadFailed).waitFor();
  const job = await fixture.call("POST", path(), { kind: "import", file_name: "later.csv" });
  await page.goto(`/apps/${app.app_id}/jobs/${job.job_id}`);
  await page.getByText(i.chooseAgain).waitFor();
  await chooseFile("later.csv", "user_id\none.2\n");
  await button(i.action).click();
  await finished();
  await page.getByText(j.counts.created(1), { exact: true }).waitFor();
});

test("a file is dropped, and leaving during the upload asks first", async () => {
  await openImport();
  let arrive;
  const held = new Promise((resolve) => (arrive = resolve));
  await page.route(/upload\?/, async (route) => {
    await held;
    await route.continue();
  });
  await page.locator(".drop").evaluate((zone) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(["user_id\ndrop.1\n"], "dropped.csv"));
    zone.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
  });
  await page.getByRole("heading", { name: i.uploading("dropped.csv") }).waitFor();
  await page.getByRole("link", { name: w.entries.teams }).click();
  await page.getByText(i.leave.title).waitFor();
  await button(i.leave.keep).click();
  arrive();
  await page.getByRole("heading", { name: i.columnsTitle }).waitFor();
});
