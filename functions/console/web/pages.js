// Loads all pages of a list whose length is limited.

import { get, queryOf } from "./api.js";
import { limits } from "./facts.js";

export async function getAllPages(path, parameters = {}) {
  /** @type {any[]} */
  const found = [];
  for (let cursor; cursor !== null; ) {
    const page = await get(path + queryOf({ ...parameters, limit: limits.itemsPerPage, cursor }));
    found.push(...page.items);
    cursor = page.next_cursor;
  }
  return found;
}
