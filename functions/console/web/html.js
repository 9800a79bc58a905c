// Markup for Preact, as tagged templates: what the page is written in without a build.
import { h } from "./vendor/preact.js";
import htm from "./vendor/htm.js";

export const html = htm.bind(h);
