// Two input methods with the same operations: a mouse, and only a keyboard.
export class Mouse {
  constructor(page) {
    this.page = page;
  }

  press = (control) => control.click();

  write = (field, text) => field.fill(text);

  pick = (row) => row.getByRole("checkbox").check();

  choose = (list, label) => list.selectOption({ label });
}

const MAX_STEPS = 400;

export class Keyboard {
  constructor(page) {
    this.page = page;
  }

  // Moves the focus forwards until it is on the control.
  async #focus(control) {
    await control.waitFor();
    for (let steps = 0; steps < MAX_STEPS; steps += 1) {
      const [focused, key] = await control.evaluate((wanted) => {
        const here = document.activeElement;
        const sameGroup = here.type === "radio" && wanted.type === "radio" && here.name === wanted.name;
        return [here === wanted, here.closest("[role=menu]")?.contains(wanted) || sameGroup ? "ArrowDown" : "Tab"];
      });
      if (focused) return;
      await this.page.keyboard.press(key);
    }
    throw new Error(`the keyboard does not reach ${control}`);
  }

  async press(control) {
    await this.#focus(control);
    // The arrow key that reached a radio button has already chosen it.
    if ((await control.getAttribute("type")) !== "radio") await this.page.keyboard.press("Enter");
  }

  async write(field, text) {
    await this.#focus(field);
    await this.page.keyboard.press("Control+a");
    await this.page.keyboard.type(text);
  }

  async pick(row) {
    await this.#focus(row.locator("th a"));
    await this.page.keyboard.press("Space");
  }

  async choose(list, label) {
    await this.#focus(list);
    await this.page.keyboard.type(label);
  }
}
