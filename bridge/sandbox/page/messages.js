// A conversation as bubbles: the same for phones and topics, dressed by CSS.

import { at, h, icon, iconButton, size, stickToEnd, sync, time } from "./dom.js";
import { thread, travel } from "./threads.js";

const SHOWN = 200; // the newest; the rest comes on a click
const words = { sent: "Sent", delivered: "Delivered", read: "Read", failed: "Not delivered", taken: "" };
const LAST_ONLY = new Set(["sms", "messenger", "chat"]); // the looks that tell what became of the last message alone

export class Messages {
  #key;
  #last;
  #shown = SHOWN;
  #current = "";
  #known = new Set();
  #end;

  /** `actions(message)` gives what can be done: [{icon, label, key, run}]. */
  constructor(node, actions) {
    this.node = node;
    this.actions = actions;
    node.addEventListener("keydown", (event) => this.#keys(event));
    this.#end = stickToEnd(node, 48);
    node.addEventListener("load", this.#end.keep, true); // a picture arrived
    new ResizeObserver(this.#end.keep).observe(node);
    node.addEventListener("focusin", ({ target }) => this.#hold(target.closest("article")));
  }

  /** `look` is "sms", "whatsapp", "messenger", "chat", "plain", "telegram" or "console"; `waiting(message)` gives words for what is held up, or "". */
  render(conversation) {
    const { key, messages, look, waiting } = (this.#last = conversation);
    const node = this.node;
    const other = key !== this.#key;
    if (other) [this.#key, this.#shown, this.#current, this.#known] = [key, SHOWN, "", new Set(messages.map(({ id }) => id))];
    const list = messages.slice(-this.#shown);
    const quoted = new Map(messages.map((message) => [message.id, message]));
    const lastMine = list.findLast((message) => message.mine && message.status !== "failed");
    const rows = list.map((message, index) => ({
      message, look,
      first: !together(list[index - 1], message),
      last: !together(message, list[index + 1]),
      newDay: at(message.at, "day") !== (list[index - 1] ? at(list[index - 1].at, "day") : at(Date.now() / 1000, "day")),
      state: !LAST_ONLY.has(look) || message === lastMine || message.status === "failed",
      quote: message.reply_to ? quoted.get(message.reply_to) : undefined,
      waiting: waiting(message),
    }));
    if (list.length < messages.length) rows.unshift({ earlier: true });
    sync(node, rows, (row) => row.message?.id ?? "earlier", (row) => this.#make(row), (place, row) => row.message && this.#update(place, row));
    const current = this.#articles().find((article) => article.dataset.message === this.#current) ?? this.#articles().at(-1);
    for (const article of this.#articles()) article.tabIndex = article === current ? 0 : -1;
    if (other) this.#end.go();
    else this.#end.keep();
    for (const article of this.#articles().slice(-5)) if (!this.#known.has(article.dataset.message)) this.#arrived(article);
  }

  #arrived(article) {
    if (article.dataset.thread) travel(article);
    this.#known.add(article.dataset.message);
    article.classList.add("fresh");
  }

  #articles() {
    return [...this.node.querySelectorAll(":scope > article")];
  }

  #make(row) {
    if (row.message) return h("article", { "data-message": row.message.id });
    const more = () => ((this.#shown += SHOWN), this.render(this.#last));
    return h("button", { type: "button", class: "button earlier", click: more }, "Earlier messages");
  }

  #update(article, row) {
    const { message } = row;
    const version = JSON.stringify(row);
    if (article.version === version) return;
    article.version = version;
    article.dataset.status = message.status ?? "";
    article.className = ["message", message.mine ? "mine" : "theirs", row.first && "first", row.last && "last", message.deleted && "gone"].filter(Boolean).join(" ");
    article.setAttribute("aria-label", describe(row));
    thread(article, message.thread);
    const day = row.newDay && h("p", { class: "day" }, at(message.at, "day"));
    const content = message.service ? [h("p", { class: "day" }, `${message.author} ${message.text}`)] : [bubble(row, this.#tools(message)), below(row)];
    article.replaceChildren(...[day, ...content].filter(Boolean));
  }

  #tools(message) {
    const actions = message.deleted ? [] : this.actions(message);
    return actions.length > 0 && h("div", { class: "actions" }, actions.map(({ icon: name, label, key, run }) =>
      iconButton(name, label, run, { "data-shortcut": key, title: `${label} (${key})`, tabindex: -1 })));
  }

  #hold(article) {
    if (!article) return;
    this.#current = article.dataset.message;
    for (const other of this.#articles()) other.tabIndex = other === article ? 0 : -1;
  }

  #keys(event) {
    const article = event.target;
    if (article.localName !== "article" || event.ctrlKey || event.metaKey || event.altKey) return;
    const all = this.#articles();
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (step) all[all.indexOf(article) + step]?.focus();
    else [...article.querySelectorAll(".actions button")].find((button) => button.dataset.shortcut === event.key)?.click();
    if (step) event.preventDefault();
  }
}

function together(before, after) {
  return Boolean(before && after && !before.service && !after.service && before.mine === after.mine && before.author === after.author && after.at - before.at < 120);
}

function describe({ message, waiting }) {
  const kinds = message.media?.length ? ` ${message.media.length} attached` : "";
  const state = message.status === "failed" ? refusal(message) : waiting || (message.mine && words[message.status]) || "";
  return `${message.author || "Somebody"}, ${at(message.at)}: ${message.deleted ? "removed" : message.text}${kinds} ${state}`.trim();
}

/** Twilio asks once: what the bridge could not take is not lost there, and the phone's owner is told nothing in real life. */
function refusal({ error }) {
  return error ? `Not delivered: ${error.replace(/^no answer: .*/s, "the bridge did not answer, and Twilio does not ask again.")}` : "Not delivered.";
}

function bubble(row, tools) {
  const { message, look, quote } = row;
  const chat = look === "telegram";
  const bare = !message.text && message.media?.every(({ content_type: type }) => type.startsWith("image/"));
  return h("div", { class: bare && message.media?.length ? "bubble bare" : "bubble" },
    (chat || look === "console" || (look === "chat" && !message.mine)) && row.first && message.author && h("p", { class: "author", "data-tone": tone(message.author) }, message.author),
    message.only_for && h("p", { class: "private" }, `Only ${message.only_for} sees this`),
    message.reply_to && h("blockquote", null, h("b", null, quote?.author || "A message"), h("span", null, quote ? preview(quote) : "further up")),
    message.deleted ? h("p", { class: "text" }, "Message removed") : [
      message.media?.map(attachment),
      message.text && h("p", { class: "text", dir: "auto" }, message.text),
    ],
    (look === "whatsapp" || chat) && meta(row),
    message.reactions?.length > 0 && h("p", { class: "reactions" }, message.reactions.map((emoji) => h("span", null, emoji))),
    tools);
}

function meta({ message, look, waiting }) {
  return h("span", { class: "meta" }, message.edited && "edited ", time(message.at), ticks(message, look, waiting));
}

/** The state as ticks; the clock says that nobody has taken the message yet. */
function ticks({ mine, status }, look, waiting) {
  if (waiting) return icon("clock", waiting);
  if (status === "failed") return icon("failed", words.failed);
  if (!mine) return null;
  if (status === "sent") return icon("sent", words.sent);
  if (status === "delivered" || status === "read") return icon("delivered", words[status]);
  return mine && look === "whatsapp" ? icon("clock", "Sending") : null;
}

/** What stands under the bubble: on SMS the time and "Delivered", everywhere why something failed or waits. */
function below(row) {
  const { message, look, waiting } = row;
  if (message.status === "failed") return h("p", { class: "failure" }, icon("failed"), refusal(message));
  if (waiting) return h("p", { class: "held" }, icon("clock"), waiting);
  if (look === "whatsapp" || look === "telegram" || !(row.last || message.edited || (message.mine && row.state))) return null;
  const state = message.mine && row.state ? words[message.status] ?? "Sending…" : "";
  const parts = message.segments > 1 && ` · ${message.segments} segments`;
  return h("p", { class: "under" }, message.edited && "Edited · ", time(message.at), state && ` · ${state}`, parts);
}

function attachment({ url, content_type: type, filename, size: bytes }) {
  const name = filename || "file";
  if (type.startsWith("image/")) {
    return h("a", { class: "picture", href: url, target: "_blank", rel: "noopener" }, h("img", { src: url, alt: name }));
  }
  if (type.startsWith("video/")) return h("video", { src: url, controls: true, preload: "metadata", "aria-label": name });
  if (type.startsWith("audio/")) return h("audio", { src: url, controls: true, preload: "metadata", "aria-label": name });
  return h("a", { class: "file", href: url, download: name }, icon("file"), h("span", null, h("b", null, name), h("small", null, bytes ? size(bytes) : type)));
}

/** One line for a list or a quotation. */
export function preview({ text, media, deleted }) {
  if (deleted) return "Message removed";
  return text || media?.map(({ filename, content_type: type }) => filename || type).join(", ") || "";
}

export const tone = (name) => String([...name].reduce((sum, char) => sum + char.codePointAt(0), 0) % 7);
