// Roles of a team and their permissions.
import assert from "node:assert/strict";
import { test } from "node:test";
import { waitUntilIdle } from "./fixture.js";
import { member, northwind, role, user } from "./seed.js";
import { button, choose, dialog, fixture, open, page, press, useFixture } from "./suite.js";
import { roleWordsOf, wordsOf } from "./words.js";

const [w, r] = [await wordsOf("en"), await roleWordsOf("en")];

let at;
useFixture({}, async () => {
  at = await northwind(fixture);
});

const of = (tab, made = at.team) => `/teams/${made.team_id}/${tab}`;
const more = (name, item) => choose(w.teams.more(name), item);

// What the save bar says, without its emphasis.
const effect = (changes, role, members) => r.effectFor(r.effect(changes, role), members).replaceAll("*", "");

test("a role offers only permissions that can be granted with the selected ones", async () => {
  await open(of("roles"), { as: "t.berg", ready: ".role-bar" });
  const box = (permission) => page.getByRole("checkbox", { name: r.allow(permission, "Support lead") });
  await box(w.permissions["accounts.read"]).waitFor();
  await page.getByText(`${r.members(1)} · ${r.invitations(1)}`).waitFor();
  await box(w.permissions["accounts.write"]).check();
  await page.getByText(r.notWith(w.permissions["accounts.write"])).waitFor();
  assert.equal(await box(w.permissions["audit.read"]).count(), 0);
  await box(w.permissions["accounts.write"]).uncheck();
  await box(w.permissions["audit.read"]).check();
  // Among the presets only the reviewer may read the log, and a reviewer can neither write nor delete.
  assert.equal(await box(w.permissions["accounts.delete"]).count(), 0);
  await box(w.permissions["audit.read"]).uncheck();
  await box(w.permissions["accounts.write"]).check();
  await box(w.permissions["accounts.export"]).check();
  await page.getByText(effect(2, "Support lead", 1)).waitFor();
  await page.getByRole("link", { name: w.team.tabs.members }).click();
  await page.getByText(w.unsaved.title(2)).waitFor();
  await press(w.unsaved.keep);
  await page.keyboard.press("Control+Enter");
  await page.getByText(r.wasSaved("Support lead")).waitFor();
  const { items } = await fixture.call("GET", `/v1${of("roles")}`);
  assert.deepEqual(items.at(-1).permissions, ["team.read", "accounts.read", "accounts.write", "accounts.export"]);
});

test("a concurrent change of a role is merged with the own selection", async () => {
  const shared = await role(fixture, at.team, "Shared role", ["team.read"]);
  await open(of(`roles/${shared.role_id}`), { as: "mina.park", ready: ".role-bar" });
  await page.getByRole("checkbox", { name: r.allow(w.permissions["accounts.read"], "Shared role") }).check();
  await fixture.call("PATCH", `/v1${of("roles")}/${shared.role_id}`, { permissions: ["team.read", "audit.read"] });
  let reloads = 0;
  page.on("request", (request) => (reloads += /\/roles\?/.test(request.url()) ? 1 : 0));
  await button(r.save).click();
  await page.getByText(w.problems.version_conflict).waitFor();
  await page
    .getByRole("checkbox", { name: r.allow(w.permissions["audit.read"], "Shared role"), checked: true })
    .waitFor();
  await waitUntilIdle(page);
  assert.equal(reloads, 1);
  await button(r.save).click();
  await page.getByText(r.wasSaved("Shared role")).waitFor();
  const saved = await fixture.call("GET", `/v1${of("roles")}/${shared.role_id}`);
  assert.deepEqual(saved.permissions, ["team.read", "accounts.read", "audit.read"]);
  await fixture.call("DELETE", `/v1${of("roles")}/${shared.role_id}`);
});

test("a preset can be copied, and a role in use cannot be deleted", async () => {
  await open(of("roles/operator"), { as: "t.berg", ready: ".role-bar" });
  await page.getByText(r.presetFixed).waitFor();
  assert.equal(await page.getByRole("checkbox").count(), 0);
  await button(r.copy).click();
  await dialog().getByLabel(r.name).fill("<u>Night</u> operator");
  await press(r.create);
  await page.getByText(r.wasCreated("<u>Night</u> operator")).waitFor();
  await page
    .getByRole("checkbox", {
      name: r.allow(w.permissions["accounts.export"], "<u>Night</u> operator"),
      checked: true,
    })
    .waitFor();
  assert.equal(await page.locator("main u").count(), 0);

  await page
    .locator(".role-bar")
    .getByRole("button", { name: w.teams.more("<u>Night</u> operator") })
    .click();
  await page.getByRole("menuitem", { name: r.rename }).click();
  await dialog().getByLabel(r.name).fill("Night operator");
  await press(r.rename);
  await page.getByText(r.wasRenamed("Night operator")).waitFor();
  await more("Night operator", r.delete);
  await press(r.deleteAction);
  await page.getByText(r.wasDeleted("Night operator")).waitFor();

  await page.goto(of(`roles/${at.lead.role_id}`));
  await more("Support lead", r.delete);
  await press(r.deleteAction);
  await dialog().getByText(w.problems.role_in_use).waitFor();
});

test("a role that cannot be edited says why", async () => {
  const strong = await role(fixture, at.team, "Strong role", ["team.read", "accounts.delete", "audit.read"]);
  const own = await role(fixture, at.team, "Role shaper", ["team.read", "roles.manage"]);
  await user(fixture, "shaper");
  await member(fixture, at.team, "shaper", own.role_id);
  await open(of(`roles/${strong.role_id}`), { as: "shaper", ready: ".role-bar" });
  await page.getByText(r.beyond).waitFor();
  await page.goto(of(`roles/${own.role_id}`));
  await page.getByText(r.ownFixed).waitFor();
  assert.equal(await page.getByRole("link", { name: w.team.tabs.invitations }).count(), 0);
});

test("a narrow screen shows the role as a list beside a role to compare with", async () => {
  await open(of(`roles/${at.lead.role_id}`), { as: "t.berg", ready: ".role-bar", width: 390 });
  await page.getByLabel(r.compare).selectOption(w.roles.reviewer);
  await page
    .getByRole("listitem")
    .filter({ hasText: "audit.read" })
    .getByText(r.alsoIn(w.roles.reviewer))
    .waitFor({ state: "attached" });
  await page.getByRole("checkbox", { name: r.allow(w.permissions["team.edit"], "Support lead") }).check();
  await page.getByText(effect(1, "Support lead", 1)).waitFor();
  await button(r.discard).click();
  await page.locator(".save-bar").waitFor({ state: "detached" });
});
