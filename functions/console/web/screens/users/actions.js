// What the person may do to a user: super admins act on everyone else, platform admins on members and service accounts.
import { pathOf } from "../../api.js";
import { signedIn } from "../../session.js";
import { words } from "../../words.js";

export const isSuper = () => signedIn().user.type === "super_admin";

export const isOwn = (user) => user.user_id === signedIn().user.user_id;

// A program, which has API keys instead of a password.
export const isService = ({ type }) => type === "service" || type === "platform_service";

export const mayBeInTeams = ({ type }) => type === "member" || type === "service";

export const mayAct = (user) => !isOwn(user) && (isSuper() || mayBeInTeams(user));

export const mayManageKeys = (user) => isService(user) && mayAct(user);

export const mayRevokeKeys = (user) => mayAct(user) || user.type === "platform_service";

export const addressOfKeys = (user) => (isOwn(user) ? "/me/keys" : pathOf`/users/${user.user_id}/keys`);

export function operationsOn(user, act) {
  const w = words().users;
  if (isOwn(user))
    return [
      { icon: "person", label: words().person.account, href: "/me/profile" },
      { icon: "record", label: w.record, href: `/audit?actor=${user.user_id}` },
    ];
  const { login, status } = user;
  const forPeople = isService(user)
    ? []
    : [
        { icon: "refresh", label: w.resetPassword, onChoose: () => act.ask("password-reset", user) },
        user.totp_enabled && { icon: "shield", label: w.unbindTotp, onChoose: () => act.ask("unbind-totp", user) },
        user.email && { icon: "mail", label: w.unbindEmail, onChoose: () => act.ask("unbind-email", user) },
        { icon: "out", label: w.endSessions, onChoose: () => act.ask("end-sessions", user) },
      ];
  return [
    { icon: "person", label: mayAct(user) ? w.edit : w.view, onChoose: () => act.open(user) },
    { icon: "key", label: w.keys, href: addressOfKeys(user) },
    ...(mayAct(user)
      ? [
          ...forPeople,
          "line",
          status === "disabled"
            ? { icon: "unlock", label: w.enable, onChoose: () => act.turn(user, "enabled") }
            : { icon: "lock", label: w.disable, onChoose: () => act.disable(user) },
          { icon: "trash", label: w.delete, name: login, red: true, onChoose: () => act.ask("delete", user) },
        ]
      : []),
  ];
}
