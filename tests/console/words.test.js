// Both languages have the same texts, counts read naturally, and the most visible sentences do not change by accident.
import assert from "node:assert/strict";
import { test } from "node:test";
import { facts, jobWordsOf, keyWordsOf, roleWordsOf, sourceOf, webhookWordsOf, wordsOf } from "./words.js";

// The paths of all texts, with their types: a text that depends on something is a function.
const keysOf = (value, path = "") =>
  typeof value === "object"
    ? Object.entries(value).flatMap(([name, inner]) => keysOf(inner, `${path}/${name}`))
    : [`${path}: ${typeof value}`];

const [en, ko] = [await wordsOf("en"), await wordsOf("ko")];
const [jobsEn, jobsKo] = [await jobWordsOf("en"), await jobWordsOf("ko")];
const [webhooksEn, webhooksKo] = [await webhookWordsOf("en"), await webhookWordsOf("ko")];
const [keysEn, keysKo] = [await keyWordsOf("en"), await keyWordsOf("ko")];
const [rolesEn, rolesKo] = [await roleWordsOf("en"), await roleWordsOf("ko")];

test("English and Korean have the same keys", () => {
  assert.deepEqual(keysOf(ko).sort(), keysOf(en).sort());
  assert.deepEqual(keysOf(jobsKo).sort(), keysOf(jobsEn).sort());
  assert.deepEqual(keysOf(webhooksKo).sort(), keysOf(webhooksEn).sort());
  assert.deepEqual(keysOf(keysKo).sort(), keysOf(keysEn).sort());
  assert.deepEqual(keysOf(rolesKo).sort(), keysOf(rolesEn).sort());
});

test("every code, permission, role and scope of the server has a text", () => {
  for (const words of [en, ko]) {
    const { reasons, any } = words.violations;
    const lists = [
      [facts.errorCodes, words.problems],
      [facts.violationCodes, { weak_password: reasons.guessable, ...any }],
      [facts.passwordReasons, reasons],
      [facts.permissions, words.permissions],
      [Object.keys(facts.presets), words.roles],
      [facts.userTypes, words.me.types],
    ];
    const missing = lists.flatMap(([names, texts]) => names.filter((name) => !texts[name]));
    assert.deepEqual(missing, [], words.name);
  }
  for (const words of [keysEn, keysKo])
    assert.deepEqual(
      facts.scopes.filter((scope) => !words.scopes[scope]),
      [],
    );
});

test("counts follow the plural rules of the language", () => {
  assert.equal(en.deletion.question(1), "Delete 1 account?");
  assert.equal(en.deletion.question(1000), "Delete 1,000 accounts?");
  assert.equal(ko.deletion.question(1), "계정 1개를 삭제할까요?");
  assert.equal(en.list.complete.users(1), "1 user");
  assert.equal(en.list.complete.users(12), "All 12 shown");
  assert.equal(ko.list.complete.users(3), "전체 3명");
  assert.equal(ko.list.complete.audit(3), "전체 3건");
  assert.equal(jobsEn.importing.actionCount(1), "Import 1 row");
  assert.equal(jobsEn.editing.question(4987), "Change 4,987 accounts?");
  assert.equal(jobsKo.editing.question(4987), "계정 4,987개를 변경할까요?");
  assert.equal(jobsKo.importing.actionCount(5000), "5,000행 가져오기");
  assert.match(rolesEn.effectFor("*1 change*", 0), /No one has this role yet/);
});

// Korean particles depend on the last syllable of the word before them, which is unknown for names and addresses.
test("no Korean text offers a choice of particles", async () => {
  const parts = ["jobs/", "api-keys/", "roles/", "webhooks/"];
  for (const name of ["", ...parts].map((part) => `words/${part}ko.js`))
    assert.doesNotMatch(await sourceOf(name), /을\(를\)|\(으\)로|이\(가\)|은\(는\)|와\(과\)/, name);
});

