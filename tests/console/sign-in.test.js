// Signing in, and what the configuration of the server changes about it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ADMIN, Fixture, PASSWORD } from "./fixture.js";
import { dropCookie, newPage, page, useFixture } from "./suite.js";
import { wordsOf } from "./words.js";

const w = await wordsOf("en");

useFixture({ seed: 5 });

const enter = async (login, password) => {
  await page.getByLabel(w.signIn.login).fill(login);
  await page.getByLabel(w.signIn.password, { exact: true }).fill(password);
  await page.getByRole("button", { name: w.signIn.action, exact: true }).click();
};

test("a deep link survives signing in", async () => {
  await newPage();
  await page.goto("/apps?from=mail");
  await page.waitForURL(/\/sign-in\?next=/);
  await enter(ADMIN, PASSWORD);
  await page.waitForURL("**/apps?from=mail");
  await page.getByRole("heading", { name: w.entries.apps }).waitFor();
  assert.equal(await page.title(), "Applications · Rollcall");
});

test("a refused sign-in keeps the login", async () => {
  await newPage();
  await page.goto("/sign-in");
  await enter("nobody", "not the right one");
  await page.getByText(w.problems.invalid_credentials).waitFor();
  assert.equal(await page.getByLabel(w.signIn.login).inputValue(), "nobody");
});

test("an empty form marks its required fields and focuses the first", async () => {
  await newPage();
  await page.goto("/sign-in");
  await page.getByRole("button", { name: w.signIn.action, exact: true }).click();
  assert.equal(await page.getByText(w.violations.any.required).count(), 2);
  assert.ok(
    await page
      .getByLabel(w.signIn.login)
      .evaluate((input) => input === document.activeElement && input.ariaInvalid === "true"),
  );
});

test("the page follows the configuration of registration and passwords", async () => {
  const password = "Correct horse battery 7!";
  const closed = await Fixture.start({
    environment: {
      ADMIN_PASSWORD: password,
      REGISTRATION: "off",
      PASSWORD_MIN_LENGTH: "20",
      PASSWORD_REQUIRE_CLASSES: "true",
    },
  });
  try {
    await newPage({}, closed);
    await page.goto("/sign-in");
    await page.getByText(w.signIn.invitedOnly.replaceAll("*", "")).waitFor();
    assert.equal(await page.getByRole("link", { name: w.signIn.register }).count(), 0);
    await page.goto("/register");
    await page.getByText(w.problems.registration_closed).waitFor();
    await closed.signIn(page, ADMIN, password);
    await page.goto("/me/password");
    await page.getByLabel(w.reset.password, { exact: true }).fill("nineteen characters");
    assert.deepEqual(
      await page
        .locator(".rules li")
        .evaluateAll((rules) =>
          rules.map((rule) => [rule.querySelector("span").firstChild.textContent, rule.className]),
        ),
      [
        [w.password.long(20), ""],
        [w.password.own, "met"],
        [w.password.classes, ""],
      ],
    );
    await page.getByLabel(w.changePassword.current).fill(password);
    await page.getByLabel(w.reset.confirmation).fill("nineteen characters");
    await page.getByRole("button", { name: w.reset.action }).click();
    await page.getByText(w.violations.password.too_short({ minChars: 20 })).waitFor();
  } finally {
    await closed.stop();
  }
});

test("a browser that does not keep the cookie of the session is said to be the reason", async () => {
  await newPage();
  await page.goto("/sign-in");
  await dropCookie();
  await enter(ADMIN, PASSWORD);
  await page.getByText(w.problems.cookie_refused).waitFor();
  await enter(ADMIN, PASSWORD);
  await page.locator(".side").waitFor();
});
