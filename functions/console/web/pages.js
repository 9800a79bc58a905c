// All of a list whose size has a bound, page after page.
import { get, queryOf } from "./api.js";

export async function getAllPages(path, parameters = {}) {
  const found = [];
  for (let cursor; cursor !== null; ) {
    const page = await get(path + queryOf({ ...parameters, limit: 100, cursor }));
    found.push(...page.items);
    cursor = page.next_cursor;
  }
  return found;
}
