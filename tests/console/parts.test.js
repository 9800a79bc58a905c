// Components that no screen shows on their own.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { axeViolations } from "./axe.js";
import { Fixture, screenshot } from "./fixture.js";
import { wordsOf } from "./words.js";

const w = await wordsOf("en");

let fixture;
before(async () => (fixture = await Fixture.start({ seed: 5 })));
after(() => fixture.stop());

// A page with an issued code that expires in `seconds`.
async function issued(seconds, look) {
  const page = await fixture.page({ signedIn: true, ...look });
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto("/me/profile");
  await page.locator("h1").first().waitFor({ state: "attached" });
  await page.evaluate(async (expiresAt) => {
    const base = document.querySelector("script[type=module]").src.replace("main.js", "");
    const [{ render }, { html }, { CodeDisplay }] = await Promise.all(
      ["vendor/preact.js", "html.js", "parts/code-display.js"].map((name) => import(base + name)),
    );
    const place = document.querySelector(".page-body");
    place.replaceChildren();
    const properties = {
      title: "Invitation code",
      code: "04829157",
      note: "Send it now.",
      expiresAt,
      facts: [
        ["Role", "Developer"],
        ["For", "jisoo.han"],
        ["Issued by", "Mina Park"],
      ],
    };
    const draw = (shown) =>
      render(shown && html`<${CodeDisplay} ...${properties} onClose=${() => draw(null)} />`, place);
    draw(true);
  }, new Date(Date.now() + seconds * 1000).toISOString());
  await page.locator(".issued").waitFor();
  return page;
}

test("an issued code is copied as digits, and then closes without a question", async () => {
  const page = await issued(86_000);
  await page.getByRole("button", { name: w.issued.copy }).click();
  await page.getByRole("button", { name: w.copy.copied }).waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "04829157");
  assert.equal(await page.locator(".issued .tally i.on").count(), 24);
  assert.deepEqual(await axeViolations(page), []);
  await page.getByRole("button", { name: w.dialog.close }).click();
  await page.locator(".issued").waitFor({ state: "detached" });
});

test("closing an uncopied code asks first", async () => {
  const page = await issued(5000, { theme: "dark", width: 390 });
  assert.equal(await page.locator(".issued .tally.amber i.on").count(), 2);
  await screenshot(page, "issued-dark-390");
  await page.getByRole("button", { name: w.dialog.close }).click();
  await page.getByRole("heading", { name: w.issued.question }).waitFor();
  await page.getByRole("button", { name: w.dialog.cancel }).click();
  assert.equal(await page.locator(".issued").count(), 1);
});

test("an expired code is not shown", async () => {
  const page = await issued(-1);
  await page.getByText(w.issued.expired).waitFor();
  assert.equal(await page.getByText("0482").count(), 0);
  await page.getByRole("button", { name: w.issued.reissue }).waitFor();
});
