// Inviting and joining: a code is shown once, handed out, and works once.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { northwind, SECRET, user } from "./people.js";
import { World } from "./world.js";

let world;
let at;
let page;
before(async () => {
  world = await World.start();
  at = await northwind(world);
});
after(() => world.stop());
afterEach(async () => {
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

const open = async (address, login, options = {}) => {
  page = await world.page(options);
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await world.signIn(page, login, SECRET);
  await page.goto(address);
  await page.locator("h1:visible").first().waitFor();
};
const of = (tab) => `/teams/${at.team.team_id}/${tab}`;
const list = (query = "") => world.call("GET", `/v1${of("invitations")}${query}`);
const dialog = () => page.getByRole("dialog");
const press = (name) => dialog().getByRole("button", { name, exact: true }).click();
const button = (name) => page.getByRole("button", { name, exact: true });
const row = (hint) => page.locator("tr.row", { hasText: `code ending in ${hint}` });
const digits = async () => (await page.locator(".issued-digits").textContent()).replaceAll(/\D/g, "");
const issue = async ({ login = "", note = "" } = {}) => {
  await button("Invite").click();
  await dialog().getByLabel("Login").fill(login);
  await dialog().getByLabel("Note").fill(note);
  await press("Issue code");
  await page.locator(".issued").waitFor();
  return digits();
};
const redeem = async (code) => {
  await page.getByLabel("Invitation code").fill(code);
  await page.getByRole("button", { name: "Join", exact: true }).click();
};

test("a code is issued for a login, shown once with its hours, and copied as bare digits", async () => {
  await open(of("invitations"), "t.berg");
  const code = await issue({ login: "jisoo.han", note: "<b>Welcome</b>" });
  assert.match(code, /^\d{8}$/);
  assert.equal(await page.locator(".issued .tally.large i.on").count(), 24);
  await page.locator(".issued").getByText("jisoo.han").waitFor();
  // Markup is what it says, not what it does.
  await row(code.slice(6)).getByText("<b>Welcome</b>").waitFor();
  assert.equal(await page.locator(".issued dd b").count(), 0);
  await button("Copy code").click();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), code);
  // Copied: nothing is asked any more.
  await page.getByRole("link", { name: "Members" }).click();
  await page.getByText("Mina.Park").first().waitFor();
  await page.goBack();
  await row(code.slice(6)).waitFor();
  assert.equal(await page.getByText(code.slice(0, 4)).count(), 0);
});

test("a code that nobody copied is not left, closed or replaced unasked", async () => {
  await open(of("members"), "t.berg");
  await page.getByRole("link", { name: "Invitations" }).click();
  const first = await issue();
  await page.getByRole("link", { name: "Members" }).click();
  await page.getByText("Leave without copying the code?").waitFor();
  await press("Stay");
  await page.goBack();
  await page.getByText("Leave without copying the code?").waitFor();
  await press("Stay");
  await page.locator(".issued").getByRole("button", { name: "Close" }).click();
  await page.getByText("Close without copying the code?").waitFor();
  await press("Cancel");
  assert.equal(await digits(), first);
  await button("Invite").click();
  await dialog().getByText("The code that is shown now was not copied.").waitFor();
  await press("Cancel");
  await row(first.slice(6)).getByRole("button", { name: "Reissue" }).click();
  await press("Go on without it");
  await page.waitForFunction(
    (before) => document.querySelector(".issued-digits")?.textContent.replaceAll(/\D/g, "") !== before,
    first,
  );
  const second = await digits();
  assert.notEqual(second, first);
  const { items } = await list("?status=revoked");
  assert.ok(items.some(({ code_hint }) => code_hint === first.slice(6)));
  await button("Copy code").click();
});

test("an invitation is revoked, and the history narrows by what became of it", async () => {
  await open(of("invitations"), "mina.park");
  const code = await issue();
  await button("Copy code").click();
  await row(code.slice(6)).first().getByRole("button", { name: "Revoke" }).click();
  await dialog()
    .getByText(`Revoke the code ending in ${code.slice(6)}?`)
    .waitFor();
  await press("Revoke invitation");
  await page.locator(".issued").waitFor({ state: "detached" });
  await page.getByText(`The code ending in ${code.slice(6)} is revoked.`).waitFor();
  await page
    .locator("tr.ended", { hasText: `code ending in ${code.slice(6)}` })
    .locator("td", { hasText: "Revoked" })
    .first()
    .waitFor();
  await page.locator(".group-row").getByRole("button", { name: "Status All" }).click();
  await page.getByRole("menuitemradio", { name: "Expired" }).click();
  await page.getByText("No invitation matches.").waitFor();
  assert.equal(new URL(page.url()).searchParams.get("status"), "expired");
  await page.reload();
  await page.getByText("No invitation matches.").waitFor();
  await button("Clear Status").click();
  await page.locator("tr.ended").first().waitFor();
});

