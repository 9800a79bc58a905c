// Inviting and joining: a code is shown once and works once.
import assert from "node:assert/strict";
import { test } from "node:test";
import { northwind, SECRET, user } from "./seed.js";
import { button, dialog, dropCookie, fixture, newPage, open, page, press, row, useFixture } from "./suite.js";
import { wordsOf } from "./words.js";

const w = await wordsOf("en");

let at;
useFixture({}, async () => {
  at = await northwind(fixture);
});

const openAs = async (login, address, look) => {
  await open(address, { as: login, ready: "h1:visible", ...look });
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
};
const of = (tab) => `/teams/${at.team.team_id}/${tab}`;
const list = (query = "") => fixture.call("GET", `/v1${of("invitations")}${query}`);
const digits = async () => (await page.locator(".issued-digits").textContent()).replaceAll(/\D/g, "");
const issue = async ({ login = "", note = "" } = {}) => {
  await button(w.team.create.invitations).click();
  await dialog().getByLabel(w.invitations.login).fill(login);
  await dialog().getByLabel(w.invitations.note).fill(note);
  await press(w.invitations.issue);
  await page.locator(".issued").waitFor();
  return digits();
};
const redeem = async (code) => {
  await page.getByLabel(w.join.code).fill(code);
  await page.getByRole("button", { name: w.join.action, exact: true }).click();
};

test("a code is issued for a login, shown once with its time left, and copied as digits", async () => {
  await openAs("t.berg", of("invitations"));
  const code = await issue({ login: "jisoo.han", note: "<b>Welcome</b>" });
  assert.match(code, /^\d{8}$/);
  assert.equal(await page.locator(".issued .tally.large i.on").count(), 24);
  await page.locator(".issued").getByText("jisoo.han").waitFor();
  // Markup is shown as text.
  await row("<b>Welcome</b>")
    .getByText(w.invitations.ending(code.slice(6)))
    .first()
    .waitFor();
  assert.equal(await page.locator(".issued dd b").count(), 0);
  await button(w.issued.copy).click();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), code);
  // After copying, leaving asks nothing.
  await page.getByRole("link", { name: w.team.tabs.members }).click();
  await page.getByText("Mina.Park").first().waitFor();
  await page.goBack();
  await row("<b>Welcome</b>").waitFor();
  assert.equal(await page.getByText(code.slice(0, 4)).count(), 0);
});

test("leaving, closing or replacing an uncopied code asks first", async () => {
  await openAs("t.berg", of("members"));
  await page.getByRole("link", { name: w.team.tabs.invitations }).click();
  const first = await issue({ note: "Not copied" });
  await page.getByRole("link", { name: w.team.tabs.members }).click();
  await page.getByText(w.invitations.uncopied).waitFor();
  await press(w.invitations.stay);
  await page.goBack();
  await page.getByText(w.invitations.uncopied).waitFor();
  await press(w.invitations.stay);
  await page.locator(".issued").getByRole("button", { name: w.dialog.close }).click();
  await page.getByText(w.issued.question).waitFor();
  await press(w.dialog.cancel);
  assert.equal(await digits(), first);
  await button(w.team.create.invitations).click();
  await dialog().getByText(w.invitations.replaces).waitFor();
  await press(w.dialog.cancel);
  await row("Not copied").getByRole("button", { name: w.invitations.reissue }).click();
  await press(w.invitations.continueUncopied);
  await page.waitForFunction(
    (before) => document.querySelector(".issued-digits")?.textContent.replaceAll(/\D/g, "") !== before,
    first,
  );
  const second = await digits();
  assert.notEqual(second, first);
  const { items } = await list("?status=revoked");
  assert.ok(items.some(({ code_hint }) => code_hint === first.slice(6)));
  await button(w.issued.copy).click();
});

