// Loads several pages of a list.

import { get, queryOf } from "./api.js";
import { limits } from "./facts.js";

// Loads pages until there are `count` items or no more. `cursor` is null if nothing follows.
/**
 * @param {string} path
 * @param {object} [parameters]
 * @param {{ count?: number, limit?: number, signal?: AbortSignal }} [options]
 */
export async function getPages(path, parameters, { count = Infinity, limit = limits.itemsPerPage, signal } = {}) {
  /** @type {any[]} */
  const items = [];
  /** @type {string | null | undefined} */
  let cursor;
  do {
    const page = await get(path + queryOf({ ...parameters, limit, cursor }), { signal });
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor !== null && items.length < count);
  return { items, cursor };
}

export const getAllPages = async (path, parameters) => (await getPages(path, parameters)).items;
