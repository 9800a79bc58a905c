// Who one is: signing in, registering, two-factor, a forgotten password, a session that ends under an open page.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, afterEach, before, test } from "node:test";
import { faults } from "./axe.js";
import { ADMIN, PASSWORD, shot, World } from "./world.js";

let world;
let page;
before(async () => (world = await World.start({ seed: 5 })));
after(() => world.stop());
afterEach(async () => {
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

const enter = async (login, password) => {
  await page.getByLabel("Login").fill(login);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
};

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
async function totp(secret, steps = 0) {
  const bits = [...secret.replace(/\s/g, "")]
    .map((character) => BASE32.indexOf(character).toString(2).padStart(5, "0"))
    .join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const { now } = await world.advance(0);
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(new Date(now) / 30_000) + steps));
  const mac = createHmac("sha1", key).update(counter).digest();
  const at = mac[19] & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

test("a deep link survives signing in", async () => {
  page = await world.page();
  await page.goto("/apps?from=mail");
  await page.waitForURL(/\/sign-in\?next=/);
  await enter(ADMIN, PASSWORD);
  await page.waitForURL("**/apps?from=mail");
  await page.getByRole("heading", { name: "Applications" }).waitFor();
  assert.equal(await page.title(), "Applications · Rollcall");
});

test("a refused sign-in says so and keeps what was typed", async () => {
  page = await world.page();
  await page.goto("/sign-in");
  await enter("nobody", "not the right one");
  await page.getByText("Could not sign in with this login and password.").waitFor();
  assert.equal(await page.getByLabel("Login").inputValue(), "nobody");
});

test("an empty form names what is missing, and the first field has the focus", async () => {
  page = await world.page();
  await page.goto("/sign-in");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  assert.equal(await page.getByText("This is needed.").count(), 2);
  assert.ok(
    await page
      .getByLabel("Login")
      .evaluate((input) => input === document.activeElement && input.ariaInvalid === "true"),
  );
});

test("a stranger registers with the mailed code and signs in", async () => {
  page = await world.page();
  await page.goto("/register");
  await page.getByLabel("Email").fill("jisoo@example.com");
  await page.getByRole("button", { name: "Mail me a code" }).click();
  await page.getByLabel("Code from the mail").fill("0000 0000");
  await page.getByLabel("Username").fill("Jisoo");
  await page.getByLabel("Login").fill("jisoo.han");
  await page.getByLabel("Password", { exact: true }).fill("jisoo.han-jisoo.han");
  await page.getByLabel("Password again").fill("jisoo.han-jisoo.han");
  const register = page.getByRole("button", { name: "Register", exact: true });
  await register.click();
  await page.getByText("It contains your login, your username or the name in your address.").waitFor();
  await page.getByLabel("Password", { exact: true }).fill("seven quiet harbours");
  await page.getByLabel("Password again").fill("seven quiet harbours");
  await register.click();
  await page.getByText("This code does not work. Check the digits or ask for a new one.").waitFor();
  const code = await world.code("jisoo@example.com");
  await page.getByLabel("Code from the mail").fill(`${code.slice(0, 4)}-${code.slice(4)}`);
  await register.click();
  await page.getByText("You are registered.").waitFor();
  await enter("jisoo.han", "seven quiet harbours");
  // Without a team there is nothing but the way into one, and the own account.
  await page.waitForURL("**/join");
  await page.locator(".side nav").getByText("Join a team").waitFor();
  assert.equal(await page.locator(".side nav a").count(), 1);
});

test("a forgotten password is set anew with the mailed code", async () => {
  page = await world.page();
  await page.goto("/reset");
  await page.getByLabel("Email").fill("jisoo@example.com");
  await page.getByRole("button", { name: "Mail me a code" }).click();
  await page.getByLabel("Code from the mail").waitFor();
  await page.getByLabel("Code from the mail").fill(await world.code("jisoo@example.com"));
  await page.getByLabel("New password", { exact: true }).fill("nine quiet harbours");
  await page.getByLabel("New password again").fill("nine quiet harbours");
  await page.getByRole("button", { name: "Change password" }).click();
  await page.getByText("The password is changed.").waitFor();
  await enter("jisoo.han", "nine quiet harbours");
  await page.waitForURL("**/join");
});

test("a password that somebody else set is changed first", async () => {
  const { generated_password: given } = await world.call("POST", "/v1/users", {
    username: "Noor",
    login: "noor",
    type: "member",
    generate_password: true,
  });
  page = await world.page();
  await page.goto("/sign-in");
  await enter("noor", given);
  await page.waitForURL("**/first-password");
  await page.getByLabel("Current password").waitFor();
  await shot(page, "first-password");
  assert.deepEqual(await faults(page), []);
  await page.goto("/me/profile");
  await page.waitForURL("**/first-password");
  await page.getByLabel("Current password").fill(given);
  await page.getByLabel("New password", { exact: true }).fill("eleven quiet harbours");
  await page.getByLabel("New password again").fill("eleven quiet harbours");
  await page.getByRole("button", { name: "Change and go on" }).click();
  await page.waitForURL("**/join");
});

test("two-factor is bound, asked for, replaced by a recovery code, and taken off", async () => {
  page = await world.page({ signedIn: false });
  await world.signIn(page, "jisoo.han", "nine quiet harbours");
  await page.goto("/me/two-factor");
  await page.getByLabel("Current password").fill("nine quiet harbours");
  await page.getByRole("button", { name: "Set up two-factor" }).click();
  const secret = await page.locator(".secret").textContent();
  await page.getByLabel("6-digit code").fill(await totp(secret));
  await page.getByRole("button", { name: "Turn on" }).click();
  await page.locator(".code-panel").waitFor();
  const codes = await page.locator(".code-panel li").allTextContents();
  assert.equal(codes.length, 10);
  await shot(page, "me-recovery-codes");
  assert.deepEqual(await faults(page), []);
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByText("Leave without copying the codes?").waitFor();
  await page.getByRole("button", { name: "Leave", exact: true }).click();
  await page.getByText("Two-factor is on.").waitFor();

  await page.goto("/me/profile");
  await page.locator(".side .person").click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await enter("jisoo.han", "nine quiet harbours");
  await page.getByLabel("Code from your authenticator app").waitFor();
  await shot(page, "sign-in-second-factor");
  assert.deepEqual(await faults(page), []);
  await page.getByLabel("Code from your authenticator app").fill("000000");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByText("This code does not work.").waitFor();
  await page.getByRole("button", { name: "Use a recovery code" }).click();
  await page.getByLabel("Recovery code").fill(codes[0]);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.waitForURL("**/join");

  await page.goto("/me/two-factor");
  await page.getByRole("button", { name: "Turn off two-factor" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Current password").fill("nine quiet harbours");
  await dialog.getByLabel("6-digit code").fill(await totp(secret, 1));
  await dialog.getByRole("button", { name: "Turn off two-factor" }).click();
  await page.getByText("Two-factor is off.").waitFor();
});

test("a session that ends leaves what was typed, and one goes on where one was", async () => {
  page = await world.page({ signedIn: true });
  await page.goto("/apps");
  await page.getByRole("button", { name: "New application" }).click();
  await page.getByLabel("Name").fill("Typed before");
  await world.advance(13 * 3600);
  world.token = undefined;
  await page.getByLabel("Name").press("Enter");
  const dialog = page.getByRole("dialog", { name: "Sign in again" });
  await dialog.getByText("what you typed is kept").waitFor();
  assert.equal(await dialog.getByLabel("Login").inputValue(), ADMIN);
  await shot(page, "session-ended");
  assert.deepEqual(await faults(page), []);
  await dialog.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await dialog.getByRole("button", { name: "Sign in", exact: true }).click();
  // The request that was refused has been sent again.
  await page.getByRole("link", { name: "Typed before" }).waitFor();
});

test("sessions are listed, and others can be ended", async () => {
  page = await world.page({ signedIn: true });
  const other = await world.page({ signedIn: true });
  await page.goto("/me/sessions");
  await page.getByText("This one").waitFor();
  await page.getByRole("button", { name: "End all others" }).click();
  await page.getByText("All other sessions ended.").waitFor();
  assert.equal((await other.request.get("/v1/me")).status(), 401);
  await other.context().close();
});

test("language and theme are chosen and kept", async () => {
  page = await world.page({ signedIn: true });
  await page.goto("/me/profile");
  await page.locator(".side .person").click();
  await page.getByRole("menuitem", { name: /Language/ }).click();
  await page.getByRole("heading", { name: "내 계정" }).waitFor();
  await page.locator(".side .person").click();
  await page.getByRole("menuitem", { name: /테마/ }).click();
  await page.reload();
  await page.getByRole("heading", { name: "내 계정" }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), "ko");
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
});

test("a session that is about to end by resting says so, and can be kept", async () => {
  page = await world.page({ signedIn: true });
  await page.clock.install();
  await page.goto("/apps");
  await page.getByRole("link", { name: "Harbor Chat" }).waitFor();
  await page.clock.runFor(12 * 60_000);
  assert.equal(await page.getByText("your session ends in").count(), 0);
  await page.clock.runFor(80_000);
  await page.getByText("your session ends in 2 min.").waitFor();
  await page.getByRole("button", { name: "Stay signed in" }).click();
  await page.getByText("your session ends in").waitFor({ state: "detached" });
});

test("after a changed password the name is saved as before", async () => {
  await world.call("POST", "/v1/users", {
    username: "Rui",
    login: "rui",
    type: "member",
    password: "a first phrase of harbours 7",
  });
  page = await world.page();
  await world.signIn(page, "rui", "a first phrase of harbours 7");
  await page.goto("/first-password");
  const change = async (from, to, action) => {
    await page.getByLabel("Current password").fill(from);
    await page.getByLabel("New password", { exact: true }).fill(to);
    await page.getByLabel("New password again").fill(to);
    await page.getByRole("button", { name: action }).click();
  };
  await change("a first phrase of harbours 7", "seven quiet harbours 41", "Change and go on");
  await page.waitForURL("**/join");
  await page.goto("/me/password");
  await change("seven quiet harbours 41", "nine quiet harbours 52", "Change password");
  await page.getByText("Password changed.").waitFor();
  await page.getByRole("link", { name: "Profile", exact: true }).click();
  await page.getByLabel("Username").fill("Rui.Costa");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByText("Saved.").waitFor();
  await page.locator(".side .person").getByText("Rui.Costa").waitFor();
});

test("an address is confirmed, replaced and removed", async () => {
  page = await world.page();
  await world.signIn(page, "rui", "nine quiet harbours 52");
  await page.goto("/me/email");
  for (const address of ["rui@example.com", "rui.costa@example.com"]) {
    await page.getByLabel("New address").fill("rui at example");
    await page.getByLabel("New address").blur();
    await page.getByText("Enter one address such as mina@example.com.").waitFor();
    await page.getByLabel("New address").fill(address);
    await page.getByLabel("Current password").fill("nine quiet harbours 52");
    await page.getByRole("button", { name: "Mail me a code" }).click();
    await page.getByLabel("Code from the mail").fill(await world.code(address));
    await page.getByRole("button", { name: "Confirm", exact: true }).click();
    await page.locator("dl").getByText(address).waitFor();
  }
  await page.getByRole("button", { name: "Remove email" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("Remove rui.costa@example.com?").waitFor();
  await dialog.getByLabel("Current password").fill("nine quiet harbours 52");
  await dialog.getByRole("button", { name: "Remove email" }).click();
  await page.getByText("Email removed.").waitFor();
});

test("recovery codes are not left behind by the way", async () => {
  page = await world.page();
  await world.signIn(page, "rui", "nine quiet harbours 52");
  await page.goto("/me/two-factor");
  await page.getByLabel("Current password").fill("nine quiet harbours 52");
  await page.getByRole("button", { name: "Set up two-factor" }).click();
  const secret = await page.locator(".secret").textContent();
  await page.getByLabel("6-digit code").fill(await totp(secret));
  // The reply gets lost: the same press again brings the same codes.
  await page.route(
    "**/totp/confirm",
    async (route) => {
      await route.fetch();
      await route.abort();
    },
    { times: 1 },
  );
  await page.getByRole("button", { name: "Turn on" }).click();
  await page.getByText("There is no connection.").waitFor();
  await page.getByRole("button", { name: "Turn on" }).click();
  await page.locator(".code-panel").waitFor();
  await page.getByRole("link", { name: "Sessions" }).click();
  await page.getByText("Leave without copying the codes?").waitFor();
  await page.getByRole("button", { name: "Stay" }).click();
  assert.equal(await page.locator(".code-panel li").count(), 10);
  await page.getByRole("link", { name: "Sessions" }).click();
  await page.getByRole("button", { name: "Leave", exact: true }).click();
  await page.getByText("This one").waitFor();
  await page.getByRole("link", { name: "Two-factor" }).click();
  await page.getByText("Two-factor is on.").waitFor();
  assert.equal(await page.locator(".code-panel").count(), 0);
});

test("the page offers what the installation decides, and no more", async () => {
  const password = "Correct horse battery 7!";
  const closed = await World.start({
    environment: {
      ADMIN_PASSWORD: password,
      REGISTRATION: "off",
      PASSWORD_MIN_LENGTH: "20",
      PASSWORD_REQUIRE_CLASSES: "true",
    },
  });
  try {
    page = await closed.page();
    await page.goto("/sign-in");
    await page.getByText("Sign in and choose").waitFor();
    assert.equal(await page.getByRole("link", { name: "Register" }).count(), 0);
    await page.goto("/register");
    await page.getByText("This console takes no registrations. Ask an admin for an account.").waitFor();
    await closed.signIn(page, ADMIN, password);
    await page.goto("/me/password");
    await page.getByLabel("New password", { exact: true }).fill("nineteen characters");
    assert.deepEqual(
      await page
        .locator(".rules li")
        .evaluateAll((rules) =>
          rules.map((rule) => [rule.querySelector("span").firstChild.textContent, rule.className]),
        ),
      [
        ["20 characters or more", ""],
        ["Without your login, username or address", "met"],
        ["With upper case, lower case, digits and symbols", ""],
      ],
    );
    await page.getByLabel("Current password").fill(password);
    await page.getByLabel("New password again").fill("nineteen characters");
    await page.getByRole("button", { name: "Change password" }).click();
    await page.getByText("Use 20 characters or more.").waitFor();
  } finally {
    await closed.stop();
  }
});

test("a look at one's rights after the session has ended takes nothing away", async () => {
  page = await world.page({ signedIn: true });
  await page.goto("/me/profile");
  await page.getByLabel("Username").fill("Half.Typed");
  await world.advance(13 * 3600);
  world.token = undefined;
  await page.route(
    "**/v1/me",
    (route) =>
      route.request().method() === "PATCH"
        ? route.fulfill({ status: 403, json: { code: "forbidden" } })
        : route.continue(),
    { times: 1 },
  );
  await page.getByRole("button", { name: "Save", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Sign in again" });
  await dialog.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await dialog.getByRole("button", { name: "Sign in", exact: true }).click();
  await dialog.waitFor({ state: "detached" });
  assert.equal(await page.getByLabel("Username").inputValue(), "Half.Typed");
});
