// Makes an account an admin or a general account again. The toast can undo it.
import { del, pathOf, put } from "../../api.js";
import { toast } from "../../parts/toast.js";
import { words } from "../../words.js";

export async function setAdmin(app, account, on, onChanged) {
  const path = pathOf`/v1/apps/${app.app_id}/accounts/${account.user_id}/admin`;
  const changed = await (on ? put(path) : del(path));
  onChanged(changed);
  const w = words().accounts;
  toast((on ? w.isAdmin : w.isGeneral)(account.user_id), { undo: () => setAdmin(app, changed, !on, onChanged) });
}
