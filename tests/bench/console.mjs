// Measures how soon the list of accounts can be used and how it scrolls, with 100 and with 100,000 accounts.
//
// Run `tests/run console` first, which installs the browser's driver, then `node tests/bench/console.mjs`. ROLLCALL_BIN
// names another binary than the debug build. The script prints tables and asserts nothing, because times are noisy.
import { World } from "../console/world.js";

const SIZES = [100, 100_000];
const VISITS = 15;
const SCROLLED_ROWS = 5_000;
const FRAME_MS = 1000 / 60;

// From the navigation to the first row, and on until nothing has kept the page busy for a moment; each in milliseconds.
const observe = () => {
  globalThis.longTasks = [];
  new PerformanceObserver((list) => globalThis.longTasks.push(...list.getEntries())).observe({
    type: "longtask",
    buffered: true,
  });
  const row = new MutationObserver(() => {
    if (!document.querySelector("tr.row")) return;
    row.disconnect();
    requestAnimationFrame(() => setTimeout(() => (globalThis.firstRows = performance.now())));
  });
  row.observe(document, { childList: true, subtree: true });
};

async function visit(context, address) {
  const page = await context.newPage();
  let requests = 0;
  page.on("requestfinished", () => (requests += 1));
  await page.goto(address);
  await page.waitForFunction(() => globalThis.firstRows);
  await page.waitForTimeout(500);
  const interactive = await page.evaluate(() => {
    const late = globalThis.longTasks
      .map((task) => task.startTime + task.duration)
      .filter((end) => end > globalThis.firstRows && end < globalThis.firstRows + 500);
    return Math.max(globalThis.firstRows, ...late);
  });
  await page.close();
  return { interactive, requests };
}

// Scrolls as fast as pages come, frame by frame, until so many rows have been loaded.
const scroll = (page, rows) =>
  page.evaluate(async (wanted) => {
    const frames = [];
    let drawn = 0;
    let before = await new Promise(requestAnimationFrame);
    const height = Number.parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--row"));
    while (document.querySelector("tbody").getBoundingClientRect().height / height < wanted) {
      scrollBy(0, 120);
      const now = await new Promise(requestAnimationFrame);
      frames.push(now - before);
      before = now;
      drawn = Math.max(drawn, document.querySelectorAll("tr.row").length);
    }
    return { frames, drawn };
  }, rows);

const sorted = (numbers) => numbers.toSorted((one, other) => one - other);
const at = (numbers, share) => sorted(numbers)[Math.min(numbers.length - 1, Math.floor(numbers.length * share))];
const ms = (number) => `${number.toFixed(0)} ms`;

async function measure(size) {
  const world = await World.start({ seed: size });
  try {
    const {
      items: [app],
    } = await world.call("GET", "/v1/apps");
    const address = `/apps/${app.app_id}/accounts`;
    const [first, again] = [[], []];
    for (let count = 0; count < VISITS; count += 1) {
      const page = await world.page({ signedIn: true });
      await page.context().addInitScript(observe);
      first.push(await visit(page.context(), address));
      again.push(await visit(page.context(), address));
      await page.context().close();
    }
    const page = await world.page({ signedIn: true });
    await page.goto(address);
    await page.locator("tr.row").first().waitFor();
    const scrolled = size > SCROLLED_ROWS ? await scroll(page, SCROLLED_ROWS) : null;
    return { first, again, scrolled };
  } finally {
    await world.stop();
  }
}

const results = [];
for (const size of SIZES) results.push(await measure(size));

const row = (name, cells) => console.log(`| ${name} | ${cells.join(" | ")} |`);
const times = (kind, share) =>
  results.map((result) =>
    at(
      result[kind].map(({ interactive }) => interactive),
      share,
    ),
  );
const ratio = ([small, large]) => [ms(small), ms(large), `${(large / small).toFixed(2)}×`];
const sizes = SIZES.map((size) => `${size.toLocaleString("en")} accounts`);
console.log(`| The list of accounts, ${VISITS} visits | ${sizes.join(" | ")} | |\n|---|---|---|---|`);
row("first visit, interactive, median", ratio(times("first", 0.5)));
row("first visit, interactive, slowest", ratio(times("first", 1)));
row("later visit, interactive, median", ratio(times("again", 0.5)));
row("requests of a first visit", [...results.map(({ first }) => first[0].requests), ""]);
const { frames, drawn } = results.at(-1).scrolled;
const late = frames.filter((frame) => frame > 2 * FRAME_MS).length;
console.log(`\n| Scrolling through ${SCROLLED_ROWS.toLocaleString("en")} rows | |\n|---|---|`);
row("frames", [frames.length]);
row("frame, median", [ms(at(frames, 0.5))]);
row("frame, 99 of 100", [ms(at(frames, 0.99))]);
row("frame, longest", [ms(at(frames, 1))]);
row("frames that missed their turn (over 33 ms)", [late]);
row("rows in the document at most", [drawn]);
