// The stories of the product as one, from a platform where nobody has done anything yet: an admin builds it, somebody
// takes it over, strangers register and join by invitation, and work with accounts. Told twice: with a mouse, and with
// nothing but a keyboard.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { Keyboard, Mouse } from "./hands.js";
import { ADMIN, PASSWORD, World } from "./world.js";

const OWN = "seven quiet harbours 41";

for (const Hands of [Mouse, Keyboard]) {
  test(`the whole story: ${Hands.name}`, async (t) => {
    const world = await World.start();
    t.after(() => world.stop());
    const pages = [];
    const person = async () => {
      pages.push(await world.page());
      await pages.at(-1).context().grantPermissions(["clipboard-read", "clipboard-write"]);
      return actor(new Hands(pages.at(-1)));
    };
    const [admin, mina, jisoo, li] = [await person(), await person(), await person(), await person()];

    const handed = await founds(admin);
    const codes = await takesOver(mina, handed);
    await registersAndJoins(jisoo, world, codes[0]);
    await registersWithCode(li, world, codes[1]);
    await worksWithAccounts(jisoo);
    await exports(jisoo);
    await deletes(jisoo);
    await sees(admin);
    for (const page of pages) assert.deepEqual(page.complaints, []);
  });
}

// What a person does to the page, by the names that are on it.
function actor(hands) {
  const { page } = hands;
  const inside = (role, name, exact = true) => page.getByRole(role, { name, exact }).filter({ visible: true }).first();
  return {
    page,
    hands,
    row: (name) => page.getByRole("row").filter({ hasText: name }),
    sees: (text) => page.getByText(text, { exact: true }).filter({ visible: true }).first().waitFor(),
    press: (name, role = "button") => hands.press(inside(role, name)),
    write: (label, text) => hands.write(page.getByLabel(label, { exact: true }).filter({ visible: true }), text),
    choose: (label, option) => hands.choose(page.getByLabel(label, { exact: true }), option),
    // Buttons of a dialog may have the name of what opened it.
    confirm: (name, role = "button") => hands.press(page.getByRole("dialog").getByRole(role, { name, exact: true })),
    async signIn(login, password) {
      await this.write("Login", login);
      await this.write("Password", password);
      await this.press("Sign in");
    },
    async download() {
      const [file] = await Promise.all([page.waitForEvent("download"), this.press("Download", "link")]);
      return readFile(await file.path(), "utf8");
    },
  };
}

// The super admin makes a user, a team that the user is admin of, and the team's application.
async function founds(admin) {
  await admin.page.goto("/");
  await admin.signIn(ADMIN, PASSWORD);
  await admin.sees("There is no application yet whose accounts you can see.");

  await admin.press("Users", "link");
  await admin.press("New user");
  await admin.write("Username", "Mina.Park");
  await admin.write("Login", "mina.park");
  await admin.confirm("Create user");
  await admin.sees("Copy it now. It is shown once and must be changed at first sign-in.");
  const handed = await admin.page.getByRole("dialog").locator(".secret").textContent();
  await admin.confirm("Copy password");
  await admin.sees("Copied");
  await admin.press("Close");

  await admin.press("Teams", "link");
  await admin.press("New team");
  await admin.write("Name", "Northwind Mobile");
  await admin.write("First admin", "mina.park");
  await admin.confirm("New team");
  await admin.row("Northwind Mobile").filter({ hasText: "Mina.Park" }).waitFor();

  await admin.press("Applications", "link");
  await admin.press("New application");
  await admin.write("Name", "Harbor Chat");
  await admin.choose("Team", "Northwind Mobile");
  await admin.confirm("New application");
  await admin.row("Harbor Chat").filter({ hasText: "Northwind Mobile" }).waitFor();
  return handed;
}

// The first admin of the team chooses a password, and invites a developer and anyone who has the second code.
async function takesOver(mina, handed) {
  await mina.page.goto("/");
  await mina.signIn("mina.park", handed);
  await mina.write("Current password", handed);
  await mina.write("New password", OWN);
  await mina.write("New password again", OWN);
  await mina.press("Change and go on");
  await mina.press("Teams", "link");
  await mina.press("Northwind Mobile", "link");
  await mina.press(/^Invitations/, "link");
  const codes = [];
  for (const [role, login] of [
    ["Senior developer", "jisoo.han"],
    ["Reviewer", ""],
  ]) {
    await mina.press("Invite");
    await mina.choose("Role", role);
    if (login) await mina.write("Login", login);
    await mina.confirm("Issue code");
    await mina.press("Copy code");
    await mina.sees("Copied");
    codes.push(await mina.page.locator(".issued-digits").textContent());
  }
  return codes;
}

async function registers(stranger, world, name, invitation) {
  const email = `${name}@northwind.example`;
  await stranger.page.goto("/");
  await stranger.press("Register", "link");
  await stranger.write("Email", email);
  await stranger.press("Mail me a code");
  await stranger.write("Code from the mail", await world.code(email));
  await stranger.write("Username", name);
  await stranger.write("Login", name);
  await stranger.write("Password", OWN);
  await stranger.write("Password again", OWN);
  if (invitation) await stranger.write("Invitation code, if you have one", invitation);
  await stranger.press("Register");
  await stranger.sees("You are registered. Sign in with your login and password.");
  await stranger.signIn(name, OWN);
}

