// The accounts of an application, as the stories tell them: create, edit, admins, deletion behind the lock, export.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, afterEach, before, test } from "node:test";
import { World } from "./world.js";

let world;
let app;
let page;
before(async () => {
  world = await World.start({ seed: 260 });
  ({
    items: [app],
  } = await world.call("GET", "/v1/apps"));
});
after(() => world.stop());
afterEach(async () => {
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

const account = (id) => world.call("GET", `/v1/apps/${app.app_id}/accounts/${id}`);
const open = async (rest = "", options = {}) => {
  page = await world.page({ signedIn: true, ...options });
  await page.goto(`/apps/${app.app_id}/accounts${rest}`);
  await page
    .locator(rest.startsWith("/") ? "dialog.sheet" : "tr.row")
    .first()
    .waitFor();
};
const row = (id) => page.getByRole("row", { name: new RegExp(`^(Select )?${id}`) });
const more = async (id, item) => {
  await page.getByRole("button", { name: `More for ${id}` }).click();
  await page.getByRole("menuitem", { name: item }).click();
};

test("an account is created, and what is wrong stands beside its field", async () => {
  await open();
  await page.getByRole("button", { name: "Create account" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("User ID").fill("ava.kim33");
  await dialog.getByLabel("Nickname").fill("<b onclick=alert(1)>Ava</b>");
  await dialog.getByLabel("Profile photo").fill("example.com/x.png");
  await dialog.getByRole("button", { name: "Create account" }).click();
  await dialog.getByText("Enter a full address that starts with https:// or http://").waitFor();
  await dialog.getByLabel("Profile photo").fill("");
  await dialog.getByRole("button", { name: "Create account" }).click();
  await dialog.getByText("An account has this user ID already.").waitFor();
  assert.ok(await dialog.getByLabel("User ID").evaluate((input) => input === document.activeElement));
  await dialog.getByLabel("User ID").fill("aa.new");
  await dialog.getByRole("button", { name: "Create account" }).click();
  await page.getByText("aa.new created.").waitFor();
  // Markup is what it says, not what it does.
  assert.equal(await row("aa.new").locator("td").getByText("<b onclick=alert(1)>Ava</b>").count(), 1);
  assert.equal(await page.locator("tbody b").count(), 0);
  assert.equal((await account("aa.new")).type, "general");
});

test("an edit sends what changed, and only that", async () => {
  await open("/ava.kim33");
  const sent = page.waitForRequest((request) => request.method() === "PATCH");
  await page.getByLabel("Nickname").fill("은지");
  await page.getByLabel("Location").fill("Jeju");
  await page.getByText("2 unsaved changes").waitFor();
  await page.getByRole("button", { name: "Save changes" }).click();
  await page.getByText("ava.kim33 saved.").waitFor();
  assert.deepEqual((await sent).postDataJSON(), { nickname: "은지", location: "Jeju" });
  await page.waitForURL(/\/accounts$/);
  assert.equal(await row("ava.kim33").locator("td").getByText("은지").count(), 1);
});

test("the named bit of the message settings leaves the others alone", async () => {
  await world.call("PATCH", `/v1/apps/${app.app_id}/accounts/ava.kim33`, { message_settings: 6 });
  await open("/ava.kim33");
  await page.getByLabel("Do not receive messages").check();
  await page.getByRole("button", { name: "Save changes" }).click();
  await page.getByText("ava.kim33 saved.").waitFor();
  assert.equal((await account("ava.kim33")).message_settings, 7);
});

test("leaving with changes asks, and the back button does too", async () => {
  await open();
  await row("ava.kim33").getByRole("link").click();
  await page.getByLabel("Nickname").fill("Somebody");
  await page.goBack();
  await page.getByText("Leave without saving 1 change?").waitFor();
  await page.getByRole("button", { name: "Keep editing" }).click();
  assert.equal(await page.getByLabel("Nickname").inputValue(), "Somebody");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Discard" }).click();
  await page.locator("dialog.sheet").waitFor({ state: "detached" });
  assert.notEqual((await account("ava.kim33")).nickname, "Somebody");
});

test("what somebody else saved meanwhile is shown beside one's own", async () => {
  await open("/ava.kim33");
  await page.getByLabel("Nickname").fill("Mine");
  await world.call("PATCH", `/v1/apps/${app.app_id}/accounts/ava.kim33`, { nickname: "Theirs", location: "Lagos" });
  await page.getByRole("button", { name: "Save changes" }).click();
  const conflict = page.locator(".conflict");
  await conflict.getByText("Theirs", { exact: true }).last().waitFor();
  assert.equal(await page.getByLabel("Location").inputValue(), "Lagos");
  await conflict.getByRole("button", { name: "Take theirs" }).click();
  assert.equal(await page.getByLabel("Nickname").inputValue(), "Theirs");
  await page.getByLabel("Nickname").fill("Both");
  await page.getByRole("button", { name: "Save changes" }).click();
  await page.getByText("ava.kim33 saved.").waitFor();
  assert.deepEqual([(await account("ava.kim33")).nickname, (await account("ava.kim33")).location], ["Both", "Lagos"]);
});

test("an admin is set and the undo takes it back", async () => {
  await open();
  await page.getByText("7 of 10 admins").waitFor();
  await more("ava.kim33", /Set as admin/);
  await page.getByText("8 of 10 admins").waitFor();
  assert.equal((await account("ava.kim33")).type, "admin");
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText("7 of 10 admins").waitFor();
  assert.equal((await account("ava.kim33")).type, "general");
});

test("at ten admins the reason stands where the action was", async () => {
  const ids = ["aditi.chen21", "aditi.rao45", "anais.novak34"];
  for (const id of ids) await world.call("PUT", `/v1/apps/${app.app_id}/accounts/${id}/admin`);
  await open();
  await page.getByText("10 of 10 admins").waitFor();
  await page.getByRole("button", { name: "More for ava.kim33" }).click();
  await page.getByRole("menu").getByText("This application already has 10 admins. Cancel one first.").waitFor();
  for (const id of ids) await world.call("DELETE", `/v1/apps/${app.app_id}/accounts/${id}/admin`);
});

test("the filter lives in the address, and what is selected survives it", async () => {
  await open();
  await row("aditi.chen21").getByRole("checkbox").check();
  await page.getByLabel("User ID starts with…").fill("ava");
  await page.waitForURL(/q=ava/);
  await page.getByText("1 selected, 1 not shown").waitFor();
  await page.getByRole("radio", { name: "Admin" }).check();
  await page.waitForURL(/type=admin/);
  await page.getByText("No account matches.").or(row("ava")).first().waitFor();
  await page.reload();
  assert.equal(await page.getByLabel("User ID starts with…").inputValue(), "ava");
});

test("a range is selected with shift", async () => {
  await open();
  const boxes = page.locator("tbody input[type=checkbox]");
  await boxes.nth(1).click();
  await boxes.nth(4).click({ modifiers: ["Shift"] });
  await page.getByText("4 selected").first().waitFor();
});

test("beyond two hundred rows only those near are drawn, and all can be selected", async () => {
  await open();
  await page.locator("tbody input[type=checkbox]").first().click();
  await page.getByRole("button", { name: "Select everything that matches" }).click();
  await page
    .getByText(/26\d selected/)
    .first()
    .waitFor();
  assert.ok((await page.locator("tr.row").count()) < 150);
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  await page.getByText(/^All 26\d shown$/).waitFor();
  await row("zoe\\.").last().waitFor();
});

test("a selection is exported, and downloaded", async () => {
  await open();
  await row("aditi.chen21").getByRole("checkbox").check();
  await row("aditi.rao45").getByRole("checkbox").check();
  await page.getByRole("button", { name: "Export 2" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Export", exact: true }).click();
  await page.getByRole("heading", { name: "Export successful" }).waitFor();
  await page.getByText("2 accounts, CSV.").waitFor();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Download" }).click(),
  ]);
  const text = await readFile(await download.path(), "utf8");
  assert.ok(text.startsWith("\uFEFFuser_id,") && text.includes("aditi.chen21") && text.includes("aditi.rao45"));
});

test("one account is exported in a format of choice", async () => {
  await open();
  await more("ava.kim33", "Export");
  await page.getByRole("radio", { name: "NDJSON" }).check();
  await page.getByRole("dialog").getByRole("button", { name: "Export", exact: true }).click();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Download" }).click(),
  ]);
  assert.equal(JSON.parse(await readFile(await download.path(), "utf8")).user_id, "ava.kim33");
});

test("accounts are deleted behind the lock, after one more question", async () => {
  await open();
  for (const id of ["aditi.chen21", "aditi.rao45"]) await row(id).getByRole("checkbox").check();
  await page.getByRole("button", { name: "Delete 2" }).click();
  // Locked: what stands in the way can be lifted by who may.
  await page.getByRole("heading", { name: "Remove the restriction for Harbor Chat?" }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Cancel");
  await page.getByRole("button", { name: "Remove restriction" }).click();
  await page.getByText("admin removed the restriction just now.").waitFor();
  await page.getByRole("button", { name: "Delete 2" }).click();
  await page.getByRole("heading", { name: "Delete 2 accounts?" }).waitFor();
  await page.getByRole("dialog").getByText("aditi.rao45").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Cancel");
  await page.getByRole("button", { name: "Delete 2 accounts" }).click();
  await page.getByText("2 deleted.").waitFor();
  assert.equal(await row("aditi.chen21").count(), 0);
  await assert.rejects(account("aditi.chen21"), /not_found/);
});

test("more than ten are deleted only after their number was typed", async () => {
  await open("?q=noah");
  await page.getByLabel("Select all that are shown").click();
  const count = await page.locator("tr.row").count();
  assert.ok(count > 10);
  await page.getByRole("button", { name: `Delete ${count}` }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText(`and ${count - 5} more`).waitFor();
  await dialog.getByRole("button", { name: `Delete ${count} accounts` }).click();
  assert.equal(await dialog.getByLabel(`Type ${count} to confirm`).getAttribute("aria-invalid"), "true");
  await dialog.getByLabel(`Type ${count} to confirm`).fill(String(count));
  await dialog.getByRole("button", { name: `Delete ${count} accounts` }).click();
  await page.getByText(`${count} deleted.`).waitFor();
});

test("a lock that came back meanwhile says why nothing was deleted", async () => {
  await open();
  await row("ava.kim33").getByRole("checkbox").check();
  await page.getByRole("button", { name: "Delete 1" }).click();
  await world.call("PUT", `/v1/apps/${app.app_id}/deletion-lock`, { locked: true });
  await page.getByRole("button", { name: "Delete 1 account" }).click();
  await page.getByRole("dialog").getByText("Accounts of this application cannot be deleted.").waitFor();
  assert.equal((await account("ava.kim33")).user_id, "ava.kim33");
});
