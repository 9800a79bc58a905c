// What keyboards and input methods of the world type: names of any script, and digits in full width.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fixture, newPage, page, useFixture } from "./suite.js";
import { wordsOf } from "./words.js";

const w = await wordsOf("en");

useFixture({});

const fullWidth = (digits) => digits.replace(/\d/g, (digit) => String.fromCodePoint(digit.codePointAt(0) + 0xfee0));
const userOf = async (login) => (await fixture.call("GET", `/v1/users?q=${login}`)).items[0];
const register = () => page.getByRole("button", { name: w.signIn.register, exact: true });

async function begin(email) {
  await newPage();
  await page.goto("/register");
  await page.getByLabel(w.register.email).fill(email);
  await page.getByRole("button", { name: w.register.send }).click();
}

test("a person registers with blanks around their names and a code in full width", async () => {
  await begin("jisoo@example.com");
  await page.getByLabel(w.register.code).fill(fullWidth(await fixture.code("jisoo@example.com")));
  await page.getByLabel(w.register.username).fill(" 한지수 ");
  await page.getByLabel(w.signIn.login).fill(" jisoo.han ");
  await page.getByLabel(w.signIn.password, { exact: true }).fill("seven quiet harbours");
  await page.getByLabel(w.register.confirmation).fill("seven quiet harbours");
  await register().click();
  await page.getByText(w.signIn.done.registered).waitFor();
  const { username, login } = await userOf("jisoo.han");
  assert.deepEqual({ username, login }, { username: "한지수", login: "jisoo.han" });
});

test("a username takes letters of any script and single blanks", async () => {
  await begin("mina@example.com");
  const username = page.getByLabel(w.register.username);
  const refusal = page.getByText(w.violations.username.bad_format);
  for (const name of ["Mina Park", "Inès Moreau", "علی\u200cرضا", "ශ්\u200dරී", "राम १२", "王小明", "O.Hara-42"]) {
    await username.fill(name);
    await username.blur();
    assert.equal(await refusal.count(), 0, name);
  }
  for (const name of ["Mina  Park", "Mina/Park", "Mina\u200bPark", "Mina\u3164", "Mina 🦀"]) {
    await username.fill(name);
    await username.blur();
    await refusal.waitFor();
  }
});

test("digits that an input method composes are shown, and taken when they are done", async () => {
  await begin("noor@example.com");
  const field = page.getByLabel(w.register.code);
  await field.focus();
  const keyboard = await page.context().newCDPSession(page);
  const compose = (text) =>
    keyboard.send("Input.imeSetComposition", { text, selectionStart: text.length, selectionEnd: text.length });
  const slots = () => page.locator(".slots").first().locator("i").allTextContents();
  await compose("８３");
  assert.equal(await field.inputValue(), "８３");
  assert.deepEqual((await slots()).join(""), "83");
  await compose("８３５１２０７４");
  assert.equal(await field.inputValue(), "８３５１２０７４");
  await keyboard.send("Input.insertText", { text: "８３５１２０７４" });
  assert.equal(await field.inputValue(), "83512074");
  assert.deepEqual((await slots()).join(""), "83512074");
});
