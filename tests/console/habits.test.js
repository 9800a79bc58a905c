// What people expect of every page: nothing is lost, no state leaks into another item, every failure is reported, and
// the focus stays where it was.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { World } from "./world.js";

let world;
let app;
let other;
let page;
before(async () => {
  world = await World.start({ seed: 1100 });
  ({
    items: [app],
  } = await world.call("GET", "/v1/apps"));
  other = await world.call("POST", "/v1/apps", { name: "Quiet Harbour", team_id: null });
  for (const id of ["ava.kim33", "only.here"])
    await world.call("POST", `/v1/apps/${other.app_id}/accounts`, { user_id: id, type: "general" });
});
after(() => world.stop());
afterEach(async () => {
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

const accounts = (of = app) => `/apps/${of.app_id}/accounts`;
const open = async (address) => {
  page = await world.page({ signedIn: true });
  await page.goto(address);
  await page.locator("tr.row").first().waitFor();
};
const row = (id) => page.locator("tr.row", { hasText: id });
const dialog = () => page.getByRole("dialog");
const focused = () => page.evaluate(() => document.activeElement.textContent.trim());
const more = async (id, item) => {
  await page.getByRole("button", { name: `More for ${id}`, exact: true }).click();
  await page.getByRole("menuitem", { name: item }).click();
};
const switchTo = async (name) => {
  await page.locator(".picker").click();
  await page.getByRole("option", { name }).click();
  await page.locator(".picker", { hasText: name }).waitFor();
};
// The server does what it is asked, but its reply never comes.
const loseReply = (path) =>
  page.route(
    path,
    async (route) => {
      await route.fetch();
      await route.abort();
    },
    { times: 1 },
  );
const refuse = (path, status, body) => page.route(path, (route) => route.fulfill({ status, json: body }), { times: 1 });

test("nothing that is chosen or asked in one application goes along to another", async () => {
  await open(accounts(other));
  await row("ava.kim33").getByRole("checkbox").check();
  await page.getByText("1 selected").first().waitFor();
  await switchTo("Harbor Chat");
  await row("aditi.").first().waitFor();
  assert.equal(await page.locator(".selection").count(), 0);
  await page.keyboard.press("c");
  await dialog().getByText("Create an account in Harbor Chat").waitFor();
  await page.goBack();
  await row("only.here").waitFor();
  assert.equal(await dialog().count(), 0);
});

test("a sheet leaves the list where it was, and the back button does not open it again", async () => {
  await open(accounts());
  await page.evaluate(() => scrollTo(0, 900));
  const link = page.locator('tr.row[data-at="25"] .who a');
  const before = await page.evaluate(() => scrollY);
  await link.click();
  await dialog().waitFor();
  await page.keyboard.press("Escape");
  await dialog().waitFor({ state: "detached" });
  assert.equal(await page.evaluate(() => scrollY), before);
  assert.equal(await focused(), await link.textContent());
  await page.waitForURL((url) => url.pathname === accounts());
  await page.goBack().catch(() => {});
  assert.equal(await dialog().count(), 0);
});

test("a menu's link leads on without loading the page anew", async () => {
  await open("/apps");
  await page.evaluate(() => (globalThis.marked = true));
  await more("Quiet Harbour", "Accounts");
  await row("only.here").waitFor();
  assert.equal(await page.evaluate(() => globalThis.marked), true);
});

test("an address that is no address leads nowhere, and says so", async () => {
  await open("/apps");
  await page.goto("/apps/%zz");
  await page.getByText("This address leads nowhere, or nowhere that you may see.").waitFor();
});

test("signing in leads to no other site", async () => {
  page = await world.page();
  for (const next of ["//evil.example/x", "/\\evil.example", "https://evil.example", "javascript:alert(1)"]) {
    await page.goto(`/sign-in?next=${encodeURIComponent(next)}`);
    await page.getByLabel("Login").fill("admin");
    await page.getByLabel("Password", { exact: true }).fill("correct horse battery");
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.locator(".side").waitFor();
    assert.equal(new URL(page.url()).origin, world.origin);
    await page.context().clearCookies();
  }
});

test("what somebody else looked at last in this browser is not where one begins", async () => {
  await open(accounts());
  await page.evaluate(() =>
    localStorage.setItem(
      "rollcall.settings",
      JSON.stringify({ language: "en", user: "somebody", app: "01a1fb21-fb01-75d9-8551-bd613cefbc94" }),
    ),
  );
  await page.goto("/");
  await page.locator("tr.row").first().waitFor();
});

test("after a row is gone the next one has the focus", async () => {
  await open("/apps");
  const spare = await world.call("POST", "/v1/apps", { name: "Spare Harbour", team_id: null });
  await page.reload();
  await row("Spare Harbour").waitFor();
  const names = await page.locator("tr.row .who a").allTextContents();
  const at = names.indexOf(spare.name);
  await more("Spare Harbour", "Delete");
  await dialog().getByRole("button", { name: "Delete application" }).click();
  await row("Spare Harbour").waitFor({ state: "detached" });
  await page.waitForFunction(
    (next) => document.activeElement.textContent.trim() === next,
    names[at + 1] ?? names[at - 1],
  );
});

test("what is said over a sheet can be heard and pressed there", async () => {
  await open(`${accounts()}/aditi.chen21`);
  await dialog().getByRole("button", { name: "More for aditi.chen21" }).click();
  await page.getByRole("menuitem", { name: /Set as admin/ }).click();
  await dialog().locator(".toast", { hasText: "aditi.chen21 is an admin now." }).waitFor();
  assert.equal(await page.locator('dialog .unseen[role="status"]').count(), 1);
  await page.getByRole("button", { name: "Undo" }).click();
  await dialog().locator(".toast", { hasText: "aditi.chen21 is no admin any more." }).waitFor();
  await dialog().getByLabel("Nickname").waitFor();
});

test("an undo that fails says so", async () => {
  await open(accounts());
  await more("aditi.chen21", /Set as admin/);
  await page.locator(".toast").getByText("aditi.chen21 is an admin now.").waitFor();
  await refuse("**/aditi.chen21/admin", 503, { code: "unavailable" });
  await page.getByRole("button", { name: "Undo" }).click();
  await page.locator(".toast").getByText("The service does not answer right now. Try again in 5 s.").waitFor();
  await world.call("DELETE", `/v1/apps/${app.app_id}/accounts/aditi.chen21/admin`);
});

test("a reply that was lost makes nothing twice, and what was typed is kept", async () => {
  await open(accounts(other));
  await page.getByRole("button", { name: "Create account" }).click();
  await dialog().getByLabel("User ID").fill("lost.reply");
  await loseReply("**/v1/apps/*/accounts");
  const create = dialog().getByRole("button", { name: "Create account" });
  await create.click();
  await dialog().getByText("There is no connection. Nothing is lost; try again.").waitFor();
  assert.equal(await dialog().getByLabel("User ID").inputValue(), "lost.reply");
  await create.click();
  await page.getByText("lost.reply created.").waitFor();
});

test("a list that fails says so, and comes when it is asked for again", async () => {
  page = await world.page({ signedIn: true });
  await refuse("**/v1/apps/*/accounts?*", 503, { code: "unavailable" });
  await page.goto(accounts());
  await page.getByRole("alert").getByText("The service does not answer right now.").waitFor();
  await page.getByRole("button", { name: "Try again" }).click();
  await page.locator("tr.row").first().waitFor();
  assert.equal(await page.getByRole("alert").count(), 0);
});

test("a console that cannot begin says so", async () => {
  page = await world.page({ signedIn: true });
  await refuse("**/v1/me", 503, { code: "unavailable" });
  await page.goto(accounts());
  await page.getByRole("alert").getByText("The service does not answer right now.").waitFor();
  await page.getByRole("button", { name: "Try again" }).click();
  await page.locator("tr.row").first().waitFor();
});

test("a dialog waits for what it has asked for", async () => {
  await open(accounts(other));
  await page.getByRole("button", { name: "Create account" }).click();
  await dialog().getByLabel("User ID").fill("slow.reply");
  let answer;
  await page.route(
    "**/v1/apps/*/accounts",
    async (route) => {
      await new Promise((now) => (answer = now));
      await route.fulfill({ status: 503, json: { code: "unavailable" } });
    },
    { times: 1 },
  );
  await dialog().getByRole("button", { name: "Create account" }).click();
  await page.keyboard.press("Escape");
  await dialog().getByRole("button", { name: "Cancel" }).click();
  answer();
  await dialog().getByText("The service does not answer right now.").waitFor();
  assert.equal(await dialog().getByLabel("User ID").inputValue(), "slow.reply");
});

test("a search that was not waited for stays where it was typed", async () => {
  await open(accounts());
  await page.getByLabel("User ID starts with…").fill("av");
  await page.getByRole("link", { name: "Applications" }).click();
  await page.getByRole("heading", { name: "Applications" }).filter({ visible: true }).waitFor();
  await page.waitForTimeout(400);
  assert.equal(new URL(page.url()).search, "");
});

test("everything that matches is taken up to what one file holds, and a deletion up to its own limit", async () => {
  await open(accounts());
  await page.locator("tbody input[type=checkbox]").first().click();
  await page.getByRole("button", { name: "Select everything that matches" }).click();
  await page.getByText("The first 1,000 selected: one file takes no more").waitFor();
  await world.call("PUT", `/v1/apps/${app.app_id}/deletion-lock`, { locked: false, risks_acknowledged: true });
  await page.reload();
  await page.locator("tbody input[type=checkbox]").first().click();
  await page.getByRole("button", { name: "Select everything that matches" }).click();
  await page.getByRole("button", { name: "Delete 1,000" }).click();
  await dialog().getByText("1,000 are selected; at most 100 can be deleted at once.").waitFor();
  await world.call("PUT", `/v1/apps/${app.app_id}/deletion-lock`, { locked: true });
});

test("what could not be deleted is told one by one, with the reason", async () => {
  await world.call("PUT", `/v1/apps/${app.app_id}/deletion-lock`, { locked: false, risks_acknowledged: true });
  await open(accounts());
  const [first, second] = await page.locator("tr.row .who a").allTextContents();
  for (const id of [first, second]) await row(id).first().getByRole("checkbox").check();
  await world.call("POST", `/v1/apps/${app.app_id}/account-deletions`, { user_ids: [second] });
  await page.getByRole("button", { name: "Delete 2" }).click();
  await dialog().getByRole("button", { name: "Delete 2 accounts" }).click();
  await page.getByText("1 deleted, 1 not.").waitFor();
  await page.getByRole("button", { name: "See why" }).click();
  await page
    .getByRole("listitem")
    .filter({ hasText: second })
    .getByText("This is gone, or you may not see it.")
    .waitFor();
  assert.equal(await row(second).count(), 0);
});

test("what cannot be copied says so", async () => {
  page = await world.page({ signedIn: true });
  await page.addInitScript(() => Object.defineProperty(navigator, "clipboard", { value: undefined }));
  await page.goto("/users");
  await page.getByRole("button", { name: "New user" }).click();
  await dialog().getByLabel("Username").fill("By.hand");
  await dialog().getByLabel("Login").fill("by.hand");
  await dialog().getByRole("button", { name: "Create user" }).click();
  await dialog().getByRole("button", { name: "Copy password" }).click();
  await dialog().getByRole("button", { name: "Not copied: select it" }).waitFor();
  // It counts as not copied: closing asks.
  await dialog().getByRole("button", { name: "Close" }).first().click();
  await dialog().getByText("It was not copied, and it is not shown again.").waitFor();
  await dialog().getByRole("button", { name: "Close without copying" }).click();
});

test("a person whose password is due in another tab is asked for a new one here", async () => {
  const { user, generated_password: given } = await world.call("POST", "/v1/users", {
    username: "Two.Tabs",
    login: "two.tabs",
    type: "member",
    generate_password: true,
  });
  page = await world.page({ signedIn: true });
  await page.goto("/apps");
  await page.locator("tr.row").first().waitFor();
  await page.context().clearCookies();
  await world.signIn(page, user.login, given);
  await page.getByRole("link", { name: "Teams" }).click();
  await page.getByLabel("Current password").waitFor();
  assert.equal(new URL(page.url()).pathname, "/first-password");
});

test("the back button brings nothing back of whoever signed out", async () => {
  // The driver switches the browser's memory of pages off, which people have.
  const remembering = await World.start({ seed: 5, launch: { ignoreDefaultArgs: ["--disable-back-forward-cache"] } });
  try {
    page = await remembering.page({ signedIn: true });
    await page.goto("/users");
    await page.locator("tr.row", { hasText: "admin" }).first().waitFor();
    await page.goto("/apps");
    await page.locator("tr.row").first().waitFor();
    await page.locator(".side .person").click();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await page.getByLabel("Login").waitFor();
    await page.goBack();
    await page.getByLabel("Login").waitFor();
    assert.equal(await page.locator("tr.row").count(), 0);
  } finally {
    await remembering.stop();
  }
});

test("a page that is open while somebody else signs in becomes theirs, and does nothing in their name", async () => {
  await open("/apps");
  const tab = await page.context().newPage();
  await tab.context().clearCookies();
  await world.call("POST", "/v1/users", {
    username: "Other.Tab",
    login: "other.tab",
    type: "platform_admin",
    password: "seven quiet harbours 41",
  });
  await tab.goto("/sign-in");
  await tab.getByLabel("Login").fill("other.tab");
  await tab.getByLabel("Password", { exact: true }).fill("seven quiet harbours 41");
  await tab.getByRole("button", { name: "Sign in", exact: true }).click();
  const change = (field, text) => tab.getByLabel(field, { exact: true }).fill(text);
  await change("Current password", "seven quiet harbours 41");
  await change("New password", "nine quiet harbours 52");
  await change("New password again", "nine quiet harbours 52");
  await tab.getByRole("button", { name: "Change and go on" }).click();
  await tab.locator(".side .person .name", { hasText: "Other.Tab" }).waitFor();
  await page.locator(".side .person .name", { hasText: "Other.Tab" }).waitFor();
});

test("what is chosen is known as it is now", async () => {
  await world.call("PUT", `/v1/apps/${other.app_id}/deletion-lock`, { locked: false, risks_acknowledged: true });
  await world.call("PUT", `/v1/apps/${other.app_id}/accounts/only.here/admin`);
  await open(accounts(other));
  await row("only.here").getByRole("checkbox").check();
  await more("only.here", /Cancel admin/);
  await page.getByText("only.here is no admin any more.").waitFor();
  await page.getByRole("button", { name: "Delete 1", exact: true }).click();
  await dialog().getByText("Delete 1 account?").waitFor();
  assert.equal(await dialog().locator(".facts .tag, .caution").count(), 0);
});

test("a filter that does not exist is shown as it is asked for", async () => {
  page = await world.page({ signedIn: true });
  await page.goto(`${accounts()}?type=bogus`);
  await page.getByRole("alert").waitFor();
  await page.getByRole("button", { name: "Create account" }).first().waitFor();
});

test("without a connection the page stays, and says so", async () => {
  await open(accounts());
  await page.context().setOffline(true);
  await page.getByRole("link", { name: "Audit log" }).click();
  await page.getByText("There is no connection. Nothing is lost; try again.").waitFor();
  await page.context().setOffline(false);
  await page.getByRole("button", { name: "Try again" }).click();
  await page.locator("tr.row").first().waitFor();
  assert.equal(new URL(page.url()).pathname, "/audit");
});

test("what is typed into a dialog is asked about when the back button leaves it", async () => {
  await open("/apps");
  await page.getByRole("link", { name: "Users" }).click();
  await page.getByRole("button", { name: "New user" }).click();
  await dialog().getByLabel("Username").fill("Half.Typed");
  await page.goBack();
  await page.getByText("Leave without saving 1 change?").waitFor();
  await page.getByRole("button", { name: "Keep editing" }).click();
  assert.equal(await dialog().getByLabel("Username").inputValue(), "Half.Typed");
  await dialog().getByRole("button", { name: "Cancel" }).click();
  await dialog().waitFor({ state: "detached" });
});

test("whatever had the focus and goes, something near has it then", async () => {
  await open(`${accounts()}?q=av`);
  const kept = () => page.waitForFunction(() => document.activeElement !== document.body);
  const gone = async (name) => {
    const button = page.getByRole("button", { name }).filter({ visible: true }).first();
    await button.focus();
    await page.keyboard.press("Enter");
    await button.waitFor({ state: "detached" });
    await kept();
  };
  await page.locator("tbody input[type=checkbox]").first().click();
  await gone(/^Clear ?Esc$/);
  await gone("Clear the search");
  await world.call("PUT", `/v1/apps/${app.app_id}/deletion-lock`, { locked: false, risks_acknowledged: true });
  await page.reload();
  await row("a").first().waitFor();
  await gone("Lock again");
});

test("signing out asks about what is not saved, and a sign-out that fails leaves everything as it was", async () => {
  page = await world.page({ signedIn: true });
  await page.goto("/me/profile");
  await page.getByLabel("Username").fill("Half.Typed");
  const signOut = async () => {
    await page.locator(".side .person").click();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await page.getByText("Leave without saving 1 change?").waitFor();
    await page.getByRole("button", { name: "Discard" }).click();
  };
  await refuse("**/v1/logout", 503, { code: "unavailable" });
  await signOut();
  await page.locator(".toast").getByText("The service does not answer right now.").waitFor();
  assert.equal(await page.getByLabel("Username").inputValue(), "Half.Typed");
  await signOut();
  await page.getByLabel("Login").waitFor();
});