test("one joins with a pasted code, lands in the team, and no code works twice", async () => {
  const { code } = await world.call("POST", `/v1${of("invitations")}`, { role_id: "developer" });
  await user(world, "late.comer");
  await open("/", "late.comer", { width: 390 });
  assert.equal(new URL(page.url()).pathname, "/join");
  await redeem("482");
  await page.getByText("Enter all 8 digits.").waitFor();
  await redeem("00000000");
  await page.getByText("This code does not work. Check the 8 digits or ask for a new one.").waitFor();
  assert.equal(await page.getByLabel("Invitation code").inputValue(), "00000000");
  await redeem(`${code.slice(0, 4)} - ${code.slice(4)}`);
  await page.getByText("You joined Northwind Mobile as Developer.").waitFor();
  await page.locator("tr.row", { hasText: "late.comer" }).waitFor();
  assert.equal(new URL(page.url()).pathname, of("members"));
  await page.goto("/join");
  await redeem(code);
  await page.getByText("This code does not work.").waitFor();
  const { code: other } = await world.call("POST", `/v1${of("invitations")}`, { role_id: "operator" });
  await redeem(other);
  await page.getByText("Already a member of this team.").waitFor();
});

test("whose email is not confirmed is told so and led there", async () => {
  await user(world, "un.proved", { confirmed: false });
  await open("/join", "un.proved");
  await redeem("12345678");
  await page.getByText("Confirm your email first.").waitFor();
  await page.getByRole("link", { name: "Confirm your email" }).click();
  await page.waitForURL("**/me/email");
});

test("too many wrong codes: how long to wait stands beside the field", async () => {
  await user(world, "guesser");
  await open("/join", "guesser");
  for (let tries = 0; tries < 11; tries += 1) {
    const reply = page.waitForResponse("**/v1/invitations/redeem");
    await redeem(`1000000${tries % 10}`);
    await reply;
  }
  await page.getByText(/Too many tries. Try again in/).waitFor();
});

test("a registration takes the code along", async () => {
  const { code } = await world.call("POST", `/v1${of("invitations")}`, { role_id: "reviewer", login: "fresh.face" });
  page = await world.page();
  await page.goto("/register");
  await page.getByLabel("Email").fill("fresh@northwind.example");
  await button("Mail me a code").click();
  await page.getByLabel("Code from the mail").fill(await world.code("fresh@northwind.example"));
  await page.getByLabel("Username").fill("Fresh.Face");
  await page.getByLabel("Login").fill("fresh.face");
  await page.getByLabel("Password", { exact: true }).fill(SECRET);
  await page.getByLabel("Password again").fill(SECRET);
  await page.getByLabel("Invitation code").fill("00000000");
  await button("Register").click();
  await page.getByText("This code does not work. Check the 8 digits or ask for a new one.").waitFor();
  await page.getByLabel("Invitation code").fill(code);
  await button("Register").click();
  await page.getByText("You are registered.").waitFor();
  const { items } = await world.call("GET", `/v1${of("members")}`);
  assert.equal(items.find(({ login }) => login === "fresh.face").role.role_id, "reviewer");
});

test("what has run out is history", async () => {
  await world.advance(25 * 3600);
  await open(of("invitations"), "mina.park");
  await page.locator("tr.ended", { hasText: "Expired" }).first().waitFor();
  await page.getByText("0 of 100").waitFor();
});

test("a code is reissued once however often it is pressed, and by the keys of its row", async () => {
  world.token = undefined;
  await world.call("POST", `/v1${of("invitations")}`, { role_id: "developer", note: "Pressed twice" });
  await open(of("invitations"), "t.berg");
  const pressed = page.locator("tr.row", { hasText: "Pressed twice" }).getByRole("button", { name: "Reissue" });
  let asked = 0;
  page.on("request", (request) => (asked += request.url().endsWith("/reissue") ? 1 : 0));
  await pressed.dblclick();
  await page.locator(".issued").waitFor();
  assert.equal(asked, 1);
  await button("Copy code").click();
  await button("Copied").waitFor();
  await page.keyboard.press("j");
  assert.equal(await page.evaluate(() => document.activeElement.closest("tr").dataset.at), "0");
  await page.keyboard.press("e");
  await page.waitForFunction(
    (before) => document.querySelector(".issued-digits")?.textContent !== before,
    await page.locator(".issued-digits").textContent(),
  );
  assert.equal(asked, 2);
  await button("Copy code").click();
});

test("what takes a while shows where it will be", async () => {
  await open("/teams", "t.berg");
  await page.route("**/invitations?*", async (route) => {
    await new Promise((later) => setTimeout(later, 1000));
    await route.continue();
  });
  await page.goto(of("invitations"));
  await page.locator(".invitations .bone").first().waitFor();
  await page.locator("tr.row").first().waitFor();
  assert.equal(await page.locator(".bone").count(), 0);
});
