// The fixture of a test file: a server with its own data, and a browser.
import { spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

export const ADMIN = "admin";
export const PASSWORD = "correct horse battery";

const root = fileURLToPath(new URL("../..", import.meta.url));
const binary = process.env.ROLLCALL_BIN ?? `${root}/target/debug/rollcall`;
const screenshots = fileURLToPath(new URL("screenshots", import.meta.url));

const freePort = () =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });

const isUp = (origin) =>
  fetch(`${origin}/healthz`).then(
    ({ ok }) => ok,
    () => false,
  );

// Polls until `read` returns something truthy, and returns it.
export async function until(what, read, seconds = 30) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const value = await read();
    if (value) return value;
    if (Date.now() > end) throw new Error(`no ${what} after ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export class Fixture {
  // `environment` configures the server, and `launch` the browser.
  static async start({ seed = 0, environment = {}, launch = {} } = {}) {
    const fixture = new Fixture();
    const port = await freePort();
    fixture.origin = `http://127.0.0.1:${port}`;
    const options = [
      "--memory",
      "--test-clock",
      "--listen",
      `127.0.0.1:${port}`,
      ...(seed ? ["--seed", String(seed)] : []),
    ];
    fixture.server = spawn(binary, options, {
      env: { ...process.env, ADMIN_PASSWORD: PASSWORD, ...environment },
      stdio: ["ignore", "ignore", "inherit"],
    });
    await until("reply of the server", () => isUp(fixture.origin));
    fixture.browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: ["--no-sandbox"],
      ...launch,
    });
    await mkdir(screenshots, { recursive: true });
    return fixture;
  }

  async stop() {
    await this.browser.close();
    this.server.kill();
  }

  // A page in a browser context of its own. Errors of the page are collected in `page.errors`.
  async page({ language = "en", theme = "light", width = 1280, height = 800, signedIn = false, settings = {} } = {}) {
    const phone = width < 640;
    const context = await this.browser.newContext({
      baseURL: this.origin,
      locale: language === "ko" ? "ko-KR" : "en-GB",
      viewport: { width, height },
      colorScheme: theme,
      reducedMotion: "reduce",
      hasTouch: phone,
      isMobile: phone,
      timezoneId: "Asia/Seoul",
    });
    await context.addInitScript(
      (initial) => {
        if (location.protocol !== "about:" && !localStorage.getItem("rollcall.settings"))
          localStorage.setItem("rollcall.settings", initial);
      },
      JSON.stringify({ language, theme, ...settings }),
    );
    const page = await context.newPage();
    page.errors = [];
    page.pending = 0;
    page.on("request", () => (page.pending += 1));
    for (const end of ["requestfinished", "requestfailed"]) page.on(end, () => (page.pending -= 1));
    page.on("console", (message) => {
      // The browser reports every request that the server refuses. Tests provoke refusals on purpose.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
        page.errors.push(message.text());
    });
    page.on("pageerror", (error) => page.errors.push(String(error)));
    page.setDefaultTimeout(8000);
    if (signedIn) await this.signIn(page, signedIn === true ? ADMIN : signedIn);
    return page;
  }

  async signIn(page, login = ADMIN, password = PASSWORD) {
    const reply = await page.request.post("/v1/login", {
      data: { login, password, transport: "cookie" },
      headers: { Origin: this.origin },
    });
    if (!reply.ok()) throw new Error(await reply.text());
  }

  // Calls the API as the super admin.
  async call(method, path, body) {
    this.token ??= (await this.send("POST", "/v1/login", { login: ADMIN, password: PASSWORD })).token;
    return this.send(method, path, body, { Authorization: `Bearer ${this.token}` });
  }

  async send(method, path, body, headers = {}) {
    const reply = await fetch(this.origin + path, {
      method,
      headers: { ...headers, ...(body ? { "Content-Type": "application/json" } : {}) },
      body: body && JSON.stringify(body),
    });
    const text = await reply.text();
    if (!reply.ok) throw new Error(`${method} ${path}: ${text}`);
    return text ? JSON.parse(text) : null;
  }

  // The code that was mailed to an address.
  code(address) {
    const read = async () => {
      const [mail] = await this.send("GET", `/_local/mails?to=${encodeURIComponent(address)}`);
      return mail && /^\s*(\d{8})\s*$/m.exec(mail.text)?.[1];
    };
    return until(`code for ${address}`, read);
  }

  // The job once it has a status.
  jobWithStatus({ app_id: app, job_id: id }, status) {
    const read = async () => {
      const job = await this.call("GET", `/v1/apps/${app}/jobs/${id}`);
      return job.status === status && job;
    };
    return until(`status ${status} of a job`, read);
  }

  advance = (seconds) => this.send("POST", "/_local/clock", { advance_seconds: seconds });
}

export const screenshot = (page, name) => page.screenshot({ path: `${screenshots}/${name}.png` });

// How often in a row no request may be pending. Playwright's "networkidle" takes half a second each time.
const QUIET_CHECKS = 2;

// Waits until the page has loaded its screen and its data, and no animation runs. A list may show its skeleton for a
// moment after its data has arrived, so the page is looked at again once no request is pending.
export async function waitUntilIdle(page) {
  await page.locator("h1, h2").first().waitFor({ state: "attached" });
  do {
    await page.waitForFunction(isDrawn);
    // Effects run after the next paint and may start further requests.
    await page.evaluate(nextPaint);
    for (let quiet = 0; quiet < QUIET_CHECKS; quiet = page.pending > 0 ? 0 : quiet + 1) await page.waitForTimeout(30);
  } while (!(await page.evaluate(isDrawn)));
  await page.evaluate(animationsEnd);
}

// These run in the browser.

const isDrawn = () => !document.querySelector(".wait, .bone, [aria-busy=true]");

const nextPaint = () =>
  new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(painted))));

const animationsEnd = () =>
  Promise.allSettled(
    document
      .getAnimations()
      .filter((animation) => animation.effect.getTiming().iterations === 1)
      .map((animation) => animation.finished),
  );
