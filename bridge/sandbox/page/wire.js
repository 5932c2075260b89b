// The middle column: every webhook and every call, one line each, filtered; the whole of it opens below.

import { Detail } from "./detail.js";
import { byId, duration, h, icon, listKeys, neighbour, say, sync, time } from "./dom.js";
import { failed } from "./store.js";
import { lightThread, thread, travel } from "./threads.js";
import { VirtualList } from "./virtual.js";

const WAYS = { webhook: "Webhook from", call: "Call to", in: "Frame from", out: "Frame to" };
const ordinal = (n) => `${n}${["th", "st", "nd", "rd"][n % 100 > 10 && n % 100 < 14 ? 0 : n % 10] ?? "th"}`;

export class Wire {
  #chosen = null; // the id of the current line
  #unseen = 0;
  #fresh = new Set();

  constructor(store, { typeForMe }) {
    this.store = store;
    this.node = byId("wire");
    this.list = new VirtualList(this.node, { make: blank, fill: (node, call) => this.#fill(node, call), scrolled: (pinned) => pinned && this.#caughtUp() });
    this.detail = new Detail(byId("detail"), () => this.close());
    this.typeForMe = typeForMe;
    listKeys(this.node, (step) => this.#move(step), () => this.open(this.#chosen));
    this.node.addEventListener("click", ({ target }) => this.open(target.closest(".row")?.dataset.call));
    byId("wire-newer").addEventListener("click", () => (this.list.toEnd(), this.#caughtUp()));
    for (const id of ["wire-text", "wire-conversation", "wire-network"]) byId(id).addEventListener("input", () => this.#filter());
    byId("wire-failures").addEventListener("click", ({ currentTarget: button }) => {
      button.setAttribute("aria-pressed", button.ariaPressed !== "true");
      this.#filter();
    });
    byId("wire-text").addEventListener("keydown", ({ key }) => {
      if (key === "Enter") this.node.focus();
      if (key === "Escape") byId("wire-text").value = "", this.#filter(), this.node.focus();
    });
    new ResizeObserver(() => this.#measure()).observe(this.node);
  }

  focus() {
    this.node.focus();
  }

  /** A new line came, or one changed. */
  heard(call) {
    if (call.version === 0) this.#fresh.add(call.id);
  }

  render() {
    const { wire, people, networks } = this.store;
    this.#options(byId("wire-conversation"), "All conversations", people.map(({ key, name, network }) => [key, `${name} · ${network}`]));
    this.#options(byId("wire-network"), "All networks", networks.map(({ name }) => [name, name]));
    const items = wire.filter(this.#wanted());
    const before = this.list.items.at(-1)?.id;
    this.list.render(items);
    say(byId("wire-count"), items.length === wire.length ? `${wire.length.toLocaleString()} events` : `${items.length.toLocaleString()} of ${wire.length.toLocaleString()} events`);
    if (!this.list.pinned) this.#unseen += items.length - 1 - items.findLastIndex(({ id }) => id === before);
    this.#newer();
    this.#empty(items);
    for (const id of this.#fresh) this.#arrived(this.list.seen(id));
    this.#fresh.clear();
    this.#current();
  }

  /** Opens a line below the list. */
  open(id) {
    const call = this.store.wire.find((item) => item.id === id);
    if (!call) return;
    this.#chosen = id;
    this.detail.show(call);
    this.list.reveal(this.list.items.indexOf(call));
    this.#current();
  }

  close() {
    if (!this.detail.close()) return false;
    this.node.focus();
    return true;
  }

  #filter() {
    this.#unseen = 0;
    this.list.toEnd();
    this.render();
  }

  #wanted() {
    const words = byId("wire-text").value.toLowerCase().split(/\s+/).filter(Boolean);
    const network = byId("wire-network").value;
    const person = this.store.people.find(({ key }) => key === byId("wire-conversation").value);
    const ofPerson = person && this.store.conversation(person);
    const failures = byId("wire-failures").ariaPressed === "true";
    return (call) => (!network || call.network === network) && (!failures || failed(call)) && (!ofPerson || ofPerson(call))
      && words.every((word) => haystack(call).includes(word));
  }

  #options(select, all, pairs) {
    sync(select, [["", all], ...pairs], ([value]) => value, ([value]) => h("option", { value }), (node, [, label]) => say(node, label));
  }

  #move(step) {
    const items = this.list.items.map((item, index) => ({ key: item.id, index }));
    const next = items.length && neighbour(items, this.#chosen, step);
    if (!next) return;
    this.#chosen = next.key;
    this.list.reveal(next.index);
    this.#current();
    lightThread(this.list.items[next.index].thread);
    if (this.detail.opened) this.detail.show(this.list.items[next.index]);
  }

  /** Marks the chosen line, where it is in sight. */
  #current() {
    const row = this.list.seen(this.#chosen);
    for (const other of this.node.querySelectorAll('[aria-selected="true"]')) if (other !== row) other.setAttribute("aria-selected", "false");
    row?.setAttribute("aria-selected", "true");
    if (row) this.node.setAttribute("aria-activedescendant", row.id);
    else this.node.removeAttribute("aria-activedescendant");
  }

  #fill(node, call) {
    node.id = `wire-${call.id}`;
    node.dataset.call = call.id;
    node.dataset.status = call.status ?? "";
    node.className = `row ${call.direction}${failed(call) ? " failed" : ""}`;
    node.setAttribute("aria-selected", String(call.id === this.#chosen));
    thread(node, call.thread);
    const inwards = call.direction === "webhook" || call.direction === "in";
    node.replaceChildren(
      time(call.at, "milli"),
      icon(inwards ? "in" : "out", WAYS[call.direction]),
      h("span", { class: "tag" }, call.network),
      h("span", { class: "what" }, h("b", null, call.event || call.method), " ", h("span", { class: "route" }, route(call))),
      h("span", { class: "said" }, call.error ? h("span", { class: "wrong" }, call.error) : call.text && h("q", null, call.text)),
      h("span", { class: "notes" }, notes(call).map(([kind, words]) => h("span", { class: kind }, words))),
      h("span", { class: "ms" }, call.ms == null ? "" : duration(call.ms)),
      status(call));
  }

  #arrived(row) {
    if (!row) return;
    row.classList.add("fresh");
    if (row.dataset.thread) travel(row);
  }

  #caughtUp() {
    this.#unseen = 0;
    this.#newer();
  }

  #newer() {
    const button = byId("wire-newer");
    button.hidden = !this.#unseen;
    if (this.#unseen) button.replaceChildren(`${this.#unseen} new`, icon("down"));
  }

  #empty(items) {
    const node = byId("wire-empty");
    const { wire, people, silent } = this.store;
    const state = silent && people.length ? "silent" : items.length ? "" : "none";
    node.hidden = !state;
    if (state === node.dataset.state) return;
    node.dataset.state = state;
    node.replaceChildren(...(state === "silent" ? this.#invite(people[0]) : [h("p", null, wire.length ? "No event matches the filter." : "Nothing on the wire yet.")]));
  }

  #invite(person) {
    const start = { type: "button", class: "button primary", "data-testid": "start", click: () => this.typeForMe(person) };
    return [h("p", null, "Nobody has written yet."), h("button", start, `Type on ${person.name}’s phone`), h("p", { class: "muted" }, "It types and sends a message. Watch it travel to the right.")];
  }

  #measure() {
    const height = parseInt(getComputedStyle(this.node).getPropertyValue("--row"), 10) || 28;
    this.list.height = height;
    this.list.render(this.list.items);
    this.#current();
  }
}

function blank() {
  const node = h("div", { role: "option", class: "row" });
  node.addEventListener("animationend", () => node.classList.remove("fresh"));
  return node;
}

function haystack(call) {
  return (call.hay ??= [call.network, call.event, call.method, call.url, call.ref, call.text, call.error, call.direction, call.who].join(" ").toLowerCase())
    + ` ${call.status ?? ""} ${call.error ?? ""}`.toLowerCase();
}

/** The end of the route of a webhook; for a call what it is about, its method and path being in the event's name. */
function route({ direction, method, url, ref, frame }) {
  if (frame) return frame.state ?? "";
  if (direction === "webhook") return `${method} ${path(url)}`;
  if (!ref) return "";
  const topic = /^-?\d+:(\d+)$/.exec(ref);
  return topic ? `topic ${topic[1]}` : ref.length > 14 ? `${ref.slice(0, 4)}…${ref.slice(-4)}` : ref;
}

function path(url) {
  const whole = URL.canParse(url, location.href) ? new URL(url, location.href).pathname : url;
  const parts = whole.split("/");
  return parts.length > 2 ? `…/${parts.at(-1)}` : whole;
}

function notes({ attempt, waited, signature, who }) {
  const list = who ? [["muted", who]] : [];
  if (attempt > 1) list.push(["again", `${ordinal(attempt)} try${waited === undefined ? "" : `, waited ${waited.toFixed(1)} s`}`]);
  if (signature === "ok") list.push(["ok", "sig ok"]);
  if (signature === "refused") list.push(["wrong", "sig refused"]);
  return list;
}

function status(call) {
  if (call.frame && !call.status && !call.error) return h("span", { class: "code" });
  if (call.status == null && !call.error) return h("span", { class: "code open", title: "Not answered yet" }, "…");
  const kind = call.status === 429 ? "slow" : failed(call) ? "wrong" : "ok";
  return h("span", { class: `code ${kind}` }, call.status ? String(call.status) : call.frame ? "err" : "none");
}
