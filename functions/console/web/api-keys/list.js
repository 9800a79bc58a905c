// The API keys of one user, and the operations on them.

import { apps, loadApps } from "../apps.js";
import { limits } from "../facts.js";
import { html } from "../html.js";
import { keys } from "../keyboard.js";
import { useList } from "../list.js";
import { Empty } from "../parts/empty.js";
import { LoadError } from "../parts/load-error.js";
import { MoreMenu } from "../parts/more-menu.js";
import { ListFooter } from "../parts/table.js";
import { Tally } from "../parts/tally.js";
import { Time } from "../parts/time.js";
import { toast } from "../parts/toast.js";
import { futureTimeInSentence } from "../times.js";
import { useEffect, useState } from "../vendor/hooks.js";
import { words } from "../words.js";
import { CreateKey } from "./create.js";
import { RenameKey, RevokeKey } from "./dialogs.js";
import { appNames, keyOf, scopeNames } from "./key.js";
import { RotateKey } from "./rotate.js";
import { Secret } from "./secret.js";
import { KeyStatus } from "./status.js";
import "./style.js";
import { keyWords } from "./words.js";

// `path` is the address of the user's keys. `may` says whether the person may `manage` and `revoke` them. A new key can
// be bound to applications that `isOwnersApp` accepts; `isPlatform` offers the scopes of the platform. `children` come
// before the list.
export function KeyList({ path, text, may, isPlatform, isOwnersApp, creating, onCreating, children }) {
  const w = keyWords();
  const list = useList(path, {}, keyOf);
  const [dialog, setDialog] = useState(null);
  const [issued, setIssued] = useState(null);
  const close = () => setDialog(null);
  // Without the applications their ids are shown.
  useEffect(() => void loadApps().catch(() => {}), []);
  useEffect(() => (may.manage ? keys({ c: () => onCreating(true) }) : undefined), [may.manage]);
  const isSecretUncopied = issued !== null && !issued.copied;
  const show = (reply, said) => {
    close();
    onCreating(false);
    setIssued({ ...reply, copied: false });
    list.reload();
    toast(said(reply.key.name));
  };
  const revoked = () => {
    if (issued && keyOf(issued.key) === keyOf(dialog.apiKey)) setIssued(null);
    close();
    list.reload();
  };
  const asked = dialog && { apiKey: dialog.apiKey, path: `${path}/${dialog.apiKey.key_id}`, onClose: close };
  const active = list.items.filter(({ status }) => status === "active").length;
  return html`
    ${
      issued &&
      html`
        <${Secret} issued=${issued} onCopied=${() => setIssued({ ...issued, copied: true })}
          onDone=${() => setIssued(null)} />`
    }
    <section class="api-keys">
      <p class="prose">${text}</p>
      ${
        list.done &&
        may.manage &&
        html`
          <p class="counted">
            <${Tally} count=${active} of=${limits.keysPerUser} tone=${active === limits.keysPerUser ? "amber" : ""} />
            ${w.active(active, limits.keysPerUser)}
          </p>`
      }
      ${children}
      ${
        list.done && list.items.length === 0
          ? html`<${Empty} text=${may.manage ? w.none : w.noneOf} />`
          : html`
            <ul aria-busy=${list.stage !== "ready" && list.stage !== "failed"}>
              ${list.items.map(
                (apiKey) =>
                  html`
                    <${KeyItem} key=${keyOf(apiKey)} apiKey=${apiKey} may=${may}
                      onAsk=${(kind) => setDialog({ kind, apiKey })} />`,
              )}
            </ul>
            ${list.stage === "ready" && html`<${ListFooter} list=${list} />`}`
      }
    </section>
    <${LoadError} problem=${list.problem} onAgain=${list.reload} />
    ${
      creating &&
      html`
        <${CreateKey} path=${path} isPlatform=${isPlatform} apps=${(apps.value ?? []).filter(isOwnersApp)}
          replaces=${isSecretUncopied} onCreated=${(reply) => show(reply, w.wasCreated)}
          onClose=${() => onCreating(false)} />`
    }
    ${dialog?.kind === "rename" && html`<${RenameKey} ...${asked} onRenamed=${list.replace} />`}
    ${
      dialog?.kind === "rotate" &&
      html`
        <${RotateKey} ...${asked} replaces=${isSecretUncopied} onRotated=${(reply) => show(reply, w.wasRotated)} />`
    }
    ${dialog?.kind === "revoke" && html`<${RevokeKey} ...${asked} onRevoked=${revoked} />`}`;
}

function KeyItem({ apiKey, may, onAsk }) {
  const w = keyWords();
  const { name, hint, status, scopes, app_ids: appIds, cidrs, previous_until: previous } = apiKey;
  const items = [
    may.manage && { icon: "edit", label: w.rename, onChoose: () => onAsk("rename") },
    may.manage && { icon: "refresh", label: w.rotate, onChoose: () => onAsk("rotate") },
    may.manage && may.revoke && "line",
    may.revoke && { icon: "trash", label: w.revoke, name, red: true, onChoose: () => onAsk("revoke") },
  ].filter(Boolean);
  return html`
    <li>
      <div>
        <div class="who-line">
          <bdi class="strong">${name}</bdi>
          <span class="id quiet">${w.ending(hint)}</span>
          <${KeyStatus} apiKey=${apiKey} />
        </div>
        <dl>
          <dt>${w.scopesOf}</dt><dd>${scopeNames(scopes)}</dd>
          ${appIds && html`<dt>${w.apps}</dt><dd><bdi>${words().list.names(appNames(appIds))}</bdi></dd>`}
          ${cidrs && html`<dt>${w.networks}</dt><dd class="digits">${words().list.names(cidrs)}</dd>`}
          <dt>${w.created}</dt><dd><${Time} at=${apiKey.created_at} /> <${Creator} apiKey=${apiKey} /></dd>
          <dt>${w.expires}</dt><dd><${Time} at=${apiKey.expires_at} /></dd>
          <dt>${w.lastUsed}</dt><dd><${LastUse} apiKey=${apiKey} /></dd>
        </dl>
        ${previous && html`<p class="quiet">${w.previous(futureTimeInSentence(previous))}</p>`}
      </div>
      ${status === "active" && items.length > 0 && html`<${MoreMenu} label=${w.more(name)} items=${items} />`}
    </li>`;
}

const Creator = ({ apiKey: { user_id: owner, created_by: creator } }) =>
  creator.user_id !== owner && html`<bdi class="quiet">${keyWords().createdBy(creator.username)}</bdi>`;

function LastUse({ apiKey: { last_used_at: at, last_used_address: address } }) {
  const w = keyWords();
  if (!at) return w.neverUsed;
  return html`<${Time} at=${at} /> ${address && html`<span class="quiet digits">${w.usedFrom(address)}</span>`}`;
}
