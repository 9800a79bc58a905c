// Teams and their people: create, rename, delete with its reasons, members, roles.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { as, member, northwind, role, SECRET, team, user } from "./people.js";
import { ADMIN, PASSWORD, World } from "./world.js";

let world;
let at;
let page;
before(async () => {
  world = await World.start();
  at = await northwind(world);
});
after(() => world.stop());
afterEach(async () => {
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

const open = async (address, login = ADMIN, options = {}) => {
  page = await world.page(options);
  await world.signIn(page, login, login === ADMIN ? PASSWORD : SECRET);
  await page.goto(address);
  await page.locator("h1:visible, h2:visible").first().waitFor();
};
const of = (tab, made = at.team) => `/teams/${made.team_id}/${tab}`;
const dialog = () => page.getByRole("dialog");
const press = (name) => dialog().getByRole("button", { name, exact: true }).click();
const row = (name) => page.locator("tr.row", { hasText: name });
const choose = async (name, item) => {
  await page.getByRole("button", { name: `More for ${name}`, exact: true }).click();
  await page.getByRole("menuitem", { name: item }).click();
};
const button = (name) => page.getByRole("button", { name, exact: true });

test("a team is created with its first admin, renamed and named back, and deleted once it is empty", async () => {
  await open("/teams");
  await page.keyboard.press("c");
  await dialog().getByLabel("Name").fill("northwind MOBILE");
  await dialog().getByLabel("First admin").fill("nobody.here");
  await press("New team");
  await dialog().getByText("No member has this login.").waitFor();
  await dialog().getByLabel("First admin").fill("jisoo.han");
  await press("New team");
  await dialog().getByText("Another team has this name already. Choose another one.").waitFor();
  await dialog().getByLabel("Name").fill("<i>Harbor</i>");
  await press("New team");
  await page.getByText("<i>Harbor</i> created.").waitFor();
  assert.equal(await page.locator("tbody i:not(.tally i)").count(), 0);
  await row("<i>Harbor</i>").locator("td", { hasText: "jisoo.han" }).waitFor();

  await choose("<i>Harbor</i>", "Rename");
  await dialog().getByLabel("Name").fill("Harbor");
  await press("Rename");
  await row("Harbor").waitFor();
  await button("Undo").click();
  await page.getByRole("link", { name: "<i>Harbor</i>" }).waitFor();

  await choose("Northwind Mobile", "Delete");
  await press("Delete team");
  await dialog().getByText("This team still has applications. Delete or move them first.").waitFor();
  await press("Cancel");
  await choose("<i>Harbor</i>", "Delete");
  await press("Delete team");
  await row("<i>Harbor</i>").waitFor({ state: "detached" });
});

test("a team whose only admin is gone says so in amber", async () => {
  const lone = await user(world, "lone.admin");
  await team(world, "Adrift", lone);
  await world.call("DELETE", `/v1/users/${lone.user_id}`);
  await open("/teams");
  await row("Adrift").locator(".tag.amber", { hasText: "No admin" }).last().waitFor();
});

test("a member is added by login, changes role and back, and is removed", async () => {
  await open(of("members"), "t.berg");
  await row("mina.park").waitFor();
  await page.keyboard.press("c");
  await dialog().getByLabel("Login").fill("admin");
  await press("Add member");
  await dialog().getByText("Admins of the platform join no teams.").waitFor();
  await dialog().getByLabel("Login").fill("no.such.login");
  await press("Add member");
  await dialog().getByText("Nobody has this login.").waitFor();
  await dialog().getByLabel("Login").fill("jisoo.han");
  // A member manager gives every preset but admin.
  assert.deepEqual(await dialog().locator("option").allTextContents(), [
    "Member manager",
    "Senior developer",
    "Developer",
    "Operator",
    "Reviewer",
    "Support lead",
  ]);
  await press("Add member");
  await row("jisoo.han").getByText("Developer", { exact: true }).first().waitFor();

  await row("jisoo.han").click();
  await dialog().getByLabel("Role").selectOption("Reviewer");
  await press("Change role");
  await page.getByText("jisoo.han is Reviewer now.").waitFor();
  await button("Undo").click();
  await page.getByText("jisoo.han is Developer now.").waitFor();

  await choose("jisoo.han", "Remove");
  await press("Remove member");
  await row("jisoo.han").waitFor({ state: "detached" });
  assert.equal((await world.call("GET", `/v1${of("members")}`)).items.length, 3);
});

test("who may not give a role has nothing to do to whoever holds it", async () => {
  await open(of("members"), "t.berg");
  await row("mina.park").waitFor();
  assert.equal(await row("mina.park").getByRole("button").count(), 0);
  // Oneself: only the own account and the way out.
  await page.getByRole("button", { name: "More for t.berg" }).click();
  assert.deepEqual(await page.getByRole("menuitem").allTextContents(), ["Your account", "Leave team"]);
});

test("a new user made for the team gets a password that is shown once", async () => {
  await open(of("members"), "t.berg");
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await button("Add member").click();
  await dialog().getByText("New user").click();
  await dialog().getByLabel("Username").fill("a<b>");
  await dialog().getByLabel("Login").fill("mina.park");
  await press("Add member");
  await dialog().getByText("Use letters, digits, Chinese characters or + = , . @ - _.").waitFor();
  await dialog().getByLabel("Username").fill("Hana.Sato");
  await press("Add member");
  await dialog().getByText("Somebody has this login already. Choose another one.").waitFor();
  await dialog().getByLabel("Login").fill("h.sato");
  await press("Add member");
  await dialog().getByText("It is shown once").waitFor();
  const password = await dialog().locator("output").textContent();
  await press("Close");
  await dialog().getByText("It was not copied, and it is not shown again.").waitFor();
  await press("Copy password");
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), password);
  await press("Close");
  await row("h.sato").waitFor();
  const { user: signedIn } = await world.send("POST", "/v1/login", { login: "h.sato", password });
  assert.equal(signedIn.password_change_required, true);
});