test("an invitation is revoked, and the history is filtered by status", async () => {
  await openAs("mina.park", of("invitations"));
  const code = await issue({ note: "Sent by mistake" });
  await button(w.issued.copy).click();
  await row("Sent by mistake").getByRole("button", { name: w.invitations.revoke }).click();
  await dialog()
    .getByText(w.invitations.revokeQuestion(code.slice(6)))
    .waitFor();
  await press(w.invitations.revokeAction);
  await page.locator(".issued").waitFor({ state: "detached" });
  await page.getByText(w.invitations.wasRevoked(code.slice(6))).waitFor();
  await page
    .locator("tr.ended", { hasText: w.invitations.ending(code.slice(6)) })
    .locator("td", { hasText: w.invitations.statuses.revoked })
    .first()
    .waitFor();
  await page.locator(".group-row").getByRole("button", { name: "Status All" }).click();
  await page.getByRole("menuitemradio", { name: w.invitations.statuses.expired }).click();
  await page.getByText(w.invitations.noMatch).waitFor();
  assert.equal(new URL(page.url()).searchParams.get("status"), "expired");
  await page.reload();
  await page.getByText(w.invitations.noMatch).waitFor();
  await button(w.list.clearFilter(w.invitations.status)).click();
  await page.locator("tr.ended").first().waitFor();
});

test("a person joins with a pasted code, and a code works once", async () => {
  const { code } = await fixture.call("POST", `/v1${of("invitations")}`, { role_id: "developer" });
  await user(fixture, "late.comer");
  await openAs("late.comer", "/", { width: 390 });
  assert.equal(new URL(page.url()).pathname, "/join");
  await redeem("482");
  await page.getByText(w.violations.code(8)).waitFor();
  await redeem("00000000");
  await page.getByText(w.problems.invitation_invalid).waitFor();
  assert.equal(await page.getByLabel(w.join.code).inputValue(), "00000000");
  await redeem(`${code.slice(0, 4)} - ${code.slice(4)}`);
  await page.getByText(w.join.joined("Northwind Mobile", w.roles.developer)).waitFor();
  await page.locator("tr.row", { hasText: "late.comer" }).waitFor();
  assert.equal(new URL(page.url()).pathname, of("members"));
  await page.goto("/join");
  await redeem(code);
  await page.getByText(w.problems.invitation_invalid).waitFor();
  const { code: other } = await fixture.call("POST", `/v1${of("invitations")}`, { role_id: "operator" });
  await redeem(other);
  await page.getByText(w.problems.already_member).waitFor();
});

test("joining without a confirmed email says so and links to the confirmation", async () => {
  await user(fixture, "un.proved", { confirmed: false });
  await openAs("un.proved", "/join");
  await redeem("12345678");
  await page.getByText(w.problems.email_not_verified).waitFor();
  await page.getByRole("link", { name: w.join.confirmEmail }).click();
  await page.waitForURL("**/me/email");
});

test("after too many wrong codes the waiting time is shown", async () => {
  await user(fixture, "guesser");
  await openAs("guesser", "/join");
  for (let tries = 0; tries < 11; tries += 1) {
    const reply = page.waitForResponse("**/v1/invitations/redeem");
    await redeem(`1000000${tries % 10}`);
    await reply;
  }
  await page.getByText(new RegExp(w.problems.too_many_attempts("").slice(0, -2))).waitFor();
});

