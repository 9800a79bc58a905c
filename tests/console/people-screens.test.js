// The screens of teams, invitations, roles, users and the audit log, in all their states.
import { after, before } from "node:test";
import { ADMIN, Fixture, PASSWORD, waitUntilIdle } from "./fixture.js";
import { checkScreens } from "./screen-checks.js";
import { northwind, SECRET, team, user } from "./seed.js";

let fixture;
let at;
let orphan;
before(async () => {
  fixture = await Fixture.start();
  at = await northwind(fixture);
  await user(fixture, "new.comer", { confirmed: false });
  await user(fixture, "grace.oduya", { type: "platform_admin" });
  orphan = await team(fixture, "<img src=x onerror=alert(1)>", null);
  const { user: due } = await fixture.call("POST", "/v1/users", {
    username: "priya",
    login: "priya+ops",
    type: "member",
    email: "priya@northwind.example",
    generate_password: true,
  });
  await fixture.call("PATCH", `/v1/users/${(await user(fixture, "ops-contractor")).user_id}`, { status: "disabled" });
  await fixture.call("PATCH", `/v1/users/${due.user_id}`, { username: "Priya.Nair" });
});
after(() => fixture.stop());

const of = (tab) => `/teams/${at.team.team_id}/${tab}`;
const submit = (page) => page.locator("dialog button[type=submit]").click();
const create = async (page) => {
  await page
    .locator(".content .page-head .actions .button, .top .actions .button")
    .and(page.locator(":visible"))
    .last()
    .click();
  await page.locator("dialog").waitFor();
};
const menu = (row) => async (page) => {
  await page.locator("tr.row [aria-haspopup=menu]").and(page.locator(":visible")).nth(row).click();
};
const item = (row, index) => async (page) => {
  await menu(row)(page);
  await page.locator("[role=menu] [role^=menuitem]").nth(index).click();
};

const superAdmin = () => [
  ["teams", "/teams", null],
  ["team-create", "/teams", create],
  ["team-menu", "/teams", menu(1)],
  ["team-rename", "/teams", item(0, 1)],
  [
    "team-delete",
    "/teams",
    async (page) => {
      await item(0, 2)(page);
      await submit(page);
      await page.locator(".form-error").waitFor();
    },
  ],
  ["team-none", `/teams/${orphan.team_id}/members`, null],
  ["team-gone", "/teams/01a1fb21-fb01-75d9-8551-bd613cefbc94/members", null],
  ["members", of("members"), null],
  ["member-role", of("members"), item(0, 0)],
  ["member-remove", of("members"), item(0, 1)],
  [
    "member-add",
    of("members"),
    async (page) => {
      await create(page);
      await submit(page);
    },
  ],
  [
    "member-add-new",
    of("members"),
    async (page) => {
      await create(page);
      await page.locator("dialog .segments label").nth(1).click();
    },
  ],
  ["invitations", of("invitations"), null],
  ["invitations-filtered", `${of("invitations")}?status=expired`, null],
  ["invite", of("invitations"), create],
  ["roles-preset", of("roles/admin"), null],
  ["role-new", of("roles"), create],
  [
    "role-delete",
    of("roles"),
    async (page) => {
      await page.locator(".role-bar .bare").click();
      await page.locator("[role=menuitem].red").click();
      await submit(page);
      await page.locator(".form-error").waitFor();
    },
  ],
  ["roles-picker", of("roles"), (page) => page.locator(".role-bar .picker").click()],
  ["team-apps", of("apps"), null],
  ["team-audit", of("audit"), null],
  ["users", "/users", null],
  ["users-menu", "/users", menu(2)],
  ["users-filter", "/users", (page) => page.locator(".filter-button").first().click()],
  ["users-no-match", "/users?q=zzz&type=member", null],
  [
    "user-create",
    "/users",
    async (page) => {
      await create(page);
      await page.locator("dialog .segments").last().locator("label").nth(1).click();
      await submit(page);
    },
  ],
  ["user-edit", `/users/${at.mina.user_id}`, (page) => page.locator("dialog .input").first().fill("Mina.P")],
  ["user-own", "/users", (page) => page.locator("tr.row .who a").first().click()],
  ["user-gone", "/users/01a1fb21-fb01-75d9-8551-bd613cefbc94", null],
  ["user-reset", "/users", item(2, 1)],
  [
    "user-delete",
    "/users",
    async (page) => {
      await menu(2)(page);
      await page.locator("[role=menuitem].red").click();
    },
  ],
  ["audit", "/audit", null],
  [
    "audit-open",
    "/audit?action=user.edit",
    async (page) => {
      await page.locator(".audit .name-button").first().click();
      await page.locator(".record").waitFor();
    },
  ],
  ["audit-filtered", `/audit?actor=${at.mina.user_id}&from=2020-01-01`, null],
  ["audit-no-match", "/audit?to=2020-01-01", null],
];
const member = () => [
  ["invitations-member", of("invitations"), null],
  [
    "invitation-issued",
    of("invitations"),
    async (page) => {
      await create(page);
      await page.locator("dialog .input").nth(1).fill("jisoo.han");
      await submit(page);
      await page.locator(".issued").waitFor();
      await waitUntilIdle(page);
    },
  ],
  [
    "roles",
    of("roles"),
    async (page, w) => {
      await page.locator("input.check").first().waitFor();
      await page.getByRole("checkbox", { name: w.permissions["accounts.write"] }).check();
      await page.getByRole("checkbox", { name: w.permissions["accounts.export"] }).check();
    },
  ],
  ["teams-member", "/teams", null],
  ["nowhere-users", "/users", null],
];
const newcomer = () => [
  ["join", "/join", (page) => page.locator(".slots input").fill("48209")],
  [
    "join-refused",
    "/join",
    async (page) => {
      await page.locator(".slots input").fill("4820");
      await page.locator(".join button[type=submit]").click();
      await page.locator(".field-error").waitFor();
    },
  ],
];
checkScreens(
  "people",
  () => fixture,
  () => [
    [[ADMIN, PASSWORD], superAdmin()],
    [["t.berg", SECRET], member()],
    [["jisoo.han", SECRET], newcomer()],
    [["new.comer", SECRET], [["join-unproved", "/", null]]],
  ],
);
