// Tabs: one of several panels is open; arrows, Home and End move between their buttons.

export class Tabs {
  /** `list` holds the buttons, each with `data-tab`, the id of its panel; `opened(id)` is called when another one is. */
  constructor(list, opened) {
    this.buttons = [...list.querySelectorAll('[role="tab"]')];
    this.opened = opened;
    for (const button of this.buttons) {
      button.addEventListener("click", () => this.open(button.dataset.tab));
      button.addEventListener("keydown", (event) => this.#keys(event));
    }
  }

  get current() {
    return this.buttons.find(({ ariaSelected }) => ariaSelected === "true")?.dataset.tab;
  }

  open(id, focus = false) {
    for (const button of this.buttons) {
      const chosen = button.dataset.tab === id;
      button.setAttribute("aria-selected", String(chosen));
      button.tabIndex = chosen ? 0 : -1;
      if (chosen) button.classList.remove("news");
      if (chosen && focus) button.focus();
    }
    this.opened(id);
  }

  /** Something came to a panel that is not open. */
  mark(id) {
    if (this.current !== id) this.buttons.find(({ dataset }) => dataset.tab === id).classList.add("news");
  }

  #keys(event) {
    const last = this.buttons.length - 1;
    const here = this.buttons.indexOf(event.currentTarget);
    const next = { ArrowLeft: here ? here - 1 : last, ArrowRight: here < last ? here + 1 : 0, Home: 0, End: last }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    this.open(this.buttons[next].dataset.tab, true);
  }
}
