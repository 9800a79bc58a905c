// The users of the platform: find, create, edit, disable, unbind, end, delete.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { northwind, SECRET, user } from "./people.js";
import { ADMIN, PASSWORD, World } from "./world.js";

let world;
let at;
let page;
before(async () => {
  world = await World.start();
  at = await northwind(world);
  await user(world, "grace", { type: "platform_admin" });
});
after(() => world.stop());
afterEach(async () => {
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

const open = async (address = "/users", login = ADMIN, options = {}) => {
  page = await world.page(options);
  await world.signIn(page, login, login === ADMIN ? PASSWORD : SECRET);
  await page.goto(address);
  await page.locator("tr.row, h1:visible").first().waitFor();
};
const found = async (login) => (await world.call("GET", `/v1/users?q=${login}`)).items[0];
const dialog = () => page.getByRole("dialog");
const press = (name) => dialog().getByRole("button", { name, exact: true }).click();
const button = (name) => page.getByRole("button", { name, exact: true });
const row = (login) => page.locator("tr.row", { hasText: login });
const choose = async (login, item) => {
  await button(`More for ${login}`).click();
  await page.getByRole("menuitem", { name: item }).click();
};
const items = async (login) => {
  await button(`More for ${login}`).click();
  const texts = await page.getByRole("menuitem").allTextContents();
  await page.keyboard.press("Escape");
  return texts;
};

test("users are found by a part of their name, and narrowed by type, team and status, all in the address", async () => {
  await open();
  await row("t.berg").getByText("Northwind Mobile").waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("BERG");
  await row("mina.park").waitFor({ state: "detached" });
  assert.equal(await page.locator("tr.row").count(), 1);
  await page.waitForURL("**/users?q=BERG");
  await page.getByLabel("Username or login").fill("");
  await button("Type All").click();
  await page.getByRole("menuitemradio", { name: "Platform admin" }).click();
  await row("t.berg").waitFor({ state: "detached" });
  await row("grace").waitFor();
  assert.deepEqual(await page.locator("tr.row .who a").allTextContents(), ["grace"]);
  await button("Clear Type").click();
  await button("Team All").click();
  await page.getByRole("menuitemradio", { name: "Northwind Mobile" }).click();
  await row("grace").waitFor({ state: "detached" });
  assert.equal(await page.locator("tr.row").count(), 3);
  await page.reload();
  await row("t.berg").waitFor();
  assert.equal(await page.locator("tr.row").count(), 3);
});

test("a user is created with a password of the server's or with a typed one", async () => {
  await open();
  await page.keyboard.press("c");
  await dialog().getByLabel("Username").fill("<script>");
  await dialog().getByLabel("Login").fill("made.here");
  await press("Create user");
  await dialog().getByText("Use letters, digits, Chinese characters or + = , . @ - _.").waitFor();
  await dialog().getByLabel("Username").fill("Made.Here");
  await dialog().getByLabel("Email").fill("nonsense");
  await press("Create user");
  await dialog().getByText("Enter one address such as mina@example.com.").waitFor();
  await dialog().getByLabel("Email").fill("made@northwind.example");
  await press("Create user");
  await dialog().getByText("Password of made.here").waitFor();
  const password = await dialog().locator("output").textContent();
  await page.keyboard.press("Escape");
  await dialog().getByText("It was not copied, and it is not shown again.").waitFor();
  await press("Close without copying");
  await row("made.here").locator("td", { hasText: "Password due" }).waitFor();
  await row("made.here").getByText("Not verified").waitFor();
  assert.equal(
    (await world.send("POST", "/v1/login", { login: "made.here", password })).user.password_change_required,
    true,
  );

  await button("New user").click();
  await dialog().getByLabel("Username").fill("Typed.Here");
  await dialog().getByLabel("Login").fill("MADE.here");
  await dialog().getByText("Platform admin").click();
  await dialog().getByText("Type one").click();
  await press("Create user");
  await dialog().getByText("This is needed.").waitFor();
  await dialog().getByLabel("Password", { exact: true }).fill("typed.here is short");
  await press("Create user");
  await dialog()
    .getByText(/It contains your login|Somebody has this login/)
    .first()
    .waitFor();
  await dialog().getByLabel("Login").fill("typed.here");
  await dialog().getByLabel("Password", { exact: true }).fill(SECRET);
  await press("Create user");
  await dialog().getByText("Password of typed.here").waitFor();
  assert.equal(await dialog().locator("output").textContent(), SECRET);
  assert.equal((await found("typed.here")).type, "platform_admin");
});

test("a user is edited beside the list; a promotion takes it out of its teams", async () => {
  const climber = await user(world, "climber");
  await world.call("POST", `/v1/teams/${at.team.team_id}/members`, { login: "climber", role_id: "developer" });
  await open(`/users/${climber.user_id}`);
  await dialog().getByText("Northwind Mobile").waitFor();
  await dialog().getByLabel("Username").fill("Climber.One");
  await dialog().getByLabel("Type").selectOption("Platform admin");
  await dialog().getByText("this user leaves all teams").waitFor();
  await dialog().getByText("2 unsaved changes").waitFor();
  await press("Save changes");
  await row("Climber.One").locator("td", { hasText: "Platform admin" }).waitFor();
  assert.equal(new URL(page.url()).pathname, "/users");
  const now = await world.call("GET", `/v1/users/${climber.user_id}`);
  assert.deepEqual([now.type, now.teams], ["platform_admin", []]);
});

test("a rename is undone; leaving with changes asks; the back button closes the sheet", async () => {
  await open();
  await row("t.berg").getByRole("link").click();
  await dialog().getByLabel("Username").fill("Tom");
  await page.goBack();
  await page.getByText("Leave without saving 1 change?").waitFor();
  await page.getByRole("button", { name: "Keep editing" }).click();
  await press("Save changes");
  await row("t.berg").getByText("Tom", { exact: true }).waitFor();
  await button("Undo").click();
  await row("t.berg").getByText("Tomas.Berg").waitFor();
  await row("t.berg").getByRole("link").click();
  await dialog().waitFor();
  await page.goBack();
  await dialog().waitFor({ state: "detached" });
  assert.equal(new URL(page.url()).pathname, "/users");
});

test("disabling is undone where it was done", async () => {
  await user(world, "switched");
  await open();
  await choose("switched", "Disable");
  await row("switched").locator("td", { hasText: "Disabled" }).waitFor();
  assert.equal((await found("switched")).status, "disabled");
  await button("Undo").click();
  await row("switched").locator("td", { hasText: "Disabled" }).waitFor({ state: "detached" });
  assert.equal((await found("switched")).status, "enabled");
});

test("a password is reset, an email unbound, sessions ended, the user deleted", async () => {
  await user(world, "handled");
  await open();
  await choose("handled", "Reset password");
  await press("Reset password");
  await dialog().getByText("Password of handled").waitFor();
  const password = await dialog().locator("output").textContent();
  await press("Close");
  await press("Close without copying");
  await row("handled").locator("td", { hasText: "Password due" }).waitFor();
  await world.send("POST", "/v1/login", { login: "handled", password });
  await choose("handled", "Unbind email");
  await press("Unbind email");
  await page.getByText("The email of handled is unbound.").waitFor();
  assert.equal((await found("handled")).email, null);
  assert.ok(!(await items("handled")).includes("Unbind email"));
  await choose("handled", "End sessions");
  await press("End sessions");
  await page.getByText("All sessions of handled ended.").waitFor();
  await choose("handled", "Delete");
  await dialog().getByText("Delete handled?").waitFor();
  assert.ok(
    await dialog()
      .getByRole("button", { name: "Cancel" })
      .evaluate((one) => one === document.activeElement),
  );
  await press("Delete user");
  await row("handled").waitFor({ state: "detached" });
  assert.equal(await found("handled"), undefined);
});

test("a platform admin acts on members only, and nobody on itself", async () => {
  await open("/users", "grace");
  await row("admin").first().waitFor();
  assert.equal(await button("More for admin").count(), 0);
  assert.deepEqual(await items("grace"), ["Your account", "Audit log"]);
  assert.ok((await items("t.berg")).includes("Disable"));
  await row("t.berg").getByRole("link").click();
  await dialog().getByLabel("Username").waitFor();
  assert.equal(await dialog().getByLabel("Type").count(), 0);
  await press("Close");
  await button("New user").click();
  assert.deepEqual(await dialog().locator(".segments").first().locator("label").allTextContents(), [
    "Member",
    "Platform admin",
  ]);
});

test("what somebody else saved meanwhile is kept beside one's own, or taken", async () => {
  const second = await user(world, "second.hand");
  await open(`/users/${second.user_id}`);
  await dialog().getByLabel("Username").fill("Mine");
  await world.call("PATCH", `/v1/users/${second.user_id}`, { username: "Theirs", email: "note@northwind.example" });
  await press("Save changes");
  await dialog().getByText("Somebody else saved meanwhile.").waitFor();
  assert.equal(await dialog().getByLabel("Email").inputValue(), "note@northwind.example");
  await press("Keep mine");
  await press("Save changes");
  await row("second.hand").getByText("Mine", { exact: true }).waitFor();
  assert.equal((await found("second.hand")).email, "note@northwind.example");
});

test("members have no users, and phones have the same list", async () => {
  await open("/users", "t.berg");
  await page.getByText("This address leads nowhere").waitFor();
  await page.context().close();
  await open("/users", ADMIN, { width: 390 });
  await row("mina.park").waitFor();
  await choose("mina.park", "Edit");
  await dialog().getByLabel("Username").waitFor();
});
