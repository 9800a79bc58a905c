// A computer whose clock is wrong: what lasts and what has expired is counted by the server's clock.
import assert from "node:assert/strict";
import { test } from "node:test";
import { waitUntilIdle } from "./fixture.js";
import { northwind, SECRET } from "./seed.js";
import { dialog, fixture, newPage, page, useFixture } from "./suite.js";
import { wordsOf } from "./words.js";

const w = await wordsOf("en");
const HOUR = 3_600_000;

let at;
useFixture({}, async () => {
  at = await northwind(fixture);
});

// Shifts the clock of the browser by some hours.
const openAt = async (hours, address, login) => {
  await newPage();
  if (login) await fixture.signIn(page, login, SECRET);
  await page.clock.install({ time: Date.now() + hours * HOUR });
  await page.goto(address);
  await page.locator("h1:visible").first().waitFor();
};

for (const hours of [-1, 25]) {
  test(`a mailed code can be resent after a minute, and the time counts down: ${hours} h off`, async () => {
    await openAt(hours, "/reset");
    await page.getByLabel(w.reset.email).fill(`clock${hours}@northwind.example`);
    await page.getByRole("button", { name: w.reset.send }).click();
    await page.getByText(/You can resend the code in (1 min|5[5-9] s)/).waitFor();
    await waitUntilIdle(page);
    await page.clock.runFor(20_000);
    await page.getByText(/You can resend the code in (3\d|4[0-1]) s/).waitFor();
    await page.clock.runFor(45_000);
    await page.getByText("You can resend").waitFor({ state: "detached" });
  });

  test(`a code that was just issued is shown with its 24 hours: ${hours} h off`, async () => {
    await openAt(hours, `/teams/${at.team.team_id}/invitations`, "t.berg");
    await page.getByRole("button", { name: w.team.create.invitations, exact: true }).click();
    await dialog().getByRole("button", { name: w.invitations.issue }).click();
    await page.locator(".issued-digits").waitFor();
    assert.match(await page.locator(".issued-digits").textContent(), /^\d{4}\s*\d{4}$/);
    await page
      .locator(".issued")
      .getByText(/^(23 h 59 min|24 h 0 min)$/)
      .waitFor();
    // Invitations in the list, too, and they count down.
    await page
      .locator("tr.row td.wide-column .time-left")
      .first()
      .getByText(/^(23 h 5\d min|24 h 0 min)$/)
      .waitFor();
    // A reply that arrives after the clock has moved would measure the server's clock anew.
    await waitUntilIdle(page);
    await page.clock.runFor(3 * 60_000);
    await page
      .locator(".issued")
      .getByText(/^23 h 5[67] min$/)
      .waitFor();
    await page
      .locator("tr.row td.wide-column .time-left")
      .first()
      .getByText(/^23 h 5[67] min$/)
      .waitFor();
  });
}

test("relative times move on", async () => {
  await openAt(0, `/teams/${at.team.team_id}/invitations`, "mina.park");
  const issued = page.locator("tr.row td time").first();
  await issued.getByText(w.times.now).waitFor();
  await waitUntilIdle(page);
  await page.clock.runFor(5 * 60_000);
  await issued.getByText(/^[56] min ago$/).waitFor();
});
