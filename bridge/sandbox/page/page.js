// The sandbox's page: brings the state in, draws the three columns, follows the events and the keys.

import * as api from "./api.js";
import { Console } from "./console.js";
import { announce, byId, narrow, say } from "./dom.js";
import { Header, showHelp, startTheme } from "./header.js";
import { Legs } from "./legs.js";
import { preview } from "./messages.js";
import { Phones } from "./phones.js";
import { Receiver } from "./receiver.js";
import { RECEIVER, Store } from "./store.js";
import { Tabs } from "./tabs.js";
import { Telegram } from "./telegram.js";
import { watchThreads } from "./threads.js";
import { Wire } from "./wire.js";

const GREETING = "Hello! Has my order left yet?";

startTheme();
const store = new Store((what, detail) => {
  if (what === "wire") wire.heard(detail), mark("wire-column");
  else if (what === "message") news(detail);
  else if (what === "leg") told(detail);
  else if (what === "complaint") warn(detail);
  draw();
});
const legs = new Legs(store);
const panes = {
  phones: new Phones(store), wire: new Wire(store, { typeForMe }), header: new Header(store),
  group: new Telegram(store), console: new Console(store, legs), receiver: new Receiver(store),
};
const { phones, wire } = panes;

// Drawing: once a frame; each part changes only what differs.
let due = false;

function draw() {
  if (!due) requestAnimationFrame(flush);
  due = true;
}

function flush() {
  due = false;
  legs.follow();
  for (const pane of Object.values(panes)) pane.render();
}

/** A new message, or one that failed: spoken, followed to its topic, and marked on a tab that is not open. */
function news({ place, message, fresh }) {
  if (place.group?.home === RECEIVER) return; // its requests are told by the wire
  const where = place.group ? `in ${place.name}` : place.talk ? `in ${place.name}’s chat` : `on ${place.name}’s phone`;
  if (message.status === "failed") announce(`Not delivered ${where}: ${message.error || "no reason given"}`);
  else if (fresh && !message.service) announce(`${message.author || "New"} ${where}: ${preview(message)}`);
  mark(place.group ? "telegram" : "phones");
  if (place.group) agents.mark("group");
  const topic = store.counterpart(store.person);
  const writing = byId("telegram").contains(document.activeElement);
  if (place === topic && place !== store.topic && !writing) store.open(place);
}

/** Something came to the console or the receiver. */
function told({ leg, conversation, message }) {
  if (leg === "console") panes.console.told(conversation, message);
  agents.mark(leg);
}

// The agents' legs are tabs of their column; under 900 px the columns are tabs too.
const agents = new Tabs(byId("legs"), (leg) => {
  for (const panel of document.querySelectorAll(".leg")) panel.hidden = panel.id !== leg;
  draw();
});
const columns = new Tabs(document.querySelector(".columns"), (column) => {
  byId("stage").dataset.tab = column;
  for (const panel of document.querySelectorAll(".column")) panel.role = narrow.matches ? "tabpanel" : null;
  draw();
});
narrow.addEventListener("change", () => columns.open(columns.current));

const mark = (column) => columns.mark(column);
const show = (column) => columns.open(column);

function go(column, name) {
  if (narrow.matches) show(column);
  if (column === "telegram") agents.open(name);
  panes[name].focus();
}

// Keys that work wherever nothing is being written.
const keys = {
  1: () => go("phones", "phones"),
  2: () => go("wire-column", "wire"),
  3: () => go("telegram", "group"),
  4: () => go("telegram", "console"),
  5: () => go("telegram", "receiver"),
  "/": () => (go("wire-column", "wire"), byId("wire-text").focus()),
  "?": showHelp,
  n: () => phones.askNew(),
  f: () => (byId("faults-menu").showPopover(), byId("faults-menu").querySelector("button")?.focus()),
  Escape: () => wire.close(),
};

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
  if (event.target.closest("dialog, [popover]") || document.querySelector("dialog[open]")) return;
  if (event.target.matches("input, textarea, select") && event.key !== "Escape") return;
  event.preventDefault();
  keys[event.key]();
});

byId("phone-start").addEventListener("click", () => typeForMe(store.person));
byId("help").addEventListener("click", showHelp);
for (const dialog of document.querySelectorAll("dialog")) dialog.addEventListener("click", ({ target }) => target === dialog && dialog.close());

function typeForMe(person) {
  store.open(person);
  if (narrow.matches) show("phones");
  requestAnimationFrame(() => phones.composer.type(GREETING));
}

// One line below the header says what is wrong with the sandbox itself.
let hide;

function warn(words, stays = false) {
  clearTimeout(hide);
  say(byId("lost"), words);
  byId("lost").hidden = !words;
  if (words && !stays) hide = setTimeout(() => warn(""), 8000);
}

// The stream. While the state is being fetched again, what comes meanwhile is kept and applied after it.
let kept = null;

function heard(event) {
  if (kept) kept.push(event);
  else if (store.apply(event)) reload();
}

async function reload() {
  kept = [];
  try {
    const state = await api.state();
    if (store.data && state.data !== store.data) return location.reload(); // a fresh start: nothing that is known here is true
    store.load(state);
    warn("");
  } catch ({ message }) {
    warn(message, true);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    return reload();
  }
  const missed = kept.filter((event) => event.type !== "reset");
  kept = null;
  missed.forEach(heard);
  return undefined;
}

function connected(yes) {
  document.documentElement.classList.toggle("offline", !yes);
  warn(yes ? "" : "The sandbox does not answer. The page tries again until it does.", !yes);
}

watchThreads(document.documentElement);
show("phones");
agents.open("group");
await reload();
flush();
performance.mark("trunkline-ready"); // from here on the page can be used
api.follow(store.seq, { heard, connected });
