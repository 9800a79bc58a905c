// The dialog that renames a team.

import { pathOf } from "../../api.js";
import { html } from "../../html.js";
import { Rename } from "../../parts/rename.js";
import { keepTeam } from "../../teams.js";
import { words } from "../../words.js";

export function RenameTeam({ team, onChanged, onClose }) {
  const w = words().teams;
  const said = {
    title: w.renameTitle(team.name),
    action: w.rename,
    name: w.name,
    hint: w.nameHint,
    done: w.wasRenamed,
  };
  return html`
    <${Rename} thing=${team} path=${pathOf`/v1/teams/${team.team_id}`} words=${said} taken="team_name_taken"
      onRenamed=${(now) => onChanged(keepTeam(now))} onClose=${onClose} />`;
}
