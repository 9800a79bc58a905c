// The whole product in one scenario, from an empty platform: an admin sets it up, a team admin takes over, people
// register, join by invitation and work with accounts. It runs once with a mouse and once with the keyboard alone.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { ADMIN, Fixture, PASSWORD } from "./fixture.js";
import { Keyboard, Mouse } from "./input.js";
import { wordsOf } from "./words.js";

const w = await wordsOf("en");

const OWN = "seven quiet harbours 41";

for (const Input of [Mouse, Keyboard]) {
  test(`people set up, join and use the platform: ${Input.name}`, async (t) => {
    const fixture = await Fixture.start();
    t.after(() => fixture.stop());
    const pages = [];
    const person = async () => {
      pages.push(await fixture.page());
      await pages.at(-1).context().grantPermissions(["clipboard-read", "clipboard-write"]);
      return personAt(new Input(pages.at(-1)));
    };
    const [admin, mina, jisoo, li] = [await person(), await person(), await person(), await person()];

    const password = await setUp(admin);
    const codes = await takeOver(mina, password);
    await registerAndJoin(jisoo, fixture, codes[0]);
    await registerWithCode(li, fixture, codes[1]);
    await editAccounts(jisoo);
    await exportAccounts(jisoo);
    await deleteAccounts(jisoo);
    await readLog(admin);
    for (const page of pages) assert.deepEqual(page.errors, []);
  });
}

// A person at a page, who finds everything by its visible name.
function personAt(input) {
  const { page } = input;
  const inside = (role, name, exact = true) => page.getByRole(role, { name, exact }).filter({ visible: true }).first();
  return {
    page,
    input,
    row: (name) => page.getByRole("row").filter({ hasText: name }),
    sees: (text) => page.getByText(text, { exact: true }).filter({ visible: true }).first().waitFor(),
    press: (name, role = "button") => input.press(inside(role, name)),
    write: (label, text) => input.write(page.getByLabel(label, { exact: true }).filter({ visible: true }), text),
    choose: (label, option) => input.choose(page.getByLabel(label, { exact: true }), option),
    // A button in a dialog can have the same name as the button that opened it.
    confirm: (name, role = "button") => input.press(page.getByRole("dialog").getByRole(role, { name, exact: true })),
    async signIn(login, password) {
      await this.write(w.signIn.login, login);
      await this.write(w.signIn.password, password);
      await this.press(w.signIn.action);
    },
    async download() {
      const [file] = await Promise.all([page.waitForEvent("download"), this.press(w.export.download, "link")]);
      return readFile(await file.path(), "utf8");
    },
  };
}

// The super admin creates a user, a team with that user as its admin, and an application of the team. Returns the
// initial password of the user.
async function setUp(admin) {
  await admin.page.goto("/");
  await admin.signIn(ADMIN, PASSWORD);
  await admin.sees(w.accounts.noApps);

  await admin.press(w.entries.users, "link");
  await admin.press(w.users.create);
  await admin.write(w.register.username, "Mina.Park");
  await admin.write(w.signIn.login, "mina.park");
  await admin.confirm(w.users.createAction);
  await admin.sees(w.initialPassword.shown);
  const password = await admin.page.getByRole("dialog").locator(".secret").textContent();
  await admin.confirm(w.initialPassword.copy);
  await admin.sees(w.copy.copied);
  await admin.press(w.dialog.close);

  await admin.press(w.entries.teams, "link");
  await admin.press(w.teams.create);
  await admin.write(w.teams.name, "Northwind Mobile");
  await admin.write(w.teams.firstAdmin, "mina.park");
  await admin.confirm(w.teams.createAction);
  await admin.row("Northwind Mobile").filter({ hasText: "Mina.Park" }).waitFor();

  await admin.press(w.entries.apps, "link");
  await admin.press(w.apps.create);
  await admin.write(w.apps.name, "Harbor Chat");
  await admin.choose(w.apps.team, "Northwind Mobile");
  await admin.confirm(w.apps.createAction);
  await admin.row("Harbor Chat").filter({ hasText: "Northwind Mobile" }).waitFor();
  return password;
}

