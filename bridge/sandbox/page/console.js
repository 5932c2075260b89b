// The agents' console: a program on a websocket. The room's conversations, what was said, a box to answer.

import { Composer } from "./composer.js";
import { at, byId, h, icon, listKeys, neighbour, say, sync } from "./dom.js";
import { Messages, preview } from "./messages.js";

const LOOKED_INTO = 20; // so many of the list show what was said last
const STATES = { connecting: "connecting", open: "connected", away: "away, comes back", refused: "refused" };

export class Console {
  #chosen = null; // the id of the open conversation
  #seen = "";

  constructor(store, legs) {
    this.store = store;
    this.legs = legs;
    this.list = byId("desk");
    this.messages = new Messages(byId("desk-messages"), (message) => this.#actions(message));
    this.composer = new Composer({
      prefix: "desk", zone: byId("desk-open"),
      send: (draft) => this.#send(draft),
      last: () => legs.said(this.#chosen).findLast(({ own, deleted, status }) => own && !deleted && status),
      leave: () => this.list.focus(),
      typing: () => legs.console.typing(this.#chosen),
    });
    byId("desk-composer").replaceWith(this.composer.node);
    listKeys(this.list, (step) => this.open(neighbour(this.#sorted(), this.#chosen, step)?.key), () => this.#write());
    for (const name of ["pointerdown", "focusin"]) byId("console").addEventListener(name, () => this.#read());
  }

  focus() {
    this.list.focus();
  }

  /** Into the box of the open conversation, which may not have been drawn yet. */
  #write() {
    this.render();
    this.composer.focus();
  }

  open(id) {
    this.#chosen = id;
    this.#read();
    this.store.changed();
  }

  /** The last active first. */
  #sorted() {
    return [...this.legs.console.conversations.values()].reverse().map((one) => Object.assign(one, { key: one.id }));
  }

  /** While the panel is not to be seen there is nothing to draw. */
  render() {
    const talk = this.legs.console;
    if (!talk || byId("console").hidden) return;
    const sorted = this.#sorted();
    this.#chosen ??= sorted[0]?.id ?? null;
    const open = sorted.find(({ id }) => id === this.#chosen);
    say(byId("desk-who"), `${talk.who.name} · ${STATES[talk.socket.state]}`);
    byId("desk-who").dataset.state = talk.socket.state;
    byId("desk-empty").hidden = sorted.length > 0;
    this.list.hidden = !sorted.length;
    byId("desk-open").hidden = !open;
    for (const { id } of sorted.slice(0, LOOKED_INTO)) talk.look(id);
    sync(this.list, sorted, ({ id }) => id, (one) => this.#item(one), (node, one) => this.#refresh(node, one));
    if (open) this.#show(open);
  }

  #show(open) {
    this.legs.console.look(open.id);
    if (byId("console").offsetParent) open.unread = 0;
    const chosen = byId(`desk-${open.id}`);
    this.list.setAttribute("aria-activedescendant", chosen.id);
    if (this.#seen !== open.id) chosen.scrollIntoView({ block: "nearest" });
    this.#seen = open.id;
    say(byId("desk-title"), open.title);
    const writing = this.legs.console.writing(open.id);
    say(byId("desk-typing"), writing && `${writing} is typing…`);
    byId("desk-typing").hidden = !writing;
    this.messages.render({ key: open.id, messages: this.legs.said(open.id), look: "console", waiting: () => "" });
    this.composer.show(open.id, `Answer as ${this.legs.console.who.name}`);
  }

  #item({ id }) {
    return h("div", { role: "option", class: "item", id: `desk-${id}`, click: () => this.open(id) },
      h("span", { class: "who" }), h("span", { class: "when" }), h("span", { class: "preview" }), h("span", { class: "count" }));
  }

  #refresh(node, { id, title, state, unread }) {
    node.setAttribute("aria-selected", id === this.#chosen);
    const [who, when, last, count] = node.children;
    const newest = this.legs.said(id).at(-1);
    say(who, title);
    if (state === "closed") who.append(" ", icon("lock", "closed"));
    say(when, newest ? at(newest.at) : "");
    say(last, newest ? `${newest.mine ? `${newest.author}: ` : ""}${preview(newest)}` : "");
    count.hidden = !unread;
    say(count, unread ? String(unread) : "");
  }

  /** Whoever touches a conversation has read it. */
  #read() {
    if (this.#chosen) this.legs.console.read(this.#chosen);
  }

  #actions(message) {
    if (!message.own || message.status === "failed" || !message.status) return [];
    const remove = () => this.legs.console.remove(message).catch((error) => this.store.complain(error.message));
    return [
      { icon: "edit", label: "Edit", key: "e", run: () => this.composer.begin("edit", message, "Editing") },
      { icon: "remove", label: "Remove", key: "Delete", run: remove },
    ];
  }

  #send({ key, text, files, mode }) {
    if (mode) return this.legs.console.edit(mode.message, text);
    return this.legs.console.say({ conversation: key, text, files });
  }

  /** Something was said in `conversation`: unread, where it isn't the one that is looked at. */
  told(conversation, message) {
    const looked = byId("console").offsetParent && conversation.id === this.#chosen;
    if (!looked && !message.mine && !message.service) conversation.unread += 1;
  }
}