test("the last admin cannot leave, others can, and without a team one is asked for a code", async () => {
  await open("/teams", "mina.park");
  await choose("Northwind Mobile", "Leave team");
  await press("Leave team");
  await dialog().getByText("This is the team’s last admin.").waitFor();
  await page.context().close();
  await user(world, "short.stay");
  await member(world, at.team, "short.stay", "reviewer");
  await open("/teams", "short.stay");
  await choose("Northwind Mobile", "Leave team");
  await press("Leave team");
  await page.getByRole("heading", { name: "Join a team" }).waitFor();
  assert.equal(new URL(page.url()).pathname, "/join");
  assert.deepEqual(await page.locator("nav a:visible").allTextContents(), ["Join a team"]);
});

test("a role is edited within the bound, which follows every tick", async () => {
  await open(of("roles"), "t.berg");
  const box = (permission) => page.getByRole("checkbox", { name: `${permission}: Support lead` });
  await box("See accounts").waitFor();
  await page.getByText("1 member · 1 live invitation").waitFor();
  await box("Create, edit, import").check();
  await page.getByText("No role you may grant has this together with “Create, edit, import”.").waitFor();
  assert.equal(await box("Read the audit log").count(), 0);
  await box("Create, edit, import").uncheck();
  await box("Read the audit log").check();
  // Only the reviewer reads the log, and it neither writes nor deletes.
  assert.equal(await box("Delete accounts").count(), 0);
  await box("Read the audit log").uncheck();
  await box("Create, edit, import").check();
  await box("Export accounts").check();
  await page.getByText("2 changes to Support lead take effect at once for 1 member").waitFor();
  // Leaving asks.
  await page.getByRole("link", { name: "Members" }).click();
  await page.getByText("Leave without saving 2 changes?").waitFor();
  await press("Keep editing");
  await page.keyboard.press("Control+Enter");
  await page.getByText("Support lead saved.").waitFor();
  const { items } = await world.call("GET", `/v1${of("roles")}`);
  assert.deepEqual(items.at(-1).permissions, ["team.read", "accounts.read", "accounts.write", "accounts.export"]);
});

test("what others changed in a role meanwhile is kept beside one's own ticks", async () => {
  const shared = await role(world, at.team, "Shared role", ["team.read"]);
  await open(of(`roles/${shared.role_id}`), "mina.park");
  await page.getByRole("checkbox", { name: "See accounts: Shared role" }).check();
  await world.call("PATCH", `/v1${of("roles")}/${shared.role_id}`, { permissions: ["team.read", "audit.read"] });
  await button("Save role").click();
  await page.getByText("Somebody else saved meanwhile. Look at it again.").waitFor();
  await page.getByRole("checkbox", { name: "Read the audit log: Shared role", checked: true }).waitFor();
  await button("Save role").click();
  await page.getByText("Shared role saved.").waitFor();
  const saved = await world.call("GET", `/v1${of("roles")}/${shared.role_id}`);
  assert.deepEqual(saved.permissions, ["team.read", "accounts.read", "audit.read"]);
  await world.call("DELETE", `/v1${of("roles")}/${shared.role_id}`);
});