// The admin of the team chooses a password and issues two invitation codes: one for a login, one for anyone.
async function takeOver(mina, password) {
  await mina.page.goto("/");
  await mina.signIn("mina.park", password);
  await mina.write(w.changePassword.current, password);
  await mina.write(w.changePassword.password, OWN);
  await mina.write(w.changePassword.confirmation, OWN);
  await mina.press(w.firstPassword.action);
  await mina.press(w.entries.teams, "link");
  await mina.press("Northwind Mobile", "link");
  await mina.press(/^Invitations/, "link");
  const codes = [];
  for (const [role, login] of [
    [w.roles.senior_developer, "jisoo.han"],
    [w.roles.reviewer, ""],
  ]) {
    await mina.press(w.team.create.invitations);
    await mina.choose(w.invitations.role, role);
    if (login) await mina.write(w.signIn.login, login);
    await mina.confirm(w.invitations.issue);
    await mina.press(w.issued.copy);
    await mina.sees(w.copy.copied);
    codes.push(await mina.page.locator(".issued-digits").textContent());
  }
  return codes;
}

async function register(person, fixture, name, invitation) {
  const email = `${name}@northwind.example`;
  await person.page.goto("/");
  await person.press(w.signIn.register, "link");
  await person.write(w.register.email, email);
  await person.press(w.register.send);
  await person.write(w.register.code, await fixture.code(email));
  await person.write(w.register.username, name);
  await person.write(w.signIn.login, name);
  await person.write(w.signIn.password, OWN);
  await person.write(w.register.confirmation, OWN);
  if (invitation) await person.write(w.register.invitation, invitation);
  await person.press(w.signIn.register);
}

async function registerAndJoin(person, fixture, invitation) {
  await register(person, fixture, "jisoo.han");
  await person.sees(w.signIn.done.registered);
  await person.signIn("jisoo.han", OWN);
  await person.write(w.join.code, invitation);
  await person.press(w.join.action);
  await person.sees(w.join.joined("Northwind Mobile", w.roles.senior_developer));
}

async function registerWithCode(person, fixture, invitation) {
  await register(person, fixture, "li.xiaolong", invitation);
  await person.sees(w.join.joined("Northwind Mobile", w.roles.reviewer));
  await person.press(w.entries.teams, "link");
  await person.row("Northwind Mobile").filter({ hasText: w.roles.reviewer }).waitFor();
}

