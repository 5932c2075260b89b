// The agents' Telegram group: its topics, and the open one.

import { act, encoded } from "./api.js";
import { Composer } from "./composer.js";
import { at, byId, h, icon, initials, listKeys, neighbour, placeBelow, say, sync } from "./dom.js";
import { Messages, preview } from "./messages.js";
import { lastAt } from "./store.js";

export class Telegram {
  #seen = ""; // the one that was scrolled to

  constructor(store) {
    this.store = store;
    this.list = byId("topics");
    this.messages = new Messages(byId("topic-messages"), (message) => this.#actions(message));
    this.agent = h("select", { id: "topic-agent", "data-testid": "topic-agent", "aria-label": "Write as", change: () => this.render() });
    this.composer = new Composer({
      prefix: "topic", zone: byId("topic"), extra: h("label", { class: "agent" }, "as ", this.agent),
      send: (draft) => this.#send(draft),
      last: () => store.topic.messages.findLast((message) => message.mine && message.author === this.#author()?.name && !message.deleted),
      leave: () => this.list.focus(),
    });
    byId("topic-composer").replaceWith(this.composer.node);
    listKeys(this.list, (step) => store.open(neighbour(this.#sorted(), store.topic?.key, step)), () => this.composer.focus());
    this.list.addEventListener("contextmenu", (event) => this.#context(event));
    byId("topic-menu").addEventListener("toggle", ({ newState }) => newState === "open" && this.#openMenu());
    byId("topic-menu").addEventListener("keydown", menuKeys);
  }

  focus() {
    this.list.focus();
  }

  /** As in Telegram: the newest talk first, what is deleted last. */
  #sorted() {
    return this.store.topics.sort((a, b) => Boolean(a.deleted) - Boolean(b.deleted) || lastAt(b) - lastAt(a) || lastId(b) - lastId(a));
  }

  render() {
    const { topic } = this.store;
    const topics = this.#sorted();
    const title = (topic ?? topics[0])?.group.title;
    say(byId("telegram-tab"), title ? `Telegram: ${title}` : "Telegram");
    byId("no-topic").hidden = topics.length > 0;
    byId("topic").hidden = !topic;
    this.list.hidden = !topics.length;
    sync(this.list, topics, ({ key }) => key, (item) => this.#item(item), (node, item) => this.#refresh(node, item));
    if (!topic) return;
    const chosen = byId(`topic-${topic.key}`);
    this.list.setAttribute("aria-activedescendant", chosen.id);
    if (this.#seen !== topic.key) chosen.scrollIntoView({ block: "nearest" });
    this.#seen = topic.key;
    say(byId("topic-name"), topic.name);
    const word = topic.deleted ? "deleted" : topic.closed ? "closed" : "";
    say(byId("topic-state"), word);
    byId("topic-state").hidden = !word;
    byId("topic-more").hidden = Boolean(topic.deleted) || isGeneral(topic);
    say(byId("topic-note"), note(topic, topics));
    byId("topic-note").hidden = !byId("topic-note").textContent;
    this.#agents(topic.group.people);
    const author = this.#author()?.name;
    const others = topic.group.people.map(({ name }) => name).filter((name) => name !== author);
    const messages = topic.messages.map((message) => ({ ...message, mine: message.mine && !others.includes(message.author) }));
    this.messages.render({ key: topic.key, messages, look: "telegram", waiting: this.store.held(topic) });
    this.composer.node.hidden = topic.deleted;
    this.composer.show(topic.key, author ? `Message as ${author}` : "Message");
  }

  #agents(people) {
    sync(this.agent, people, ({ id }) => id, ({ id, name }) => h("option", { value: id }, name));
  }

  #author() {
    return this.store.topic?.group.people.find(({ id }) => String(id) === this.agent.value);
  }

  #item(item) {
    const mark = h("span", { class: "initials", "aria-hidden": "true" }, initials(item.name));
    const color = typeof item.color === "number" ? `#${item.color.toString(16).padStart(6, "0")}` : item.color;
    if (color) mark.style.background = color;
    const open = () => this.store.open(this.store.topics.find(({ key }) => key === item.key));
    return h("div", { role: "option", class: "item", id: `topic-${item.key}`, "data-testid": `topic-${item.id}`, click: open },
      mark, h("span", { class: "who" }), h("span", { class: "when" }), h("span", { class: "preview" }), h("span", { class: "count" }));
  }

  #refresh(node, topic) {
    node.setAttribute("aria-selected", topic.key === this.store.topic?.key);
    node.classList.toggle("gone", Boolean(topic.deleted));
    const [mark, who, when, last, count] = node.children;
    const newest = topic.messages.at(-1);
    say(mark, initials(topic.name));
    say(who, topic.name);
    if (topic.closed || topic.deleted) who.append(" ", icon(topic.deleted ? "remove" : "lock", topic.deleted ? "deleted" : "closed"));
    say(when, newest ? at(newest.at) : "");
    say(last, newest ? `${newest.mine ? `${newest.author}: ` : ""}${preview(newest)}` : "");
    count.hidden = !topic.unread;
    say(count, topic.unread ? String(topic.unread) : "");
  }

  #actions(message) {
    if (this.store.topic.deleted) return [];
    const reply = { icon: "reply", label: "Reply", key: "Enter", run: () => this.composer.begin("reply", message, `Reply to ${message.author}`) };
    const edit = { icon: "edit", label: "Edit", key: "e", run: () => this.composer.begin("edit", message, "Editing") };
    return message.mine ? [reply, edit] : [reply];
  }

  async #send({ key, text, files, mode }) {
    const topic = this.store.topics.find((item) => item.key === key);
    const place = { group: topic.group.id, topic: topic.id };
    if (mode?.kind === "edit") return act(topic.home, { do: "edit", ...place, message: mode.message.id, text });
    const person = topic.group.people.find(({ id }) => String(id) === this.agent.value)?.id;
    return act(topic.home, { do: "say", ...place, person, text, files: await encoded(files), ...(mode && { reply_to: mode.message.id }) });
  }

  #context(event) {
    const key = event.target.closest(".item")?.dataset.key;
    const topic = this.store.topics.find((item) => item.key === key);
    if (!topic || topic.deleted || isGeneral(topic)) return;
    event.preventDefault();
    this.store.open(topic);
    byId("topic-menu").showPopover();
  }

  #openMenu() {
    const { topic } = this.store;
    const item = (label, verb, kind = "") => {
      const run = () => {
        byId("topic-menu").hidePopover();
        act(topic.home, { do: verb, group: topic.group.id, topic: topic.id, person: this.#author()?.id }).catch((error) => this.store.complain(error.message));
      };
      return h("button", { type: "button", role: "menuitem", class: kind, "data-testid": verb, click: run }, label);
    };
    byId("topic-menu").replaceChildren(topic.closed ? item("Reopen topic", "reopen_topic") : item("Close topic", "close_topic"), item("Delete topic", "delete_topic", "danger"));
    placeBelow(byId("topic-menu"), byId("topic-more"));
    byId("topic-menu").firstElementChild.focus();
  }
}

const lastId = ({ messages }) => Number(messages.at(-1)?.id) || 0; // Telegram's times are whole seconds

const isGeneral = ({ id }) => String(id) === "1"; // so in every forum of Telegram

function note(topic, topics) {
  if (topic.deleted) return "This topic was deleted. The customer’s next message opens a new one.";
  if (topic.closed) return "This topic is closed.";
  if (!isGeneral(topic)) return "";
  return topics.length > 1 ? "What is written in General goes to no customer." : "A customer’s first message opens a topic. What is written in General goes to no customer.";
}

function menuKeys(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  const items = [...event.currentTarget.children];
  items[(items.indexOf(document.activeElement) + step + items.length) % items.length].focus();
  event.preventDefault();
}
