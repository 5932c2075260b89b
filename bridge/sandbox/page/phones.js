// The left column: the customers, and the open one's phone, or chat on a web page.

import { act, encoded } from "./api.js";
import { Composer } from "./composer.js";
import { byId, h, initials, listKeys, narrow, neighbour, say, sync } from "./dom.js";
import { Messages, preview, tone } from "./messages.js";

const CHAT = { connecting: "Web chat · connecting…", open: "Web chat", away: "Web chat · reconnecting…", refused: "Web chat · not let in" };

/** How the phone looks: a network that has a look of its own shows by its name, whatever its simulator calls it. */
const lookOf = ({ network, style }) => (network === "Messenger" ? "messenger" : style);

/** What a person does on a phone goes to its network; a visitor of the web chat has a socket of their own. */
function deeds({ home, id, talk }) {
  return talk ?? {
    say: async ({ text, files }) => act(home, { do: "say", person: id, text, files: await encoded(files) }),
    edit: (message, text) => act(home, { do: "edit", person: id, message: message.id, text }),
    remove: (message) => act(home, { do: "remove", person: id, message: message.id }),
  };
}

const where = ({ name, talk }) => (talk ? `in ${name}’s chat` : `on ${name}’s phone`);

export class Phones {
  #seen = ""; // the one that was scrolled to

  constructor(store) {
    this.store = store;
    this.list = byId("people");
    this.messages = new Messages(byId("phone-messages"), (message) => this.#actions(message));
    this.composer = new Composer({
      prefix: "phone", zone: byId("phone"),
      send: (draft) => this.#send(draft),
      last: () => store.person.messages.findLast((message) => message.mine && !message.deleted),
      leave: () => this.list.focus(),
      typing: () => store.person.talk?.typing(),
    });
    byId("phone-composer").replaceWith(this.composer.node);
    listKeys(this.list, (step) => store.open(neighbour(store.people, store.person?.key, step)), () => this.composer.focus());
    for (const name of ["pointerdown", "focusin"]) byId("phones").addEventListener(name, () => this.#read());
    for (const id of ["new-customer", "first-customer"]) byId(id).addEventListener("click", () => this.askNew());
  }

  focus() {
    this.list.focus();
  }

  render() {
    const { people, person } = this.store;
    byId("no-phone").hidden = people.length > 0;
    byId("phone").hidden = !person;
    this.list.hidden = !people.length;
    sync(this.list, people, ({ key }) => key, (item) => this.#item(item), (node, item) => this.#refresh(node, item));
    if (!person) return;
    const chosen = byId(`person-${person.key}`);
    this.list.setAttribute("aria-activedescendant", chosen.id);
    if (this.#seen !== person.key) chosen.scrollIntoView({ block: "nearest" });
    this.#seen = person.key;
    byId("phone-start").hidden = !this.store.silent;
    say(byId("phone-start").firstChild, `Type ${where(person)}`);
    byId("phone").dataset.look = lookOf(person);
    say(byId("phone-initials"), initials(person.name));
    byId("phone-initials").dataset.tone = tone(person.name);
    say(byId("phone-name"), person.name);
    say(byId("phone-address"), person.talk ? CHAT[person.talk.socket.state] : `${person.network} · ${person.address.replace(/^[a-z]+:/, "")}`);
    const fates = this.store.fates(person);
    const messages = person.talk ? person.messages : person.messages.map((message) => (message.mine && fates.has(message.thread) ? { ...message, status: fates.get(message.thread), error: "" } : message));
    this.messages.render({ key: person.key, messages, look: lookOf(person), waiting: this.store.held(person) });
    const writing = person.talk?.writing();
    say(byId("phone-typing"), writing ? `${writing} is typing…` : "");
    byId("phone-typing").hidden = !writing;
    this.composer.show(person.key, `Message from ${person.name}`);
    if (byId("phones").contains(document.activeElement)) this.#read();
  }

  #item(item) {
    const open = () => this.store.open(this.store.people.find(({ key }) => key === item.key));
    return h("div", { role: "option", class: "item", id: `person-${item.key}`, "data-testid": `phone-${item.id}`, click: open },
      h("span", { class: "initials", "data-tone": tone(item.name), "aria-hidden": "true" }, initials(item.name)),
      h("span", { class: "who" }), h("span", { class: "tag" }), h("span", { class: "preview" }), h("span", { class: "count" }));
  }

  #refresh(node, { key, name, network, messages, unread, talk }) {
    node.setAttribute("aria-selected", key === this.store.person?.key);
    const [, who, tag, last, count] = node.children;
    say(who, name);
    say(tag, talk ? "Web chat" : network);
    say(last, messages.length ? preview(messages.at(-1)) : "");
    count.hidden = !unread;
    say(count, unread ? String(unread) : "");
  }

  #actions(message) {
    if (!message.mine || message.status === "failed") return [];
    const person = this.store.person;
    if (person.talk && (!message.own || !message.status)) return [];
    const remove = () => deeds(person).remove(message).catch((error) => this.store.complain(error.message));
    return [
      { icon: "edit", label: "Edit", key: "e", run: () => this.composer.begin("edit", message, "Editing") },
      { icon: "remove", label: "Remove", key: "Delete", run: remove },
    ];
  }

  #send({ key, text, files, mode }) {
    const person = this.store.people.find((item) => item.key === key);
    return mode?.kind === "edit" ? deeds(person).edit(mode.message, text) : deeds(person).say({ text, files });
  }