test("a preset is looked at and copied, and a role goes only when nobody has it", async () => {
  await open(of("roles/operator"), "t.berg");
  await page.getByText("Presets are the same in every team and stay as they are.").waitFor();
  assert.equal(await page.getByRole("checkbox").count(), 0);
  await button("Copy to a new role").click();
  await dialog().getByLabel("Name").fill("<u>Night</u> operator");
  await press("Create role");
  await page.getByText("<u>Night</u> operator created.").waitFor();
  await page.getByRole("checkbox", { name: "Export accounts: <u>Night</u> operator", checked: true }).waitFor();
  assert.equal(await page.locator("main u").count(), 0);

  await page.locator(".role-bar").getByRole("button", { name: "More for <u>Night</u> operator" }).click();
  await page.getByRole("menuitem", { name: "Rename" }).click();
  await dialog().getByLabel("Name").fill("Night operator");
  await press("Rename");
  await page.getByText("Renamed to Night operator.").waitFor();
  await choose("Night operator", "Delete");
  await press("Delete role");
  await page.getByText("Night operator deleted.").waitFor();

  await page.goto(of(`roles/${at.lead.role_id}`));
  await choose("Support lead", "Delete");
  await press("Delete role");
  await dialog().getByText("Members or live invitations have this role. Give them another one first.").waitFor();
});

test("a role that allows more than one may grant, and one's own, say why they stay", async () => {
  const strong = await role(world, at.team, "Strong role", ["team.read", "accounts.delete", "audit.read"]);
  const own = await role(world, at.team, "Role shaper", ["team.read", "roles.manage"]);
  await user(world, "shaper");
  await member(world, at.team, "shaper", own.role_id);
  await open(of(`roles/${strong.role_id}`), "shaper");
  await page.getByText("This role allows more than you may grant, so you may not change it.").waitFor();
  await page.goto(of(`roles/${own.role_id}`));
  await page.getByText("This is your own role. Somebody else has to change it.").waitFor();
  assert.equal(await page.getByRole("link", { name: "Invitations" }).count(), 0);
});

test("a narrow screen has the role as a list beside one to compare with", async () => {
  await open(of(`roles/${at.lead.role_id}`), "t.berg", { width: 390 });
  await page.getByLabel("Compare with").selectOption("Reviewer");
  await page
    .getByRole("listitem")
    .filter({ hasText: "audit.read" })
    .getByText("also in Reviewer")
    .waitFor({ state: "attached" });
  await page.getByRole("checkbox", { name: "Rename the team: Support lead" }).check();
  await page.getByText("1 change to Support lead takes effect at once for 1 member").waitFor();
  await button("Discard").click();
  await page.locator(".save-bar").waitFor({ state: "detached" });
});

test("addresses lead into a team, the back button out of it, and what is not one's own is not there", async () => {
  await open(`/teams/${at.team.team_id}`, "t.berg");
  await page.locator("tr.row").first().waitFor();
  assert.equal(new URL(page.url()).pathname, of("members"));
  await page.getByRole("link", { name: "Roles" }).click();
  await page.locator(".grid").waitFor();
  assert.equal(await page.title(), "Roles · Northwind Mobile · Rollcall");
  await page.goBack();
  await page.locator("tr.row").first().waitFor();
  await page.goto(of("audit"));
  await page.getByText("This address leads nowhere").waitFor();
  const foreign = await team(world, "Foreign", null);
  await page.goto(of("members", foreign));
  await page.getByText("This team is gone, or you may not see it.").waitFor();
});

test("the applications of a team are listed in it and made for it", async () => {
  await open(of("apps"), "mina.park");
  await row("Harbor Chat").waitFor();
  await page.keyboard.press("c");
  await dialog().getByLabel("Name").fill("Pier Live");
  await press("New application");
  await row("Pier Live").waitFor();
  const asMina = await as(world, "mina.park");
  assert.equal((await asMina("GET", `/v1/apps?team_id=${at.team.team_id}`)).items.length, 2);
});

test("keys pass over members to whom nothing can be done", async () => {
  await open(of("members"), "t.berg");
  await row("li.xiaolong").waitFor();
  for (let steps = 0; steps < 3; steps += 1) await page.keyboard.press("j");
  await page.keyboard.press("e");
  await dialog().getByText("Change the role of 李小龙").waitFor();
});

