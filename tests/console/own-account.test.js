// A person's own account: registration, password, email and two-factor.
import assert from "node:assert/strict";
import { test } from "node:test";
import { axeViolations } from "./axe.js";
import { screenshot } from "./fixture.js";
import { SECRET, team, user } from "./seed.js";
import { button, choose, dialog, fixture, newPage, open, page, press, useFixture } from "./suite.js";
import { totp } from "./totp.js";
import { wordsOf } from "./words.js";

const w = await wordsOf("en");

useFixture({ seed: 5 });

const enter = async (login, password) => {
  await page.getByLabel(w.signIn.login).fill(login);
  await page.getByLabel(w.signIn.password, { exact: true }).fill(password);
  await page.getByRole("button", { name: w.signIn.action, exact: true }).click();
};

test("a person registers with the mailed code and signs in", async () => {
  await newPage();
  await page.goto("/register");
  await page.getByLabel(w.register.email).fill("jisoo@example.com");
  await page.getByRole("button", { name: w.register.send }).click();
  await page.getByLabel(w.register.code).fill("0000 0000");
  await page.getByLabel(w.register.username).fill("Jisoo");
  await page.getByLabel(w.signIn.login).fill("jisoo.han");
  await page.getByLabel(w.signIn.password, { exact: true }).fill("jisoo.han-jisoo.han");
  await page.getByLabel(w.register.confirmation).fill("jisoo.han-jisoo.han");
  const register = page.getByRole("button", { name: w.signIn.register, exact: true });
  await register.click();
  await page.getByText(w.violations.reasons.contains_name).waitFor();
  await page.getByLabel(w.signIn.password, { exact: true }).fill("seven quiet harbours");
  await page.getByLabel(w.register.confirmation).fill("seven quiet harbours");
  await register.click();
  await page.getByText(w.problems.verification_failed).waitFor();
  const code = await fixture.code("jisoo@example.com");
  await page.getByLabel(w.register.code).fill(`${code.slice(0, 4)}-${code.slice(4)}`);
  await register.click();
  await page.getByText(w.signIn.done.registered).waitFor();
  await enter("jisoo.han", "seven quiet harbours");
  // Without a team the side bar offers only joining one.
  await page.waitForURL("**/join");
  await page.locator(".side nav").getByText(w.entries.join).waitFor();
  assert.equal(await page.locator(".side nav a").count(), 1);
});

test("a forgotten password is reset with the mailed code", async () => {
  await newPage();
  await page.goto("/reset");
  await page.getByLabel(w.register.email).fill("jisoo@example.com");
  await page.getByRole("button", { name: w.register.send }).click();
  await page.getByLabel(w.register.code).waitFor();
  await page.getByLabel(w.register.code).fill(await fixture.code("jisoo@example.com"));
  await page.getByLabel(w.reset.password, { exact: true }).fill("nine quiet harbours");
  await page.getByLabel(w.reset.confirmation).fill("nine quiet harbours");
  await page.getByRole("button", { name: w.reset.action }).click();
  await page.getByText(w.signIn.done.reset).waitFor();
  await enter("jisoo.han", "nine quiet harbours");
  await page.waitForURL("**/join");
});

test("an initial password must be changed first", async () => {
  const { generated_password: given } = await fixture.call("POST", "/v1/users", {
    username: "Noor",
    login: "noor",
    type: "member",
    generate_password: true,
  });
  await newPage();
  await page.goto("/sign-in");
  await enter("noor", given);
  await page.waitForURL("**/first-password");
  await page.getByLabel(w.changePassword.current).waitFor();
  await screenshot(page, "first-password");
  assert.deepEqual(await axeViolations(page), []);
  await page.goto("/me/profile");
  await page.waitForURL("**/first-password");
  await page.getByLabel(w.changePassword.current).fill(given);
  await page.getByLabel(w.reset.password, { exact: true }).fill("eleven quiet harbours");
  await page.getByLabel(w.reset.confirmation).fill("eleven quiet harbours");
  await page.getByRole("button", { name: w.firstPassword.action }).click();
  await page.waitForURL("**/join");
});

