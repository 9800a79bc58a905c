// What the person may do to a user: super admins act on everyone else, platform admins on members.
import { signedIn } from "../../session.js";
import { words } from "../../words.js";

export const isSuper = () => signedIn().user.type === "super_admin";

const isOwn = (user) => user.user_id === signedIn().user.user_id;

export const mayAct = (user) => !isOwn(user) && (isSuper() || user.type === "member");

export function operationsOn(user, act) {
  const w = words().users;
  if (isOwn(user))
    return [
      { icon: "person", label: words().person.account, href: "/me/profile" },
      { icon: "record", label: w.record, href: `/audit?actor=${user.user_id}` },
    ];
  const { login, status } = user;
  return [
    { icon: "person", label: mayAct(user) ? w.edit : w.view, onChoose: () => act.open(user) },
    ...(mayAct(user)
      ? [
          { icon: "refresh", label: w.resetPassword, onChoose: () => act.ask("password-reset", user) },
          user.totp_enabled && { icon: "shield", label: w.unbindTotp, onChoose: () => act.ask("unbind-totp", user) },
          user.email && { icon: "mail", label: w.unbindEmail, onChoose: () => act.ask("unbind-email", user) },
          { icon: "out", label: w.endSessions, onChoose: () => act.ask("end-sessions", user) },
          "line",
          status === "disabled"
            ? { icon: "unlock", label: w.enable, onChoose: () => act.turn(user, "enabled") }
            : { icon: "lock", label: w.disable, onChoose: () => act.turn(user, "disabled") },
          { icon: "trash", label: w.delete, name: login, red: true, onChoose: () => act.ask("delete", user) },
        ]
      : []),
  ];
}
