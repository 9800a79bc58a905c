// The names of users, members, roles and API keys that no loaded record says, requested once each.

import { get, pathOf } from "../../api.js";
import { getAllPages, getPages } from "../../pages.js";
import { isPlatform } from "../../permissions.js";
import { useEffect, useRef, useState } from "../../vendor/hooks.js";

// A key is not found by its id alone. The newest ones are those that the newest records are about.
const KEYS = "/v1/keys";
const MOST_KEYS = 1000;

// The address of the resource or the list that has the name of a record's target.
function sourceOf({ target: { kind, id }, team_id: teamId }) {
  if (["user", "member"].includes(kind) && isPlatform()) return pathOf`/v1/users/${id}`;
  if (kind === "member" && teamId) return pathOf`/v1/teams/${teamId}/members`;
  if (kind === "key" && isPlatform()) return KEYS;
  if (kind === "role" && teamId) return pathOf`/v1/teams/${teamId}/roles`;
  return undefined;
}

async function load(address) {
  if (address.startsWith("/v1/users/")) return [await get(address)];
  return address === KEYS ? (await getPages(KEYS, {}, { count: MOST_KEYS })).items : getAllPages(address);
}

// `nameOf` names what the records say themselves.
export function useNames(records, nameOf) {
  const asked = useRef(new Set());
  const names = useRef(new Map());
  const [, draw] = useState(0);
  const ask = async (addresses) => {
    for (const address of addresses) asked.current.add(address);
    // What was deleted has no name any more, and its id stays.
    const found = await Promise.all(addresses.map((address) => load(address).catch(() => [])));
    for (const { key_id, user_id, role_id, login, name } of found.flat())
      names.current.set(key_id ?? user_id ?? role_id, login ?? name);
    draw((count) => count + 1);
  };
  useEffect(() => {
    const usesUnknownKey = ({ actor }) => actor?.key_id && !nameOf(actor.key_id);
    const unknown = records.filter((record) => !nameOf(record.target.id)).map(sourceOf);
    if (isPlatform() && records.some(usesUnknownKey)) unknown.push(KEYS);
    const addresses = [...new Set(unknown)].filter((address) => address && !asked.current.has(address));
    if (addresses.length > 0) ask(addresses);
  }, [records]);
  return (id) => nameOf(id) ?? names.current.get(id);
}
