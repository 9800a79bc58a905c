// Sessions of a person: expiry, the list of sessions, and settings that outlive them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { axeViolations } from "./axe.js";
import { ADMIN, PASSWORD, screenshot, waitUntilIdle } from "./fixture.js";
import { button, fixture, newPage, page, row, useFixture } from "./suite.js";
import { wordsOf } from "./words.js";

const w = await wordsOf("en");
const korean = await wordsOf("ko");

useFixture({ seed: 5 });

const warning = () => page.locator(".toast", { hasText: w.expiry.stay });

test("after an expired session the person signs in again and continues", async () => {
  await newPage({ signedIn: true });
  await page.goto("/apps");
  await page.getByRole("button", { name: w.apps.create }).click();
  await page.getByLabel(w.apps.name).fill("Typed before");
  await fixture.advance(13 * 3600);
  fixture.token = undefined;
  await page.getByLabel(w.apps.name).press("Enter");
  const dialog = page.getByRole("dialog", { name: w.signInAgain.title });
  await dialog.getByText(w.signInAgain.text).waitFor();
  assert.equal(await dialog.getByLabel(w.signIn.login).inputValue(), ADMIN);
  await screenshot(page, "session-ended");
  assert.deepEqual(await axeViolations(page), []);
  await dialog.getByLabel(w.signIn.password, { exact: true }).fill(PASSWORD);
  await dialog.getByRole("button", { name: w.signIn.action, exact: true }).click();
  // The refused request is sent again.
  await page.getByRole("link", { name: "Typed before" }).waitFor();
});

test("other sessions can be ended", async () => {
  await newPage({ signedIn: true });
  const other = await fixture.page({ signedIn: true });
  await page.goto("/me/sessions");
  await page.getByText(w.sessions.this).waitFor();
  await page.getByRole("button", { name: w.sessions.endOthers }).click();
  await page.getByText(w.sessions.othersEnded).waitFor();
  assert.equal((await other.request.get("/v1/me")).status(), 401);
  await other.context().close();
});

test("language and theme are remembered", async () => {
  await newPage({ signedIn: true });
  await page.goto("/me/profile");
  await page.locator(".side .person").click();
  await page.getByRole("menuitem", { name: new RegExp(w.person.language) }).click();
  await page.getByRole("heading", { name: korean.me.title }).waitFor();
  await page.locator(".side .person").click();
  await page.getByRole("menuitem", { name: new RegExp(korean.person.theme) }).click();
  await page.reload();
  await page.getByRole("heading", { name: korean.me.title }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), "ko");
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
});

test("an inactive session warns before it expires and can be extended", async () => {
  await newPage({ signedIn: true });
  await page.clock.install();
  await page.goto("/apps");
  await page.getByRole("link", { name: "Harbor Chat" }).waitFor();
  await waitUntilIdle(page);
  await page.clock.runFor(12 * 60_000);
  assert.equal(await warning().count(), 0);
  await page.clock.runFor(80_000);
  await warning()
    .getByText(w.expiry.soon(w.times.minutes(2)))
    .waitFor();
  // It is read out once, and not again while the time runs down.
  const announced = page.locator(".unseen[role=status]", { hasText: w.expiry.soon(w.times.minutes(2)) });
  await announced.waitFor({ state: "attached" });
  await page.clock.runFor(70_000);
  await warning()
    .getByText(/\d+ s\b/)
    .waitFor();
  assert.equal(await announced.count(), 1);
  assert.equal(await warning().getAttribute("aria-live"), "off");
  await button(w.expiry.stay).click();
  await warning().waitFor({ state: "detached" });
});

test("the warning goes with the page that it is about", async () => {
  await newPage({ signedIn: true });
  await page.clock.install();
  await page.goto("/apps");
  await row("Harbor Chat").waitFor();
  await waitUntilIdle(page);
  await page.clock.runFor(13 * 60_000 + 20_000);
  await warning().waitFor();
  await page.route("**/v1/me", (route) => route.fulfill({ status: 403, json: { code: "password_change_required" } }));
  await button(w.expiry.stay).click();
  await page.waitForURL("**/first-password");
  await page.getByLabel(w.changePassword.current).waitFor();
  assert.equal(await warning().count(), 0);
});

test("a refused save in an expired session keeps the typed values", async () => {
  await newPage({ signedIn: true });
  await page.goto("/me/profile");
  await page.getByLabel(w.register.username).fill("Half.Typed");
  await fixture.advance(13 * 3600);
  fixture.token = undefined;
  await page.route(
    "**/v1/me",
    (route) =>
      route.request().method() === "PATCH"
        ? route.fulfill({ status: 403, json: { code: "forbidden" } })
        : route.continue(),
    { times: 1 },
  );
  await page.getByRole("button", { name: w.me.save, exact: true }).click();
  const dialog = page.getByRole("dialog", { name: w.signInAgain.title });
  await dialog.getByLabel(w.signIn.password, { exact: true }).fill(PASSWORD);
  await dialog.getByRole("button", { name: w.signIn.action, exact: true }).click();
  await dialog.waitFor({ state: "detached" });
  assert.equal(await page.getByLabel(w.register.username).inputValue(), "Half.Typed");
});
