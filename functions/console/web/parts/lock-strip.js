// Whether accounts of an application can be deleted, and the control for those who may change that.
import { html } from "../html.js";
import { timeAgoInSentence } from "../times.js";
import { words } from "../words.js";
import { Button } from "./button.js";
import { Icon } from "./icon.js";

export function LockStrip({ lock, mayTurn, onLift, onRestore }) {
  const w = words().lock;
  if (lock.locked) {
    return html`
      <div class="lock-strip"><${Icon} name="lock" />
        <p>${w.locked} ${mayTurn ? html`<${Button} kind="link" onClick=${onLift}>${w.lift}</${Button}>` : w.who}</p>
      </div>`;
  }
  return html`
    <div class="lock-strip lifted">
      <${Icon} name="unlock" />
      <p>
        <b>${w.lifted}</b> ${
          lock.changed_by && w.liftedBy(lock.changed_by.username, timeAgoInSentence(lock.changed_at))
        }
      </p>
      ${mayTurn && html`<${Button} kind="link" onClick=${onRestore}>${w.restore}</${Button}>`}
    </div>`;
}
