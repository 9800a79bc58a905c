// Messages: where they stand, what they cover and move, and how they are reached.
import assert from "node:assert/strict";
import { test } from "node:test";
import { waitUntilIdle } from "./fixture.js";
import { firstApp, liftLock, team } from "./seed.js";
import { button, choose, dialog, fixture, newPage, open, page, useFixture } from "./suite.js";
import { wordsOf } from "./words.js";

const w = await wordsOf("en");

let app;
useFixture({ seed: 60 }, async () => {
  app = await firstApp(fixture);
});

const accounts = () => `/apps/${app.app_id}/accounts`;
const toast = (text) => page.locator(".toast", { hasText: text });
const setAdmin = async (id) => {
  await choose(w.accounts.more(id), new RegExp(w.accounts.setAdmin));
  await toast(w.accounts.isAdmin(id)).waitFor();
};
const top = (locator) => locator.evaluate((element) => element.getBoundingClientRect().top);

for (const width of [1280, 800]) {
  test(`a toast leaves the account menu in reach: ${width} px wide`, async () => {
    await open(accounts(), { width });
    await setAdmin("aditi.chen21");
    const covers = await page.evaluate(() => {
      const box = document.querySelector(".side .person").getBoundingClientRect();
      const points = [box.left + 4, (box.left + box.right) / 2, box.right - 4].map((x) => [
        x,
        box.top + box.height / 2,
      ]);
      return points.filter(([x, y]) => !document.elementFromPoint(x, y).closest(".person"));
    });
    assert.deepEqual(covers, []);
    await page.keyboard.press("Control+z");
    await toast(w.accounts.isGeneral("aditi.chen21")).waitFor();
  });
}

test("a toast is undone with a key, and waits for somebody who tabs towards it", async () => {
  await open(accounts());
  await page.clock.install();
  await setAdmin("aditi.chen21");
  for (let step = 0; step < 3; step += 1) {
    await page.clock.runFor(4000);
    await page.keyboard.press("Tab");
  }
  await toast(w.accounts.isAdmin("aditi.chen21")).waitFor();
  await page.keyboard.press("Control+z");
  await toast(w.accounts.isGeneral("aditi.chen21")).waitFor();
  await page.clock.runFor(7000);
  await toast(w.accounts.isGeneral("aditi.chen21")).waitFor({ state: "detached" });
});

test("while somebody types, the key that undoes is the field's own", async () => {
  await open(accounts());
  await setAdmin("aditi.chen21");
  await page.getByLabel(w.accounts.search).focus();
  await page.keyboard.press("Control+z");
  await toast(w.accounts.isAdmin("aditi.chen21")).waitFor();
  await page.getByRole("button", { name: w.toast.undo }).click();
  await toast(w.accounts.isGeneral("aditi.chen21")).waitFor();
});

test("what was created can be opened from the toast", async () => {
  await open(accounts());
  await page.getByRole("button", { name: w.accounts.create }).click();
  await dialog().getByLabel(w.accounts.fields.user_id).fill("open.me");
  await dialog().getByRole("button", { name: w.accounts.create }).click();
  await toast(w.accounts.wasCreated("open.me")).getByRole("button", { name: w.toast.open }).click();
  await page.waitForURL(`**${accounts()}/open.me`);
  await dialog().getByText("open.me").first().waitFor();
});

test("the warning before the session ends lies above an open sheet and can be pressed", async () => {
  await newPage({ signedIn: true });
  await page.clock.install();
  await page.goto(`${accounts()}/ava.kim33`);
  await dialog().getByLabel(w.accounts.fields.nickname).waitFor();
  await waitUntilIdle(page);
  await page.clock.runFor(13 * 60_000 + 20_000);
  await toast(w.expiry.soon(w.times.minutes(2))).waitFor();
  await button(w.expiry.stay).click();
  await toast(w.expiry.stay).waitFor({ state: "detached" });
  await dialog().waitFor();
});

test("an error about a list and the outcome of a deletion move no row", async () => {
  await open(accounts());
  const row = page.locator("tr.row").nth(5);
  const before = await top(row);
  await page.route("**/admin", (route) => route.fulfill({ status: 503, json: { code: "unavailable" } }), { times: 1 });
  await choose(w.accounts.more("aditi.chen21"), new RegExp(w.accounts.setAdmin));
  const banner = page.locator(".banner", { hasText: w.problems.unavailable(w.times.seconds(5)) });
  await banner.waitFor();
  assert.equal(await top(row), before);
  assert.ok(await banner.evaluate((element) => element.getBoundingClientRect().bottom <= innerHeight));
  await page.getByRole("button", { name: w.again }).click();
  await banner.waitFor({ state: "detached" });
  await liftLock(fixture, app);
  await page.reload();
  await page.locator("tr.row").first().waitFor();
  const place = await top(page.locator("tr.row").first());
  await page.locator("tr.row").last().getByRole("checkbox").check();
  await page.getByRole("button", { name: w.accounts.deleteCount(1) }).click();
  await dialog()
    .getByRole("button", { name: w.deletion.action(1) })
    .click();
  await page.getByText(w.deletion.done(1)).waitFor();
  await page.evaluate(() => scrollTo(0, 0));
  assert.equal(await top(page.locator("tr.row").first()), place);
});

test("errors move no field of a form", async () => {
  await newPage();
  await page.goto("/sign-in");
  const [login, password] = [page.getByLabel(w.signIn.login), page.getByLabel(w.signIn.password, { exact: true })];
  await login.waitFor();
  const before = [await top(login), await top(password)];
  const submit = page.getByRole("button", { name: w.signIn.action, exact: true });
  await submit.click();
  await page.getByText(w.violations.any.required).first().waitFor();
  assert.deepEqual([await top(login), await top(password)], before);
  await login.fill("nobody");
  await password.fill("not the right one");
  await submit.click();
  await page.getByText(w.problems.invalid_credentials).waitFor();
  // The form is centred, so it may move as a whole.
  assert.equal((await top(password)) - (await top(login)), before[1] - before[0]);
});

test("the parts of an empty state stay together", async () => {
  const empty = await team(fixture, "Empty Team", null);
  for (const address of [`/teams/${empty.team_id}/apps`, `/teams/${empty.team_id}/members`, "/users?q=zzz"]) {
    await open(address, { ready: ".empty" });
    const gaps = await page.locator(".empty").evaluate((element) => {
      const boxes = [...element.children].map((child) => child.getBoundingClientRect());
      return boxes.slice(1).map((box, at) => box.top - boxes[at].bottom);
    });
    for (const gap of gaps) assert.ok(gap <= 24, `${gap} px in ${address}`);
  }
});

test("the line after registering is one line with its mark", async () => {
  await newPage();
  await page.goto("/sign-in?done=registered");
  const line = page.getByRole("status").filter({ hasText: w.signIn.done.registered });
  const [mark, text] = await line.evaluate((element) =>
    ["svg", "span"].map((name) => element.querySelector(name).getBoundingClientRect().toJSON()),
  );
  assert.ok(mark.right <= text.left && mark.top >= text.top && mark.bottom <= text.bottom);
});
