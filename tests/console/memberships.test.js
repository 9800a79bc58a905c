// Memberships that end: their last day in forms, and their end in lists.
import assert from "node:assert/strict";
import { test } from "node:test";
import { northwind, user } from "./seed.js";
import { button, choose, dialog, fixture, open, page, press, row, useFixture } from "./suite.js";
import { wordsOf } from "./words.js";

const w = await wordsOf("en");

let at;
useFixture({}, async () => {
  at = await northwind(fixture);
});

const of = (tab) => `/teams/${at.team.team_id}/${tab}`;
const memberOf = async (login) =>
  (await fixture.call("GET", `/v1${of("members")}`)).items.find((one) => one.login === login);
const lastDay = () => dialog().getByLabel(w.members.lastDay);
const edit = (login) => choose(w.teams.more(login), w.members.changeRole);

// A day from now, and the moment after it, in the time zone of the browser.
const dayFromNow = (days) =>
  page.evaluate((ahead) => {
    const here = new Date();
    const [day, end] = [0, 1].map(
      (more) => new Date(here.getFullYear(), here.getMonth(), here.getDate() + ahead + more),
    );
    return { day: day.toLocaleDateString("sv-SE"), end: end.toISOString() };
  }, days);

test("a member is added until the end of a day, which is changed and taken off", async () => {
  await open(of("members"), { as: "mina.park" });
  const [week, month] = [await dayFromNow(7), await dayFromNow(30)];
  await button(w.team.create.members).click();
  await dialog().getByLabel(w.members.fields.login).fill("jisoo.han");
  await lastDay().fill("2020-01-01");
  await press(w.members.add);
  await dialog().getByText(w.violations.expires_at.out_of_range).waitFor();
  await lastDay().fill("tomorrow");
  await press(w.members.add);
  await dialog().getByText(w.violations.expires_at.bad_format).waitFor();
  await lastDay().fill(week.day);
  await press(w.members.add);
  await row("jisoo.han").locator(`time[datetime="${week.end}"]`).last().waitFor();
  assert.equal((await memberOf("jisoo.han")).expires_at, week.end);

  await edit("jisoo.han");
  assert.equal(await lastDay().inputValue(), week.day);
  await lastDay().fill(month.day);
  await press(w.members.changeRole);
  await row("jisoo.han").locator(`time[datetime="${month.end}"]`).last().waitFor();
  await button(w.toast.undo).click();
  await row("jisoo.han").locator(`time[datetime="${week.end}"]`).last().waitFor();
  await edit("jisoo.han");
  await lastDay().fill("");
  await press(w.members.changeRole);
  await page.getByText(w.members.hasNoEnd("jisoo.han")).waitFor();
  assert.equal((await memberOf("jisoo.han")).expires_at, null);
});

test("an end within a day is kept when only the role changes", async () => {
  const { user_id } = await user(fixture, "noon.ends");
  const end = new Date(Date.now() + 5 * 86_400_000).toISOString();
  await fixture.call("POST", `/v1${of("members")}`, { user_id, role_id: "reviewer", expires_at: end });
  await open(of("members"), { as: "mina.park" });
  await edit("noon.ends");
  await dialog().getByLabel(w.members.role).selectOption(w.roles.operator);
  await press(w.members.changeRole);
  await page.getByText(w.members.hasRole("noon.ends", w.roles.operator)).waitFor();
  assert.equal((await memberOf("noon.ends")).expires_at, end);
});

test("the last admin is given no end, and the reason is shown", async () => {
  await open(of("members"), { as: "admin" });
  await edit("mina.park");
  await lastDay().fill((await dayFromNow(7)).day);
  await press(w.members.changeRole);
  await dialog().getByText(w.problems.last_team_admin).waitFor();
});

test("an invitation says for how many days the membership lasts", async () => {
  await open(of("invitations"), { as: "mina.park" });
  await button(w.team.create.invitations).click();
  const days = dialog().getByLabel(w.invitations.days);
  for (const wrong of ["0", "3651", "1.5", "x"]) {
    await days.fill(wrong);
    await press(w.invitations.issue);
    await dialog().getByText(w.violations.membership_days.out_of_range).waitFor();
  }
  // Digits in full width are read, too.
  await days.fill("９０");
  await press(w.invitations.issue);
  await page.locator(".issued").waitFor();
  await page.getByRole("cell").getByText(w.invitations.forDays(90), { exact: true }).waitFor();
  const { items } = await fixture.call("GET", `/v1${of("invitations")}?status=live`);
  assert.equal(items[0].membership_days, 90);
});
