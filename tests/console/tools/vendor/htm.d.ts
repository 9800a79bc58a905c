// Markup as tagged templates, bound to Preact's `h`.
import type { h, Node } from "./preact.js";

declare const htm: { bind(create: typeof h): (strings: TemplateStringsArray, ...values: unknown[]) => Node };
export default htm;
