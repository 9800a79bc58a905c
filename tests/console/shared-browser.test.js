// One browser with several tabs or several people: nobody sees or does anything in another's name.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Fixture } from "./fixture.js";
import { firstApp } from "./seed.js";
import { fixture, newPage, open, page, useFixture } from "./suite.js";
import { wordsOf } from "./words.js";

const w = await wordsOf("en");

let app;
useFixture({ seed: 5 }, async () => {
  app = await firstApp(fixture);
});

test("signing in never redirects to another site", async () => {
  await newPage();
  for (const next of ["//evil.example/x", "/\\evil.example", "https://evil.example", "javascript:alert(1)"]) {
    await page.goto(`/sign-in?next=${encodeURIComponent(next)}`);
    await page.getByLabel(w.signIn.login).fill("admin");
    await page.getByLabel(w.signIn.password, { exact: true }).fill("correct horse battery");
    await page.getByRole("button", { name: w.signIn.action, exact: true }).click();
    await page.locator(".side").waitFor();
    assert.equal(new URL(page.url()).origin, fixture.origin);
    await page.context().clearCookies();
  }
});

test("the last application of another person is not opened", async () => {
  await open(`/apps/${app.app_id}/accounts`);
  await page.evaluate(() =>
    localStorage.setItem(
      "rollcall.settings",
      JSON.stringify({ language: "en", user: "somebody", app: "01a1fb21-fb01-75d9-8551-bd613cefbc94" }),
    ),
  );
  await page.goto("/");
  await page.locator("tr.row").first().waitFor();
});

test("a person who must change their password in another tab is asked here too", async () => {
  const { user, generated_password: given } = await fixture.call("POST", "/v1/users", {
    username: "Two.Tabs",
    login: "two.tabs",
    type: "member",
    generate_password: true,
  });
  await open("/apps");
  await page.context().clearCookies();
  await fixture.signIn(page, user.login, given);
  await page.getByRole("link", { name: w.entries.teams }).click();
  await page.getByLabel(w.changePassword.current).waitFor();
  assert.equal(new URL(page.url()).pathname, "/first-password");
});

test("after signing out the back button shows nothing of the session", async () => {
  // The driver disables the back-forward cache, which browsers have.
  const remembering = await Fixture.start({ seed: 5, launch: { ignoreDefaultArgs: ["--disable-back-forward-cache"] } });
  try {
    await newPage({ signedIn: true }, remembering);
    await page.goto("/users");
    await page.locator("tr.row", { hasText: "admin" }).first().waitFor();
    await page.goto("/apps");
    await page.locator("tr.row").first().waitFor();
    await page.locator(".side .person").click();
    await page.getByRole("menuitem", { name: w.person.signOut }).click();
    await page.getByLabel(w.signIn.login).waitFor();
    await page.goBack();
    await page.getByLabel(w.signIn.login).waitFor();
    assert.equal(await page.locator("tr.row").count(), 0);
  } finally {
    await remembering.stop();
  }
});

test("an open page reloads when another person signs in", async () => {
  await open("/apps");
  const tab = await page.context().newPage();
  await tab.context().clearCookies();
  await fixture.call("POST", "/v1/users", {
    username: "Other.Tab",
    login: "other.tab",
    type: "platform_admin",
    password: "seven quiet harbours 41",
  });
  await tab.goto("/sign-in");
  await tab.getByLabel(w.signIn.login).fill("other.tab");
  await tab.getByLabel(w.signIn.password, { exact: true }).fill("seven quiet harbours 41");
  await tab.getByRole("button", { name: w.signIn.action, exact: true }).click();
  const change = (field, text) => tab.getByLabel(field, { exact: true }).fill(text);
  await change(w.changePassword.current, "seven quiet harbours 41");
  await change(w.changePassword.password, "nine quiet harbours 52");
  await change(w.changePassword.confirmation, "nine quiet harbours 52");
  await tab.getByRole("button", { name: w.firstPassword.action }).click();
  await tab.locator(".side .person .name", { hasText: "Other.Tab" }).waitFor();
  await page.locator(".side .person .name", { hasText: "Other.Tab" }).waitFor();
});
