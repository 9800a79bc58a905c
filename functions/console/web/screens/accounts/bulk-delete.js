// Deletes all accounts that match the search and the filter, or more selected accounts than one request deletes.

import { pathOf, post } from "../../api.js";
import { html } from "../../html.js";
import { follow } from "../../jobs/followed.js";
import { jobWords } from "../../jobs/words.js";
import { Dialog } from "../../parts/dialog.js";
import { messageOf } from "../../problem-messages.js";
import { useEffect, useState } from "../../vendor/hooks.js";
import { words } from "../../words.js";
import { ConfirmCount } from "./bulk-confirm.js";

// `which` is a filter or `user_ids`.
export function BulkDelete({ app, which, onStarted, onClose }) {
  const [job, setJob] = useState(null);
  const [problem, setProblem] = useState(null);
  const w = jobWords().deleting;
  useEffect(() => {
    const begun = post(pathOf`/v1/apps/${app.app_id}/jobs`, { kind: "delete", ...which });
    begun.then((found) => setJob(follow(found)), setProblem);
  }, []);
  if (!job) return html`<${Dialog} title=${problem ? messageOf(problem) : w.finding} onClose=${onClose} />`;
  const { question, action, text: ofSelected } = words().deletion;
  const text = (which.user_ids ? ofSelected : w.text)(app.name);
  return html`
    <${ConfirmCount} job=${job} finding=${w.finding} text=${text} question=${question} action=${action} begun=${w.begun}
      destructive onStarted=${onStarted} onClose=${onClose} />`;
}