// The parts of each sentence in the order in which the screen shows them.
const sentences = (w) => [
  `${w.lock.locked} ${w.lock.lift}`,
  `${w.lock.question("Harbor Chat")} ${w.lock.risk}`,
  `${w.deletion.question(3)} ${w.deletion.text("Harbor Chat")}`,
  `${w.deletion.partly(97, 3)} ${w.deletion.why}`,
  w.problems.admin_limit_reached,
  w.accounts.cap,
  w.invitations.uncopiedText,
  w.problems.invitation_invalid,
  w.join.joined("Northwind Mobile", w.roles.developer),
  w.problems.invalid_credentials,
  w.problems.too_many_attempts(w.times.minutes(4)),
  `${w.export.done}. ${w.export.what(1284, "CSV")} ${w.export.download}`,
  w.signInAgain.text,
  w.initialPassword.shown,
  `${w.unsaved.title(2)} ${w.unsaved.keep} · ${w.unsaved.discard}`,
];

test("the most visible English sentences are unchanged", () => {
  assert.deepEqual(sentences(en), [
    "Accounts of this application cannot be deleted. Click here to remove the restriction",
    "Remove the restriction for Harbor Chat? Anyone with permission to delete accounts can then delete any " +
      "number of them. Deleted data cannot be restored.",
    "Delete 3 accounts? These accounts and their profiles will be deleted from Harbor Chat. " +
      "Deleted data cannot be restored.",
    "97 deleted, 3 not. See why",
    "This application already has 10 admins. Remove one first.",
    "This application already has 10 admins. Remove one first.",
    "Shown once, works once. When you leave this page only the last two digits stay visible.",
    "This code does not work. Check the 8 digits or ask for a new one.",
    "You joined Northwind Mobile as Developer.",
    "Could not sign in with this login and password.",
    "Too many attempts. Try again in 4 min.",
    "Export successful. 1,284 accounts, CSV. Download",
    "Your session ended. Sign in to continue where you left off. What you typed is kept.",
    "Copy it now. It is shown once and must be changed at first sign-in.",
    "Leave without saving 2 changes? Keep editing · Discard",
  ]);
});

test("the most visible Korean sentences are unchanged", () => {
  assert.deepEqual(sentences(ko), [
    "이 애플리케이션의 계정은 삭제할 수 없습니다. 제한을 해제하려면 여기를 클릭하세요",
    "Harbor Chat의 삭제 제한을 해제할까요? 삭제 권한이 있는 사람은 계정을 몇 개든 삭제할 수 있게 됩니다. " +
      "삭제된 데이터는 복구할 수 없습니다.",
    "계정 3개를 삭제할까요? Harbor Chat에서 아래 계정과 프로필이 삭제됩니다. 삭제된 데이터는 복구할 수 없습니다.",
    "97개를 삭제했고 3개는 삭제하지 못했습니다. 이유 보기",
    "이 애플리케이션에는 이미 관리자가 10명 있습니다. 먼저 한 명을 해제하세요.",
    "이 애플리케이션에는 이미 관리자가 10명 있습니다. 먼저 한 명을 해제하세요.",
    "한 번만 표시되고 한 번만 쓸 수 있습니다. 이 페이지를 벗어나면 마지막 두 자리만 보입니다.",
    "사용할 수 없는 코드입니다. 8자리를 확인하거나 새 코드를 요청하세요.",
    "Northwind Mobile 팀에 개발자 역할로 참여했습니다.",
    "이 로그인 ID와 비밀번호로 로그인할 수 없습니다.",
    "시도 횟수가 너무 많습니다. 4분 후에 다시 시도하세요.",
    "내보내기 완료. 계정 1,284개, CSV. 다운로드",
    "세션이 종료되었습니다. 다시 로그인하면 하던 곳에서 이어집니다. 입력한 내용은 보존됩니다.",
    "지금 복사하세요. 한 번만 표시되며 첫 로그인 때 변경해야 합니다.",
    "변경 사항 2개를 저장하지 않고 나갈까요? 계속 편집 · 변경 취소",
  ]);
});
