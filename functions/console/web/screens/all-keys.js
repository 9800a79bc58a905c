// The API keys of all users, for admins of the platform.

import { pathOf } from "../api.js";
import { RevokeKey } from "../api-keys/dialogs.js";
import { keyOf, scopeNames } from "../api-keys/key.js";
import { KeyStatus } from "../api-keys/status.js";
import "../api-keys/style.js";
import { keyWords } from "../api-keys/words.js";
import { html } from "../html.js";
import { useList } from "../list.js";
import { ChosenFilter } from "../parts/chosen-filter.js";
import { Empty } from "../parts/empty.js";
import { FilterMenu } from "../parts/filter-menu.js";
import { LoadError } from "../parts/load-error.js";
import { MoreMenu } from "../parts/more-menu.js";
import { Page } from "../parts/page.js";
import { opensRow, skeletonBar, Table, useRowKeys } from "../parts/table.js";
import { Time } from "../parts/time.js";
import { isPlatform } from "../permissions.js";
import { go, place, setQuery } from "../router.js";
import { useState } from "../vendor/hooks.js";
import { words } from "../words.js";
import NotFound from "./not-found.js";
import { addressOfKeys, isOwn, mayRevokeKeys } from "./users/actions.js";
import { useUserDetails } from "./users/details.js";
import { UserTabs } from "./users/tabs.js";

const FILTERS = ["owner", "status", "unused"];
const UNUSED_DAYS = ["30", "90", "180"];

// The user's own keys have an address of their own.
const pathOfKey = (apiKey) =>
  (isOwn(apiKey) ? "/v1/me/keys" : pathOf`/v1/users/${apiKey.user_id}/keys`) + pathOf`/${apiKey.key_id}`;

export default () => (isPlatform() ? html`<${AllKeys} />` : html`<${NotFound} />`);

function AllKeys() {
  const w = keyWords();
  const [owner, status, unused] = FILTERS.map((name) => place.value.query.get(name) ?? "");
  const list = useList("/v1/keys", { user_id: owner, status, unused_days: unused }, keyOf);
  const ownerOf = useUserDetails(list.items, (apiKey) => apiKey.user_id);
  const [revoked, setRevoked] = useState(null);
  const open = (apiKey) => go(addressOfKeys(apiKey));
  useRowKeys({ items: list.items, open: (at) => open(list.items[at]) });
  const columns = [
    { name: w.key, width: "22%", class: "id-column", bone: skeletonBar("w2") },
    { name: w.owner, width: "13%", class: "wide-column", bone: skeletonBar("w2") },
    { name: w.scopesOf, class: "roomy-column", bone: skeletonBar("w3") },
    { name: w.lastUsed, width: "14%", class: "wide-column", bone: skeletonBar("w2") },
    { name: w.expires, width: "15%", class: "wide-column expires", bone: skeletonBar("w2") },
    { name: w.status, width: "14%", class: "wide-column status", bone: skeletonBar("w1") },
    { name: html`<span class="unseen">${words().list.operation}</span>`, width: "72px", class: "operations" },
  ];
  const row = (apiKey, at, key) =>
    html`
      <${Row} key=${key} apiKey=${apiKey} at=${at} owner=${ownerOf(apiKey.user_id)} onOpen=${() => open(apiKey)}
        onRevoke=${() => setRevoked(apiKey)} />`;
  const filtered = [owner, status, unused].some((value) => value !== "");
  const clear = () => setQuery(Object.fromEntries(FILTERS.map((name) => [name, ""])));
  const empty = html`
    <${Empty} text=${filtered ? w.noMatch : w.none}>
      ${
        filtered &&
        html`<button type="button" class="button secondary" onClick=${clear}>${words().list.clearFilters}</button>`
      }
    </${Empty}>`;
  return html`
    <${Page} title=${words().users.title} part=${w.title}>
      <${UserTabs} current="/users/keys" />
      <div class="filter-bar">
        <${FilterMenu} label=${w.status} value=${status} options=${Object.entries(w.statuses)}
          onChoose=${(value) => setQuery({ status: value })} />
        <${FilterMenu} label=${w.unused} value=${unused} options=${UNUSED_DAYS.map((days) => [days, w.days(days)])}
          onChoose=${(value) => setQuery({ unused: value })} />
        ${
          owner &&
          html`
            <${ChosenFilter} label=${w.owner} name=${ownerOf(owner)?.login ?? owner}
              onClear=${() => setQuery({ owner: "" })} />`
        }
      </div>
      <div class="all-keys">
        <${Table} caption=${w.caption} columns=${columns} list=${list} keyOf=${keyOf} row=${row} empty=${empty} />
      </div>
      ${
        revoked &&
        html`
          <${RevokeKey} apiKey=${revoked} path=${pathOfKey(revoked)} onClose=${() => setRevoked(null)}
            onRevoked=${() => {
              setRevoked(null);
              list.reload();
            }} />`
      }
      <${LoadError} problem=${list.problem} onAgain=${list.reload} />
    </${Page}>`;
}

// `owner` is null until it is loaded.
function Row({ apiKey, at, owner, onOpen, onRevoke }) {
  const w = keyWords();
  const { name, hint, scopes, user_id: ownerId } = apiKey;
  const login = owner?.login ?? "";
  const mayRevoke = apiKey.status === "active" && owner && (isOwn(owner) || mayRevokeKeys(owner));
  const items = [
    { icon: "key", label: w.allOf, href: addressOfKeys(apiKey) },
    owner && { icon: "search", label: w.onlyOwner(login), onChoose: () => setQuery({ owner: ownerId }) },
    mayRevoke && "line",
    mayRevoke && { icon: "trash", label: w.revoke, name, red: true, onChoose: onRevoke },
  ];
  return html`
    <tr class="row" data-at=${at} aria-rowindex=${at + 2} onClick=${opensRow(onOpen)}>
      <th scope="row">
        <div class="who">
          <div class="lines">
            <a class="strong cut" href=${addressOfKeys(apiKey)} title=${name}><bdi>${name}</bdi></a>
            <span class="quiet under cut">
              <span class="id">${w.ending(hint)}</span>
              <span class="narrow-only"> · <bdi>${login}</bdi></span>
            </span>
          </div>
        </div>
      </th>
      <td class="wide-column" title=${login}><bdi class="id">${login}</bdi></td>
      <td class="roomy-column" title=${scopeNames(scopes)}><bdi>${scopeNames(scopes)}</bdi></td>
      <td class="wide-column">
        ${apiKey.last_used_at ? html`<${Time} at=${apiKey.last_used_at} />` : w.never}
      </td>
      <td class="wide-column"><${Time} at=${apiKey.expires_at} /></td>
      <td class="wide-column"><${KeyStatus} apiKey=${apiKey} /></td>
      <td class="operations"><div><${MoreMenu} label=${w.more(name)} items=${items} /></div></td>
    </tr>`;
}
