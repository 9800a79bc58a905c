// The console's modules and what they import, as a parser sees them.
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { init, parse } from "es-module-lexer";

export const WEB = fileURLToPath(new URL("../../../functions/console/web", import.meta.url));

// The names of all modules, relative to the folder `web`.
export async function moduleNames() {
  const names = await readdir(WEB, { recursive: true });
  return names.filter((name) => name.endsWith(".js")).sort();
}

// The modules that a module imports: `{ name, isStatic }`. Dynamic imports with a variable specifier are left out.
export async function importsOf(name) {
  await init;
  const [imports] = parse(await readFile(path.join(WEB, name), "utf8"), name);
  return imports
    .filter(({ specifier, glob }) => specifier?.startsWith(".") && !glob)
    .map(({ specifier, type }) => ({
      name: path.posix.join(path.posix.dirname(name), specifier),
      isStatic: type !== "dynamic",
    }));
}

// These modules and all that they import statically, directly or not.
export async function withStaticImports(names) {
  const found = new Set();
  const next = [...names];
  while (next.length > 0) {
    const name = next.pop();
    if (found.has(name)) continue;
    found.add(name);
    const imports = await importsOf(name);
    next.push(...imports.filter(({ isStatic }) => isStatic).map((imported) => imported.name));
  }
  return [...found].sort();
}
