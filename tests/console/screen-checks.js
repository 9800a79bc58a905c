// Visits screens in several variants of language, theme and width. On each one, axe finds no violation, the content
// security policy blocks nothing, and nothing scrolls sideways. A screenshot of each is kept.
import assert from "node:assert/strict";
import { test } from "node:test";
import { axeViolations } from "./axe.js";
import { screenshot, waitUntilIdle } from "./fixture.js";
import { wordsOf } from "./words.js";

// The structure of a page depends on its width but not on colours and hardly on the language, so one wide and one
// narrow variant check all rules. The others check contrast and target sizes only.
const VARIANTS = [
  { language: "en", theme: "light", width: 1280, allRules: true },
  { language: "ko", theme: "dark", width: 1280 },
  // With the theme of the operating system.
  { language: "en", theme: "dark", width: 800, settings: { theme: "system" } },
  { language: "ko", theme: "light", width: 360, allRules: true },
  { language: "en", theme: "dark", width: 360 },
];

// `fixture()` and `visits()` are called when the tests run. A visit is the login and password of a person, or null for
// a signed-out visitor, and the screens that they open: [name, address, action]. The action, if any, prepares the page;
// it gets the page and the words of the language.
export function checkScreens(kind, fixture, visits) {
  for (const { allRules = false, ...variant } of VARIANTS) {
    const { language, theme, width } = variant;
    const suffix = `${language}-${theme}-${width}`;
    test(`the screens of ${kind} are accessible: ${suffix}`, async (t) => {
      const words = await wordsOf(language);
      for (const [person, screens] of visits()) {
        const page = await fixture().page({ ...variant, height: width < 640 ? 780 : 800 });
        if (person) await fixture().signIn(page, ...person);
        for (const [name, address, action] of screens) {
          await t.test(name, async () => {
            await open(page, address);
            if (action) {
              await action(page, words);
              await waitUntilIdle(page);
            }
            await screenshot(page, `${name}-${suffix}`);
            await check(page, { language, allRules });
          });
        }
        await page.context().close();
      }
    });
  }
}

async function check(page, { language, allRules }) {
  assert.deepEqual(await axeViolations(page, { visualOnly: !allRules }), []);
  const [content, viewport, lang] = await page.evaluate(() => {
    const { scrollWidth, lang } = document.documentElement;
    return [scrollWidth, innerWidth, lang];
  });
  assert.ok(content <= viewport, `the content is ${content} px wide in a viewport of ${viewport} px`);
  assert.deepEqual(page.errors.splice(0), []);
  assert.equal(lang, language);
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