test("keys alone: to the teams, into one, to a member's role", async () => {
  await open("/me/profile");
  await page.keyboard.press("g");
  await page.keyboard.press("t");
  await page.locator("tr.row").first().waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.locator("tr.row", { hasText: "t.berg" }).waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("e");
  await dialog().getByText("Change the role of Tomas.Berg").waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press(".");
  await page.getByRole("menuitem", { name: "Change role" }).waitFor();
  await page.keyboard.press("Escape");
  for (const [key, path, title] of [
    ["u", "/users", "Users"],
    ["l", "/audit", "Audit log"],
    ["p", "/apps", "Applications"],
  ]) {
    await page.keyboard.press("g");
    await page.keyboard.press(key);
    await page.waitForURL(`**${path}`);
    await page.getByRole("heading", { name: title }).waitFor();
  }
});

test("a name that somebody else gave meanwhile is told, and given up only by pressing again", async () => {
  const made = await team(world, "Named twice", null);
  await open("/teams");
  await choose("Named twice", "Rename");
  await dialog().getByLabel("Name").fill("Mine");
  await world.call("PATCH", `/v1/teams/${made.team_id}`, { name: "Theirs" });
  await press("Rename");
  await dialog().getByText("Somebody else named it “Theirs” meanwhile. Press again to name it yours.").waitFor();
  assert.ok(
    await dialog()
      .getByLabel("Name")
      .evaluate((input) => input === document.activeElement),
  );
  await press("Rename");
  await row("Mine").waitFor();
  // The undo goes back to what it was, but not over somebody else's name.
  await world.call("PATCH", `/v1/teams/${made.team_id}`, { name: "Later" });
  await button("Undo").click();
  await page.locator(".toast").getByText("Somebody else saved meanwhile. Look at it again.").waitFor();
  assert.equal((await world.call("GET", `/v1/teams/${made.team_id}`)).name, "Later");
});

test("a role that somebody else changed meanwhile is looked at again before it is changed", async () => {
  const member = (await world.call("GET", `/v1/teams/${at.team.team_id}/members`)).items.find(
    ({ login }) => login === "t.berg",
  );
  await open(of("members"), "mina.park");
  await choose("t.berg", "Change role");
  await dialog().getByLabel("Role").selectOption("Operator");
  await world.call("PATCH", `/v1/teams/${at.team.team_id}/members/${member.user_id}`, { role_id: "reviewer" });
  await press("Change role");
  await page.getByRole("alert").getByText("Somebody else saved meanwhile. Look at it again.").waitFor();
  await row("t.berg").getByRole("cell", { name: "Reviewer" }).waitFor();
  await choose("t.berg", "Change role");
  await dialog().getByLabel("Role").selectOption("Member manager");
  await press("Change role");
  await page.getByText("Tomas.Berg is Member manager now.").waitFor();
});

test("whoever leaves a team from among its members is led to the teams that are left", async () => {
  await user(world, "two.teams");
  const second = await team(world, "Second home", null);
  for (const one of [at.team, second]) await member(world, one, "two.teams", "reviewer");
  await open(of("members"), "two.teams");
  await choose("two.teams", "Leave team");
  await press("Leave team");
  await row("Second home").waitFor();
  assert.equal(new URL(page.url()).pathname, "/teams");
});

test("who may only read an account finds every field said, and none that can be turned", async () => {
  await user(world, "only.reads");
  await member(world, at.team, "only.reads", "reviewer");
  const { items } = await world.call("GET", `/v1/apps?team_id=${at.team.team_id}`);
  const path = `/apps/${items[0].app_id}/accounts`;
  await world.call("POST", `/v1${path}`, {
    user_id: "looked.at",
    type: "general",
    gender: "female",
    friending: "forbidden",
  });
  await open(`${path}/looked.at`, "only.reads");
  assert.equal(await dialog().getByLabel("Gender").inputValue(), "Female");
  assert.equal(await dialog().getByLabel("Friending").inputValue(), "Forbidden");
  assert.equal(
    await dialog().locator("input:not([readonly], [disabled]), select, textarea:not([readonly])").count(),
    1,
    "but for the calendar's own, which nobody sees",
  );
  assert.equal(await dialog().getByRole("button", { name: "Save changes" }).count(), 0);
});

test("who is in a team but may not see it finds it, and the way out", async () => {
  const keeper = await role(world, at.team, "Record keeper", ["audit.read"]);
  await user(world, "sees.little");
  await member(world, at.team, "sees.little", keeper.role_id);
  await open("/teams", "sees.little");
  await row("Record keeper").waitFor();
  assert.equal(await page.locator("tr.row a").count(), 0);
  await choose("Northwind Mobile", "Leave team");
  await press("Leave team");
  await page.waitForURL("**/join");
});
