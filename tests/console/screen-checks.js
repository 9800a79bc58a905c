// Visits screens and looks at each one in several languages, themes and widths. In every look axe finds no violation,
// the content security policy blocks nothing, nothing scrolls sideways, and no word of the console is cut. With
// SCREENSHOTS in the environment a picture of each is kept.
import assert from "node:assert/strict";
import { test } from "node:test";
import { axeViolations } from "./axe.js";
import { screenshot, waitUntilIdle } from "./fixture.js";
import { layoutFaults } from "./layout.js";
import { wordsOf } from "./words.js";

// A screen is opened and prepared once per device, then only its look changes. The structure of a page depends on its
// width but not on colours and hardly on the language, so one wide and one narrow look check all rules of axe. The
// others check contrast and target sizes, or only the layout.
const DEVICES = {
  computer: [
    { language: "en", theme: "light", width: 1280, axe: "all" },
    { language: "ko", theme: "dark", width: 1280, axe: "visual" },
    { language: "ko", theme: "dark", width: 1100 },
    { language: "en", theme: "dark", width: 1100 },
    { language: "en", theme: "light", width: 1024 },
    { language: "ko", theme: "light", width: 1024 },
    // With the theme of the operating system.
    { language: "en", theme: "dark", width: 800, axe: "visual", followsSystem: true },
  ],
  phone: [
    { language: "ko", theme: "light", width: 360, axe: "all" },
    { language: "en", theme: "dark", width: 360, axe: "visual" },
  ],
};

// `fixture()` and `visits()` are called when the tests run. A visit is the login and password of a person, or null for
// a signed-out visitor, and the screens that they open: [name, address, action]. The action, if any, prepares the page;
// it gets the page and the words of the language.
export function checkScreens(kind, fixture, visits) {
  for (const [device, looks] of Object.entries(DEVICES)) {
    test(`the screens of ${kind} are accessible on a ${device}`, async (t) => {
      const [first] = looks;
      const words = await wordsOf(first.language);
      const height = device === "phone" ? 780 : 800;
      for (const [person, screens] of visits()) {
        const page = await fixture().page({ ...first, height });
        if (person) await fixture().signIn(page, ...person);
        for (const [name, address, action] of screens) {
          await t.test(name, async () => {
            await open(page, address);
            await changeLook(page, first, height);
            if (action) await action(page, words);
            const faults = [];
            for (const look of looks) faults.push(...(await faultsOf(page, name, look, height)));
            assert.deepEqual(faults, []);
          });
        }
        await page.context().close();
      }
    });
  }
}

async function faultsOf(page, name, look, height) {
  const { language, theme, width, axe } = look;
  const label = `${language}-${theme}-${width}`;
  // A bar that sticks to an edge covers rows of a longer page. They can be scrolled to, so the whole page is shown.
  const hasStickyBar = (await page.locator(".save-bar").count()) > 0;
  await changeLook(page, look, hasStickyBar ? 1600 : height);
  await waitUntilIdle(page);
  if (process.env.SCREENSHOTS) await screenshot(page, `${name}-${label}`);
  const found = [
    ...(axe ? await axeViolations(page, { visualOnly: axe === "visual" }) : []),
    ...(await page.evaluate(layoutFaults, Object.values((await wordsOf(language)).roles))),
    ...page.errors.splice(0),
  ];
  const lang = await page.evaluate(() => document.documentElement.lang);
  if (lang !== language) found.push(`the page says that its language is ${lang}`);
  return found.map((fault) => `${label}: ${fault}`);
}

async function changeLook(page, { language, theme, width, followsSystem = false }, height) {
  await page.setViewportSize({ width, height });
  await page.emulateMedia({ colorScheme: theme });
  await page.evaluate(applySettings, { language, theme: followsSystem ? "system" : theme });
}

async function applySettings({ language, theme }) {
  const assets = document.querySelector("script[type=module]").src.replace("main.js", "");
  const [{ setLanguage }, { changeSettings }] = await Promise.all(
    ["words.js", "settings.js"].map((name) => import(assets + name)),
  );
  await setLanguage(language);
  changeSettings({ theme });
}

// Follows a link within the loaded console, which is faster than a reload. The previous screen is unmounted first,
// without its question about unsaved changes. If something remains open over the page, the page is reloaded.
async function open(page, address) {
  const isLoaded = page.url().startsWith("http");
  if (!isLoaded || !(await page.evaluate(leaveScreen))) await page.goto(address);
  else await page.evaluate(followLink, address);
  await waitUntilIdle(page);
}

async function leaveScreen() {
  const assets = document.querySelector("script[type=module]").src.replace("main.js", "");
  const { go } = await import(`${assets}router.js`);
  await go("/no/such/place", { unasked: true });
  await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
  return document.querySelector("dialog[open], :popover-open") === null;
}

function followLink(address) {
  const link = Object.assign(document.createElement("a"), { href: address });
  document.body.append(link);
  link.click();
  link.remove();
  return new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
}