test("two-factor is turned on, required, replaced by a recovery code, and turned off", async () => {
  await newPage({ signedIn: false });
  await fixture.signIn(page, "jisoo.han", "nine quiet harbours");
  await page.goto("/me/two-factor");
  await page.getByLabel(w.changePassword.current).fill("nine quiet harbours");
  await page.getByRole("button", { name: w.twoFactor.begin }).click();
  const secret = await page.locator(".secret").textContent();
  await page.getByLabel(w.twoFactor.code).fill(await totp(fixture, secret));
  await page.getByRole("button", { name: w.twoFactor.bind }).click();
  await page.locator(".code-panel").waitFor();
  const codes = await page.locator(".code-panel li").allTextContents();
  assert.equal(codes.length, 10);
  await screenshot(page, "me-recovery-codes");
  assert.deepEqual(await axeViolations(page), []);
  await page.getByRole("button", { name: w.recovery.done }).click();
  await page.getByText(w.recovery.question).waitFor();
  await page.getByRole("button", { name: w.recovery.leave, exact: true }).click();
  await page.getByText(w.twoFactor.on).waitFor();

  await page.goto("/me/profile");
  await page.locator(".side .person").click();
  await page.getByRole("menuitem", { name: w.person.signOut }).click();
  await enter("jisoo.han", "nine quiet harbours");
  await page.getByLabel(w.signIn.code).waitFor();
  await screenshot(page, "sign-in-second-factor");
  assert.deepEqual(await axeViolations(page), []);
  await page.getByLabel(w.signIn.code).fill("000000");
  await page.getByRole("button", { name: w.signIn.action, exact: true }).click();
  await page.getByText(w.problems.invalid_code).waitFor();
  await page.getByRole("button", { name: w.signIn.useRecovery }).click();
  await page.getByLabel(w.signIn.recoveryCode).fill(codes[0]);
  await page.getByRole("button", { name: w.signIn.action, exact: true }).click();
  await page.waitForURL("**/join");

  await page.goto("/me/two-factor");
  await page.getByRole("button", { name: w.twoFactor.remove }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel(w.changePassword.current).fill("nine quiet harbours");
  await dialog.getByLabel(w.twoFactor.code).fill(await totp(fixture, secret, 1));
  await dialog.getByRole("button", { name: w.twoFactor.remove }).click();
  await page.getByText(w.twoFactor.removed).waitFor();
});

test("after the password is changed, the profile can be saved", async () => {
  await fixture.call("POST", "/v1/users", {
    username: "Rui",
    login: "rui",
    type: "member",
    password: "a first phrase of harbours 7",
  });
  await newPage();
  await fixture.signIn(page, "rui", "a first phrase of harbours 7");
  await page.goto("/first-password");
  const change = async (from, to, action) => {
    await page.getByLabel(w.changePassword.current).fill(from);
    await page.getByLabel(w.reset.password, { exact: true }).fill(to);
    await page.getByLabel(w.reset.confirmation).fill(to);
    await page.getByRole("button", { name: action }).click();
  };
  await change("a first phrase of harbours 7", "seven quiet harbours 41", w.firstPassword.action);
  await page.waitForURL("**/join");
  await page.goto("/me/password");
  await change("seven quiet harbours 41", "nine quiet harbours 52", w.reset.action);
  await page.getByText(w.changePassword.changed).waitFor();
  await page.getByRole("link", { name: w.me.tabs.profile, exact: true }).click();
  await page.getByLabel(w.register.username).fill("Rui.Costa");
  await page.getByRole("button", { name: w.me.save, exact: true }).click();
  await page.getByText(w.me.saved).waitFor();
  await page.locator(".side .person").getByText("Rui.Costa").waitFor();
});

test("an email is confirmed, replaced and removed", async () => {
  await newPage();
  await fixture.signIn(page, "rui", "nine quiet harbours 52");
  await page.goto("/me/email");
  for (const address of ["rui@example.com", "rui.costa@example.com"]) {
    await page.getByLabel(w.email.address).fill("rui at example");
    await page.getByLabel(w.email.address).blur();
    await page.getByText(w.violations.email.bad_format).waitFor();
    await page.getByLabel(w.email.address).fill(address);
    await page.getByLabel(w.changePassword.current).fill("nine quiet harbours 52");
    await page.getByRole("button", { name: w.register.send }).click();
    await page.getByLabel(w.register.code).fill(await fixture.code(address));
    await page.getByRole("button", { name: w.email.confirm, exact: true }).click();
    await page.locator("dl").getByText(address).waitFor();
  }
  await page.getByRole("button", { name: w.email.remove }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText(w.email.removeQuestion("rui.costa@example.com")).waitFor();
  await dialog.getByLabel(w.changePassword.current).fill("nine quiet harbours 52");
  await dialog.getByRole("button", { name: w.email.remove }).click();
  await page.getByText(w.email.removed).waitFor();
});

test("leaving uncopied recovery codes asks first", async () => {
  await newPage();
  await fixture.signIn(page, "rui", "nine quiet harbours 52");
  await page.goto("/me/two-factor");
  await page.getByLabel(w.changePassword.current).fill("nine quiet harbours 52");
  await page.getByRole("button", { name: w.twoFactor.begin }).click();
  const secret = await page.locator(".secret").textContent();
  await page.getByLabel(w.twoFactor.code).fill(await totp(fixture, secret));
  // The reply is lost. The retry returns the same codes.
  await page.route(
    "**/totp/confirm",
    async (route) => {
      await route.fetch();
      await route.abort();
    },
    { times: 1 },
  );
  await page.getByRole("button", { name: w.twoFactor.bind }).click();
  await page.getByText(w.problems.offline).waitFor();
  await page.getByRole("button", { name: w.twoFactor.bind }).click();
  await page.locator(".code-panel").waitFor();
  await page.getByRole("link", { name: w.me.tabs.sessions }).click();
  await page.getByText(w.recovery.question).waitFor();
  await page.getByRole("button", { name: w.recovery.stay }).click();
  assert.equal(await page.locator(".code-panel li").count(), 10);
  await page.getByRole("link", { name: w.me.tabs.sessions }).click();
  await page.getByRole("button", { name: w.recovery.leave, exact: true }).click();
  await page.getByText(w.sessions.this).waitFor();
  await page.getByRole("link", { name: w.me.tabs["two-factor"] }).click();
  await page.getByText(w.twoFactor.on).waitFor();
  assert.equal(await page.locator(".code-panel").count(), 0);
});

test("an address that an admin entered is confirmed as it is, and its code can be sent again", async () => {
  await user(fixture, "priya", { email: "priya@example.com", confirmed: false });
  await open("/join", { as: "priya", ready: "h1:visible" });
  await page.getByRole("link", { name: w.join.confirmEmail }).click();
  const form = page.locator("form", { hasText: w.email.confirmKnown });
  await form.getByText(w.email.confirmKnownText("priya@example.com")).waitFor();
  await form.getByLabel(w.changePassword.current).fill(SECRET);
  await form.getByRole("button", { name: w.email.send }).click();
  await page.getByLabel(w.register.code).waitFor();
  const first = await fixture.code("priya@example.com");
  await fixture.advance(61);
  await page.clock.install({ time: Date.now() + 61_000 });
  await page.getByText("You can resend").waitFor({ state: "detached" });
  await page.getByRole("button", { name: w.mailedCode.resend }).click();
  await page.getByText(w.mailedCode.sent).waitFor();
  const second = await fixture.code("priya@example.com");
  assert.notEqual(second, first);
  await page.getByLabel(w.register.code).fill(second);
  await page.getByRole("button", { name: w.email.confirm, exact: true }).click();
  await page.getByText(w.email.confirmed).waitFor();
  await page.locator("dl").getByText(w.email.unconfirmed).waitFor({ state: "detached" });
});

test("what the server refuses is never praised before", async () => {
  await newPage({ signedIn: true });
  await page.goto("/me/password");
  const field = page.getByLabel(w.reset.password, { exact: true });
  const said = async (password) => {
    await field.fill(password);
    return page.locator(".strength span").last().textContent();
  };
  // A letter with its mark is one character, however it is typed.
  const eight = "àéîõüçñâ".normalize("NFD");
  for (const certain of ["short", "aaaaaaaaaaaaaa", "abcabcabcabc", "abcdefghijkl", "admin is in here", eight])
    assert.equal(await said(certain), w.password.tooWeak, certain);
  for (const unknown of ["password1234", "qwertyuiop12", "seven quiet harbours 41"]) {
    assert.equal(await said(unknown), w.password.unknown, unknown);
    assert.equal(await page.locator(".strength .on").count(), 2);
  }
  await field.fill("password1234");
  await page.getByLabel(w.reset.confirmation).fill("password1234");
  await page.getByLabel(w.changePassword.current).fill("correct horse battery");
  await page.getByRole("button", { name: w.reset.action }).click();
  await page.getByText(w.violations.reasons.common).waitFor();
});

// Each shows a password once.
const handovers = {
  "a new user": async () => {
    await open("/users");
    await button(w.users.create).click();
    await dialog().getByLabel(w.users.username).fill("Shown.Once");
    await dialog().getByLabel(w.users.login).fill("shown.once");
    await press(w.users.createAction);
  },
  "a new member": async () => {
    const { team_id: id } = await team(fixture, "Handed over", null);
    await open(`/teams/${id}/members`, { ready: ".empty" });
    await page.keyboard.press("c");
    await dialog().getByText(w.members.new).click();
    await dialog().getByLabel(w.members.fields.username).fill("Shown.Too");
    await dialog().getByLabel(w.members.fields.login).fill("shown.too");
    await press(w.members.add);
  },
  "a password reset": async () => {
    await user(fixture, "locked.out", { confirmed: false });
    await open("/users");
    await choose(w.users.more("locked.out"), w.users.resetPassword);
    await press(w.users.resetPassword);
  },
};
for (const [name, hand] of Object.entries(handovers)) {
  test(`Escape never discards a password that is shown once: ${name}`, async () => {
    await hand();
    await dialog().locator(".secret").waitFor();
    for (let press = 0; press < 3; press += 1) await page.keyboard.press("Escape");
    await dialog().getByText(w.initialPassword.uncopied).waitFor();
    assert.equal(await dialog().locator(".secret").count(), 1);
    await press(w.initialPassword.leave);
    await dialog().waitFor({ state: "detached" });
  });
}
