// Writes functions/console/preload.json: the modules that the page of each path preloads. Without the list, a browser
// would ask for a module only after it has received the one that imports it. `--check` fails if the file is stale.
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { WEB, withStaticImports } from "./modules.js";

const FILE = path.join(WEB, "../preload.json");

// No package.json says that the console's files are modules, so the table is imported by its text.
const source = await readFile(path.join(WEB, "routes.js"), "utf8");
const { SIGNED_IN, SIGNED_OUT } = await import(`data:text/javascript,${encodeURIComponent(source)}`);

const start = await withStaticImports(["main.js"]);

async function screen([pattern, name]) {
  const modules = await withStaticImports([`screens/${name}.js`]);
  return { pattern, modules: modules.filter((module) => !start.includes(module)) };
}

const screens = await Promise.all([...Object.entries(SIGNED_OUT), ...SIGNED_IN].map(screen));
const current = `${JSON.stringify({ start, screens }, null, 2)}\n`;

if (process.argv.includes("--check")) {
  const kept = await readFile(FILE, "utf8").catch(() => "");
  if (kept !== current) {
    console.error("functions/console/preload.json is stale: run `npm run preload` in tests/console");
    process.exitCode = 1;
  }
} else {
  await writeFile(FILE, current);
}
