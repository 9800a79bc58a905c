// Checks the types of the console's modules. The vendored libraries are minified, so declarations in `vendor/` stand in
// for them; `rollcall-api` is generated from the API document.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import openapi, { astToString } from "openapi-typescript";
import ts from "typescript";
import { moduleNames, WEB } from "./modules.js";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const GENERATED = path.join(HERE, "../node_modules/.generated");
const API_TYPES = path.join(GENERATED, "rollcall-api.d.ts");

const options = {
  allowJs: true,
  checkJs: true,
  lib: ["lib.esnext.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"],
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  noEmit: true,
  noFallthroughCasesInSwitch: true,
  noImplicitOverride: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  strict: true,
  // Components take their properties by name from templates, which no type checker reads.
  noImplicitAny: false,
  target: ts.ScriptTarget.ESNext,
  // What is thrown is a `Problem` or the browser's own error; both are told apart by their members.
  useUnknownInCatchVariables: false,
  types: [],
};

await mkdir(GENERATED, { recursive: true });
const document = await readFile(path.join(WEB, "../openapi.json"), "utf8");
await writeFile(API_TYPES, astToString(await openapi(JSON.parse(document))));

const host = ts.createCompilerHost(options);
host.resolveModuleNameLiterals = (literals, importer) =>
  literals.map(({ text }) => {
    const vendored = /(?:^|\/)vendor\/([\w-]+)\.js$/.exec(text)?.[1];
    const declarations = vendored
      ? path.join(HERE, "vendor", `${vendored}.d.ts`)
      : text === "rollcall-api" && API_TYPES;
    if (declarations) return { resolvedModule: { resolvedFileName: declarations, extension: ts.Extension.Dts } };
    return ts.resolveModuleName(text, importer, options, host);
  });

const modules = (await moduleNames()).filter((name) => !name.startsWith("vendor/")).map((name) => path.join(WEB, name));
const diagnostics = ts.getPreEmitDiagnostics(ts.createProgram(modules, options, host));
console.error(ts.formatDiagnostics(diagnostics, { ...host, getCurrentDirectory: () => path.join(HERE, "../../..") }));
process.exitCode = diagnostics.length > 0 ? 1 : 0;
