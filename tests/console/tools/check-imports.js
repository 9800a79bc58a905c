// Fails if a module of the console imports a file that does not exist, or if modules import each other in a circle.
import { importsOf, moduleNames } from "./modules.js";

const names = await moduleNames();
const graph = new Map(await Promise.all(names.map(async (name) => [name, await importsOf(name)])));
const failures = [];

for (const [name, imports] of graph) {
  for (const imported of imports) {
    if (!graph.has(imported.name)) failures.push(`${name} imports ${imported.name}, which does not exist`);
  }
}

// Depth first: a module that is met while its own imports are being followed closes a circle.
const finished = new Set();
function follow(name, trail) {
  if (trail.includes(name)) {
    failures.push(`circle of imports: ${[...trail.slice(trail.indexOf(name)), name].join(" → ")}`);
    return;
  }
  if (finished.has(name)) return;
  for (const imported of graph.get(name) ?? []) if (imported.isStatic) follow(imported.name, [...trail, name]);
  finished.add(name);
}
for (const name of names) follow(name, []);

for (const failure of failures) console.error(failure);
process.exitCode = failures.length > 0 ? 1 : 0;
