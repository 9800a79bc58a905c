// Two ways to do the same: with a mouse, and with nothing but the keys of a keyboard.
export class Mouse {
  constructor(page) {
    this.page = page;
  }

  press = (control) => control.click();

  write = (field, text) => field.fill(text);

  pick = (row) => row.getByRole("checkbox").check();

  choose = (list, label) => list.selectOption({ label });
}

const FARTHEST = 400;

export class Keyboard {
  constructor(page) {
    this.page = page;
  }

  // Goes to a control as one does who does not see where it is: onwards, until it has the focus.
  async #reach(control) {
    await control.waitFor();
    for (let steps = 0; steps < FARTHEST; steps += 1) {
      const [found, key] = await control.evaluate((wanted) => {
        const here = document.activeElement;
        const sameGroup = here.type === "radio" && wanted.type === "radio" && here.name === wanted.name;
        return [here === wanted, here.closest("[role=menu]")?.contains(wanted) || sameGroup ? "ArrowDown" : "Tab"];
      });
      if (found) return;
      await this.page.keyboard.press(key);
    }
    throw new Error(`no key leads to ${control}`);
  }

  async press(control) {
    await this.#reach(control);
    // The arrow that led to a radio button has chosen it.
    if ((await control.getAttribute("type")) !== "radio") await this.page.keyboard.press("Enter");
  }

  async write(field, text) {
    await this.#reach(field);
    await this.page.keyboard.press("Control+a");
    await this.page.keyboard.type(text);
  }

  async pick(row) {
    await this.#reach(row.locator("th a"));
    await this.page.keyboard.press("Space");
  }

  async choose(list, label) {
    await this.#reach(list);
    await this.page.keyboard.type(label);
  }
}