  /** Whoever touches a WhatsApp phone (or a web chat) has read what it shows; told once per message. */
  #read() {
    const { person } = this.store;
    if (person?.talk) return person.talk.read();
    const newest = person?.messages.findLast((message) => !message.mine);
    if (person?.style !== "whatsapp" || !newest || newest.status === "read" || newest.status === "failed" || person.told === newest.id) return undefined;
    person.told = newest.id;
    return act(person.home, { do: "read", person: person.id }).catch(() => {}); // nothing is lost by an unread tick
  }

  /** The dialog for a new customer: a name, and the network that they write over. */
  askNew() {
    const dialog = byId("new-dialog");
    const kinds = this.#kinds();
    const name = h("input", { id: "new-name", required: true, maxlength: 40, autocomplete: "off", "data-testid": "new-name" });
    const error = h("p", { class: "failure", role: "alert", hidden: true });
    const twice = ({ word }) => kinds.filter((kind) => kind.word === word).length > 1;
    const choices = kinds.map((kind, index) => h("label", { class: "choice" },
      h("input", { type: "radio", name: "network", value: index, checked: index === 0 }), twice(kind) ? `${kind.word} (${kind.home})` : kind.word));
    const submit = async (event) => {
      event.preventDefault();
      const { word, home } = kinds[Number(form.elements.network.value)];
      try {
        const { person } = await act(home, { do: "add", name: name.value.trim(), over: word });
        dialog.close();
        this.#await(home, person?.id ?? person, name.value.trim());
      } catch ({ message }) {
        error.textContent = message;
        error.hidden = false;
      }
    };
    const form = h("form", { submit },
      h("h2", { id: "new-title" }, "New customer"),
      h("label", { for: "new-name" }, "Name"), name,
      h("fieldset", null, h("legend", null, "Writes over"), choices), error,
      h("div", { class: "buttons" },
        h("button", { type: "button", class: "button", click: () => dialog.close() }, "Cancel"),
        h("button", { class: "button primary", "data-testid": "new-add" }, "Add")));
    dialog.replaceChildren(form);
    dialog.showModal();
    name.focus();
  }

  #kinds() {
    return this.store.networks.filter(({ side }) => side === "customers").flatMap(({ name, kinds, people = [] }) => {
      const words = new Set(kinds ?? people.map((person) => person.network));
      if (!kinds && (name === "twilio" || !words.size)) ["SMS", "WhatsApp", "Messenger"].forEach((word) => words.add(word));
      return [...words].map((word) => ({ word, home: name }));
    });
  }

  /** Opens the new phone as soon as the stream brings it. */
  #await(home, id, name) {
    const find = () => this.store.people.findLast((person) => person.home === home && (id === undefined ? person.name === name : person.id === id));
    const open = (left) => {
      if (find()) this.store.open(find()), narrow.matches || this.composer.focus();
      else if (left) setTimeout(open, 50, left - 1);
    };
    open(40);
  }
}
