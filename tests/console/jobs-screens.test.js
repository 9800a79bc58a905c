// The screens of jobs, in all their states.
import { after, before } from "node:test";
import { ADMIN, Fixture, PASSWORD } from "./fixture.js";
import { checkScreens } from "./screen-checks.js";
import { firstApp } from "./seed.js";

let fixture;
let app;
let empty;
let made;
before(async () => {
  fixture = await Fixture.start({ seed: 12 });
  app = await firstApp(fixture);
  empty = await fixture.call("POST", "/v1/apps", { name: "Empty Harbour", team_id: null });
  made = await jobs();
});
after(() => fixture.stop());

const path = () => `/v1/apps/${app.app_id}/jobs`;
const create = (body) => fixture.call("POST", path(), body);

const reached = (job, status) => fixture.jobWithStatus(job, status);

const FILE = "Kennung;Name;Level;password\nx1;Jörg Müller;4;abc\nx2;<b>Zoë</b>;zwei;abc\nx 3;Bjørn;3;abc\n";
const MAPPING = { columns: ["user_id", "nickname", "level"].map((field, index) => ({ index, field })) };

// An import whose file has arrived.
async function uploaded() {
  const job = await create({ kind: "import", file_name: "mitglieder-der-ortsgruppe-2026.csv" });
  await fetch(job.upload.url, { method: "PUT", body: FILE });
  await fixture.call("POST", `${path()}/${job.job_id}/preview`, {});
  return job;
}

async function jobs() {
  await reached(await create({ kind: "export", format: "csv" }), "succeeded");
  const exported = await reached(await create({ kind: "export", format: "xlsx", q: "a" }), "succeeded");
  const done = await uploaded();
  const start = { dry_run: false, on_existing: "skip", mapping: MAPPING };
  await fixture.call("POST", `${path()}/${done.job_id}/start`, start);
  await reached(done, "succeeded");
  const edit = await reached(
    await create({ kind: "edit", q: "a", set: { level: 3, gender: "female" } }),
    "awaiting_start",
  );
  return { exported, done, edit, waiting: await uploaded() };
}

const bulk = async (page, item) => {
  await page.locator(".button[aria-haspopup=menu]:not(tr *)").and(page.locator(":visible")).first().click();
  await page.locator("[role=menu] [role^=menuitem]").nth(item).click();
  await page.locator("dialog").waitFor();
};

const screens = (accounts, list) => [
  ["jobs", list, null],
  ["jobs-none", `/apps/${empty.app_id}/jobs`, null],
  ["jobs-no-match", `${list}?kind=delete`, null],
  ["jobs-menu", list, (page) => page.locator("tr.row [aria-haspopup=menu]").last().click()],
  ["job-export", `${list}/${made.exported.job_id}`, null],
  ["job-import-done", `${list}/${made.done.job_id}`, null],
  ["job-edit-waiting", `${list}/${made.edit.job_id}`, (page) => page.locator(".content button[type=submit]").click()],
  ["job-gone", `${list}/01a1fb21-fb01-75d9-8551-bd613cefbc94`, null],
  ["import-file", `${list}/import`, null],
  ["import-unmapped", `${list}/${made.waiting.job_id}`, (page) => page.locator(".columns").waitFor()],
  [
    "import-tried",
    `${list}/${made.waiting.job_id}`,
    async (page) => {
      await page.locator(".columns select").first().selectOption("user_id");
      await page.locator(".first-rows .field-error").first().waitFor();
      await page.locator(".form-actions .secondary").first().click();
      await page.locator(".job-result").waitFor();
    },
  ],
  [
    "bulk-menu",
    accounts,
    (page) => page.locator(".button[aria-haspopup=menu]:not(tr *)").and(page.locator(":visible")).first().click(),
  ],
  ["export-all", accounts, (page) => bulk(page, 1)],
  [
    "export-done",
    accounts,
    async (page) => {
      await bulk(page, 1);
      await page.locator("dialog button[type=submit]").click();
      await page.locator("dialog .exported").waitFor();
    },
  ],
  [
    "job-menu",
    accounts,
    async (page) => {
      await page.locator(".job-menu > button").and(page.locator(":visible")).click();
      await page.locator(".job-menu .popover").waitFor();
    },
  ],
  [
    "bulk-edit",
    `${accounts}?q=a`,
    async (page) => {
      await bulk(page, 2);
      await page.locator("dialog .input").nth(1).fill("high");
      await page.locator("dialog .button.small").first().click();
      await page.locator("dialog button[type=submit]").click();
      await page.locator("dialog .field-error").waitFor();
    },
  ],
];

checkScreens(
  "jobs",
  () => fixture,
  () => [[[ADMIN, PASSWORD], screens(`/apps/${app.app_id}/accounts`, `/apps/${app.app_id}/jobs`)]],
);
