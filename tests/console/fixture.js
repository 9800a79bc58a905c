// A server of one's own for each file, a browser beside it, and people who sign in.
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

export const ADMIN = "admin";
export const PASSWORD = "correct horse battery";

const root = fileURLToPath(new URL("../..", import.meta.url));
const binary = process.env.ROLLCALL_BIN ?? `${root}/target/debug/rollcall`;
const screenshots = fileURLToPath(new URL("screenshots", import.meta.url));

const freePort = () =>
  new Promise((found) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => found(port));
    });
  });

export class World {
  // `environment` is what the installation decides; `launch` what the browser is started with besides.
  static async start({ seed = 0, environment = {}, launch = {} } = {}) {
    const world = new World();
    const port = await freePort();
    world.origin = `http://127.0.0.1:${port}`;
    const options = [
      "--memory",
      "--test-clock",
      "--listen",
      `127.0.0.1:${port}`,
      ...(seed ? ["--seed", String(seed)] : []),
    ];
    world.server = spawn(binary, options, {
      env: { ...process.env, ADMIN_PASSWORD: PASSWORD, ...environment },
      stdio: ["ignore", "ignore", "inherit"],
    });
    for (
      let tries = 0;
      !(await fetch(`${world.origin}/healthz`).then(
        () => true,
        () => false,
      ));
      tries += 1
    ) {
      if (tries > 300) throw new Error("the server does not listen");
      await new Promise((later) => setTimeout(later, 100));
    }
    world.browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: ["--no-sandbox"],
      ...launch,
    });
    await mkdir(screenshots, { recursive: true });
    return world;
  }

  async stop() {
    await this.browser.close();
    this.server.kill();
  }

  // A page of a browser that knows nothing yet. What it complains about is collected in `page.complaints`.
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
      (kept) => {
        if (location.protocol !== "about:" && !localStorage.getItem("rollcall.settings"))
          localStorage.setItem("rollcall.settings", kept);
      },
      JSON.stringify({ language, theme, ...settings }),
    );
    const page = await context.newPage();
    page.complaints = [];
    page.pending = 0;
    page.on("request", () => (page.pending += 1));
    for (const end of ["requestfinished", "requestfailed"]) page.on(end, () => (page.pending -= 1));
    page.on("console", (message) => {
      // A browser reports every refused request; which ones are refused is what the tests are about.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
        page.complaints.push(message.text());
    });
    page.on("pageerror", (error) => page.complaints.push(String(error)));
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

  // The super admin's hands, past the console.
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

  async code(address) {
    for (let tries = 0; tries < 50; tries += 1) {
      const [mail] = await this.send("GET", `/_local/mails?to=${encodeURIComponent(address)}`);
      const code = mail && /^\s*(\d{8})\s*$/m.exec(mail.text)?.[1];
      if (code) return code;
      await new Promise((later) => setTimeout(later, 100));
    }
    throw new Error(`no code for ${address}`);
  }

  advance = (seconds) => this.send("POST", "/_local/clock", { advance_seconds: seconds });
}

export const shot = (page, name) => page.screenshot({ path: `${screenshots}/${name}.png` });

// The browser's own idea of a quiet network takes half a second each time.
const QUIET_LOOKS = 3;

// Nothing animates, nothing loads.
export async function settled(page) {
  await page.locator("h1, h2").first().waitFor({ state: "attached" });
  for (let quiet = 0; quiet < QUIET_LOOKS; quiet = page.pending > 0 ? 0 : quiet + 1) await page.waitForTimeout(40);
  await page.evaluate(() =>
    Promise.allSettled(
      document
        .getAnimations()
        .filter((one) => one.effect.getTiming().iterations === 1)
        .map((one) => one.finished),
    ),
  );
}
