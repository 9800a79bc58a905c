// The person's own API keys.

import { KeyList } from "../../api-keys/list.js";
import { keyWords } from "../../api-keys/words.js";
import { html } from "../../html.js";
import { Button } from "../../parts/button.js";
import { isPlatform } from "../../permissions.js";
import { useState } from "../../vendor/hooks.js";

export function OwnKeys() {
  const w = keyWords();
  const [creating, setCreating] = useState(false);
  return html`
    <${KeyList} path="/v1/me/keys" text=${w.texts.own} may=${{ manage: true, revoke: true }}
      isPlatform=${isPlatform()} isOwnersApp=${() => true} creating=${creating} onCreating=${setCreating}>
      <div><${Button} kind="primary" icon="plus" onClick=${() => setCreating(true)}>${w.create}</${Button}></div>
    </${KeyList}>`;
}