async function registersAndJoins(stranger, world, invitation) {
  await registers(stranger, world, "jisoo.han");
  await stranger.write("Invitation code", invitation);
  await stranger.press("Join");
  await stranger.sees("You joined Northwind Mobile as Senior developer.");
}

async function registersWithCode(stranger, world, invitation) {
  await registers(stranger, world, "li.xiaolong", invitation);
  await stranger.press("Teams", "link");
  await stranger.row("Northwind Mobile").filter({ hasText: "Reviewer" }).waitFor();
}

async function worksWithAccounts(jisoo) {
  await jisoo.press("Accounts", "link");
  await jisoo.sees("This application has no accounts yet.");
  for (const [id, nickname, type] of [
    ["ava", "Ava <b>K</b>", "General"],
    ["mateo", "Mateo", "Admin"],
    ["zoe", "", "General"],
  ]) {
    await jisoo.press("Create account");
    await jisoo.write("User ID", id);
    await jisoo.confirm(type, "radio");
    if (nickname) await jisoo.write("Nickname", nickname);
    await jisoo.write("Profile photo", `https://photos.invalid/${id}.png`);
    await jisoo.confirm("Create account");
    await jisoo.sees(`${id} created.`);
  }
  await jisoo
    .row("ava")
    .filter({ hasText: "Ava <b>K</b>" })
    .filter({ hasText: "General" })
    .filter({ hasText: "Today, " })
    .waitFor();
  await jisoo.row("mateo").filter({ hasText: "Admin" }).waitFor();
  await jisoo.sees("1 of 10 admins");

  await jisoo.hands.press(jisoo.row("ava").getByRole("button", { name: "Edit", exact: true }));
  await jisoo.write("Nickname", "은지");
  await jisoo.write("Location", "Jeju");
  await jisoo.write("What’s up", "At sea");
  await jisoo.confirm("Female", "radio");
  await jisoo.write("Birth date", "1998-03-14");
  await jisoo.choose("Friend request verification", "Denies everyone");
  await jisoo.confirm("Forbidden", "radio");
  await jisoo.write("Language", "7");
  await jisoo.write("Level", "42");
  await jisoo.write("Role", "3");
  await jisoo.press("Save changes");
  await jisoo.sees("ava saved.");
  await jisoo.row("ava").filter({ hasText: "은지" }).waitFor();

  await jisoo.hands.press(jisoo.row("zoe").getByRole("button", { name: "More for zoe" }));
  await jisoo.hands.press(jisoo.page.getByRole("menuitem", { name: /^Set as admin/ }));
  await jisoo.sees("2 of 10 admins");
}

async function exports(jisoo) {
  await jisoo.hands.press(jisoo.row("ava").getByRole("button", { name: "Export", exact: true }));
  await jisoo.confirm("NDJSON", "radio");
  await jisoo.confirm("Export");
  await jisoo.sees("Export successful");
  const { user_id, nickname, location, gender, birth_date, friend_verification, friending, language, level, role } =
    JSON.parse(await jisoo.download());
  assert.deepEqual(
    [user_id, nickname, location, gender, birth_date, friend_verification, friending, language, level, role],
    ["ava", "은지", "Jeju", "female", "1998-03-14", "deny_any", "forbidden", 7, 42, 3],
  );
  await jisoo.press("Close");

  for (const id of ["ava", "mateo"]) await jisoo.hands.pick(jisoo.row(id));
  await jisoo.press("Export 2");
  await jisoo.confirm("Export");
  await jisoo.sees("2 accounts, CSV.");
  const lines = (await jisoo.download()).trim().split("\r\n");
  assert.deepEqual(
    lines.map((line) => line.replace("\uFEFF", "").split(",")[0]),
    ["user_id", "ava", "mateo"],
  );
  await jisoo.press("Close");
}

async function deletes(jisoo) {
  await jisoo.press("Click here to remove the restriction");
  await jisoo.sees("Remove the restriction for Harbor Chat?");
  await jisoo.confirm("Remove restriction");
  await jisoo.sees("Accounts can be deleted.");
  await jisoo.press("Delete 2");
  await jisoo.sees("Delete 2 accounts?");
  await jisoo.confirm("Delete 2 accounts");
  await jisoo.sees("2 deleted.");
  await jisoo.sees("1 of 10 admins");
  await jisoo.press("Lock again");
  await jisoo.sees("All 1 shown");
}

// The super admin reads what has happened.
async function sees(admin) {
  await admin.press("Audit log", "link");
  for (const action of [
    "Deleted accounts",
    "Removed the deletion lock",
    "Locked deletion",
    "Redeemed an invitation",
    "Created a team",
  ])
    await admin.row(action).first().waitFor();
  await admin.press(/Your account and settings$/);
  await admin.hands.press(admin.page.getByRole("menuitem", { name: "Sign out" }));
  await admin.page.getByLabel("Login").waitFor();
}