async function editAccounts(jisoo) {
  await jisoo.press(w.entries.accounts, "link");
  await jisoo.sees(w.accounts.none);
  for (const [id, nickname, type] of [
    ["ava", "Ava <b>K</b>", w.accounts.types.general],
    ["mateo", "Mateo", w.accounts.types.admin],
    ["zoe", "", w.accounts.types.general],
  ]) {
    await jisoo.press(w.accounts.create);
    await jisoo.write(w.accounts.fields.user_id, id);
    await jisoo.confirm(type, "radio");
    if (nickname) await jisoo.write(w.accounts.fields.nickname, nickname);
    await jisoo.write(w.accounts.fields.photo_url, `https://photos.invalid/${id}.png`);
    await jisoo.confirm(w.accounts.create);
    await jisoo.sees(w.accounts.wasCreated(id));
  }
  await jisoo
    .row("ava")
    .filter({ hasText: "Ava <b>K</b>" })
    .filter({ hasText: w.accounts.types.general })
    .filter({ hasText: "Today, " })
    .waitFor();
  await jisoo.row("mateo").filter({ hasText: w.accounts.types.admin }).waitFor();
  await jisoo.sees(w.accounts.admins(1, 10));

  await jisoo.input.press(jisoo.row("ava").getByRole("button", { name: w.accounts.edit, exact: true }));
  await jisoo.write(w.accounts.fields.nickname, "은지");
  await jisoo.write(w.accounts.fields.location, "Jeju");
  await jisoo.write(w.accounts.fields.whats_up, "At sea");
  await jisoo.confirm(w.accounts.choices.gender.female, "radio");
  await jisoo.write(w.accounts.fields.birth_date, "1998-03-14");
  await jisoo.choose(w.accounts.fields.friend_verification, w.accounts.choices.friend_verification.deny_any);
  await jisoo.confirm(w.accounts.choices.friending.forbidden, "radio");
  await jisoo.write(w.accounts.fields.language, "7");
  await jisoo.write(w.accounts.fields.level, "42");
  await jisoo.write(w.accounts.fields.role, "3");
  await jisoo.press(w.dialog.saveChanges);
  await jisoo.sees(w.accounts.wasSaved("ava"));
  await jisoo.row("ava").filter({ hasText: "은지" }).waitFor();

  await jisoo.input.press(jisoo.row("zoe").getByRole("button", { name: w.accounts.more("zoe") }));
  await jisoo.input.press(jisoo.page.getByRole("menuitem", { name: new RegExp(w.accounts.setAdmin) }));
  await jisoo.sees(w.accounts.admins(2, 10));
}

async function exportAccounts(jisoo) {
  await jisoo.input.press(jisoo.row("ava").getByRole("button", { name: w.accounts.export, exact: true }));
  await jisoo.confirm("NDJSON", "radio");
  await jisoo.confirm(w.accounts.export);
  await jisoo.sees(w.export.done);
  const { user_id, nickname, location, gender, birth_date, friend_verification, friending, language, level, role } =
    JSON.parse(await jisoo.download());
  assert.deepEqual(
    [user_id, nickname, location, gender, birth_date, friend_verification, friending, language, level, role],
    ["ava", "은지", "Jeju", "female", "1998-03-14", "deny_any", "forbidden", 7, 42, 3],
  );
  await jisoo.press(w.dialog.close);

  for (const id of ["ava", "mateo"]) await jisoo.input.pick(jisoo.row(id));
  await jisoo.press(w.accounts.exportCount(2));
  await jisoo.confirm(w.accounts.export);
  await jisoo.sees(w.export.what(2, "CSV"));
  const lines = (await jisoo.download()).trim().split("\r\n");
  assert.deepEqual(
    lines.map((line) => line.replace("\uFEFF", "").split(",")[0]),
    [`"user_id"`, `"ava"`, `"mateo"`],
  );
  await jisoo.press(w.dialog.close);
}

async function deleteAccounts(jisoo) {
  await jisoo.press(w.lock.lift);
  await jisoo.sees(w.lock.question("Harbor Chat"));
  await jisoo.confirm(w.lock.liftAction);
  await jisoo.sees(w.lock.lifted);
  await jisoo.press(w.accounts.deleteCount(2));
  await jisoo.sees(w.deletion.question(2));
  await jisoo.confirm(w.deletion.action(2));
  await jisoo.sees(w.deletion.done(2));
  await jisoo.sees(w.accounts.admins(1, 10));
  await jisoo.press(w.lock.restore);
  await jisoo.sees(w.list.complete.accounts(1));
}

// The super admin reads the audit log.
async function readLog(admin) {
  await admin.press(w.entries.audit, "link");
  for (const action of [
    w.audit.counted["account.delete"](2),
    w.audit.actions["app.unlock"],
    w.audit.actions["app.lock"],
    w.audit.actions["invitation.redeem"],
    w.audit.actions["team.create"],
  ])
    await admin.row(action).first().waitFor();
  await admin.press(new RegExp(`${w.person.settings}$`));
  await admin.input.press(admin.page.getByRole("menuitem", { name: w.person.signOut }));
  await admin.page.getByLabel(w.signIn.login).waitFor();
}