test("a registration can include an invitation code", async () => {
  const { code } = await fixture.call("POST", `/v1${of("invitations")}`, { role_id: "reviewer", login: "fresh.face" });
  await newPage();
  await page.goto("/register");
  await page.getByLabel(w.register.email).fill("fresh@northwind.example");
  await button(w.register.send).click();
  await page.getByLabel(w.register.code).fill(await fixture.code("fresh@northwind.example"));
  await page.getByLabel(w.register.username).fill("Fresh.Face");
  await page.getByLabel(w.invitations.login).fill("fresh.face");
  await page.getByLabel(w.register.password, { exact: true }).fill(SECRET);
  await page.getByLabel(w.register.confirmation).fill(SECRET);
  await page.getByLabel(w.join.code).fill("00000000");
  await button(w.register.action).click();
  await page.getByText(w.problems.invitation_invalid).waitFor();
  await page.getByLabel(w.join.code).fill(code);
  await button(w.register.action).click();
  // The person is signed in, and told which team it was.
  await page.waitForURL(`**${of("members")}`);
  await page.getByText(w.join.joined("Northwind Mobile", w.roles.reviewer)).waitFor();
  const { items } = await fixture.call("GET", `/v1${of("members")}`);
  assert.equal(items.find(({ login }) => login === "fresh.face").role.role_id, "reviewer");
});

test("an expired invitation moves to the history", async () => {
  await fixture.advance(25 * 3600);
  await openAs("mina.park", of("invitations"));
  await page.locator("tr.ended", { hasText: w.invitations.statuses.expired }).first().waitFor();
  await page.getByText(w.invitations.of(0, 100)).waitFor();
});

test("a double click reissues a code once, and keys reissue it too", async () => {
  fixture.token = undefined;
  await fixture.call("POST", `/v1${of("invitations")}`, { role_id: "developer", note: "Pressed twice" });
  await openAs("t.berg", of("invitations"));
  const pressed = page
    .locator("tr.row", { hasText: "Pressed twice" })
    .getByRole("button", { name: w.invitations.reissue });
  let asked = 0;
  page.on("request", (request) => (asked += request.url().endsWith("/reissue") ? 1 : 0));
  await pressed.dblclick();
  await page.locator(".issued").waitFor();
  assert.equal(asked, 1);
  await button(w.issued.copy).click();
  await button(w.copy.copied).waitFor();
  await page.keyboard.press("j");
  assert.equal(await page.evaluate(() => document.activeElement.closest("tr").dataset.at), "0");
  await page.keyboard.press("e");
  await page.waitForFunction(
    (before) => document.querySelector(".issued-digits")?.textContent !== before,
    await page.locator(".issued-digits").textContent(),
  );
  assert.equal(asked, 2);
  await button(w.issued.copy).click();
});

test("a slow list shows a skeleton", async () => {
  await openAs("t.berg", "/teams");
  await page.route("**/invitations?*", async (route) => {
    await new Promise((later) => setTimeout(later, 1000));
    await route.continue();
  });
  await page.goto(of("invitations"));
  await page.locator(".invitations .bone").first().waitFor();
  await page.locator("tr.row").first().waitFor();
  assert.equal(await page.locator(".bone").count(), 0);
});

test("a code for somebody who cannot join is refused beside the login", async () => {
  await openAs("t.berg", of("invitations"));
  await button(w.team.create.invitations).click();
  for (const login of ["mina.park", "admin"]) {
    await dialog().getByLabel(w.invitations.login).fill(login);
    await press(w.invitations.issue);
    await dialog().getByText(w.violations.login.not_allowed).waitFor();
  }
  await press(w.dialog.cancel);
});

test("a registration with a code ends at the sign-in screen if the browser keeps no cookie", async () => {
  const { code } = await fixture.call("POST", `/v1${of("invitations")}`, { role_id: "reviewer" });
  await newPage();
  await page.goto("/register");
  await page.getByLabel(w.register.email).fill("cookieless@northwind.example");
  await button(w.register.send).click();
  await page.getByLabel(w.register.code).fill(await fixture.code("cookieless@northwind.example"));
  await page.getByLabel(w.register.username).fill("No.Cookie");
  await page.getByLabel(w.invitations.login).fill("no.cookie");
  await page.getByLabel(w.register.password, { exact: true }).fill(SECRET);
  await page.getByLabel(w.register.confirmation).fill(SECRET);
  await page.getByLabel(w.join.code).fill(code);
  await dropCookie();
  await button(w.register.action).click();
  await page.getByText(w.signIn.done.registered).waitFor();
});
