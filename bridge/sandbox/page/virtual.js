// A list of any length: only the lines in sight are in the document.

import { stickToEnd } from "./dom.js";

export class VirtualList {
  items = [];
  height = 28; // of one line, in px
  #rows = new Map();
  #space = document.createElement("div");
  #end;

  /** `make()` gives an empty line, `fill(node, item)` dresses it; an item has an `id` and a `version`. */
  constructor(node, { make, fill, scrolled }) {
    this.node = node;
    this.make = make;
    this.fill = fill;
    this.#space.className = "space";
    this.#space.role = "presentation";
    node.append(this.#space);
    this.#end = stickToEnd(node, 28, () => (this.draw(), scrolled(this.pinned)));
  }

  get pinned() {
    return this.#end.stuck;
  }

  /** Shows `items`, at the end where the list was at the end. */
  render(items) {
    this.items = items;
    this.#space.style.height = `${items.length * this.height}px`;
    this.#end.keep();
    this.draw();
  }

  toEnd() {
    this.#end.go();
  }

  /** Scrolls as little as it takes to see the line. */
  reveal(index) {
    const top = index * this.height;
    const { scrollTop, clientHeight } = this.node;
    if (top < scrollTop) this.node.scrollTop = top;
    else if (top + this.height > scrollTop + clientHeight) this.node.scrollTop = top + this.height - clientHeight;
    this.draw();
  }

  /** The node of an item, where it is in sight. */
  seen(id) {
    return this.#rows.get(id);
  }

  draw() {
    const { scrollTop, clientHeight } = this.node;
    const first = Math.max(0, Math.floor(scrollTop / this.height) - 4);
    const rows = new Map();
    for (const [offset, item] of this.items.slice(first, first + Math.ceil(clientHeight / this.height) + 8).entries()) {
      const index = first + offset;
      const node = this.#rows.get(item.id) ?? this.make();
      this.#rows.delete(item.id);
      rows.set(item.id, node);
      if (node.version !== item.version || node.item !== item) this.fill(node, item);
      [node.version, node.item] = [item.version, item];
      node.style.transform = `translateY(${index * this.height}px)`;
      node.setAttribute("aria-posinset", index + 1);
      node.setAttribute("aria-setsize", this.items.length);
      if (!node.isConnected) this.#space.append(node);
    }
    for (const gone of this.#rows.values()) gone.remove();
    this.#rows = rows;
  }
}
