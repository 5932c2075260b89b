// The sandbox's page: brings the state in, draws the three columns, follows the events and the keys.

import * as api from "./api.js";
import { announce, byId, narrow, say } from "./dom.js";
import { Header, showHelp, startTheme } from "./header.js";
import { preview } from "./messages.js";
import { Phones } from "./phones.js";
import { Store } from "./store.js";
import { Telegram } from "./telegram.js";
import { watchThreads } from "./threads.js";
import { Wire } from "./wire.js";

const GREETING = "Hello! Has my order left yet?";

startTheme();
const store = new Store((what, detail) => {
  if (what === "wire") wire.heard(detail), mark("wire-column");
  else if (what === "message") news(detail);
  else if (what === "complaint") warn(detail);
  draw();
});
const panes = { phones: new Phones(store), wire: new Wire(store, { typeForMe }), telegram: new Telegram(store), header: new Header(store) };
const { phones, wire } = panes;
const columns = { phones: "phones", wire: "wire-column", telegram: "telegram" };

// Drawing: once a frame; each part changes only what differs.
let due = false;

function draw() {
  if (!due) requestAnimationFrame(flush);
  due = true;
}

function flush() {
  due = false;
  for (const pane of Object.values(panes)) pane.render();
}

/** A new message, or one that failed: spoken, followed to its topic, and marked on a tab that is not open. */
function news({ place, message, fresh }) {
  const where = place.group ? `in ${place.name}` : `on ${place.name}’s phone`;
  if (message.status === "failed") announce(`Not delivered ${where}: ${message.error || "no reason given"}`);
  else if (fresh && !message.service) announce(`${message.author || "New"} ${where}: ${preview(message)}`);
  mark(place.group ? "telegram" : "phones");
  const topic = store.counterpart(store.person);
  const writing = byId("telegram").contains(document.activeElement);
  if (place === topic && place !== store.topic && !writing) store.open(place);
}

// Under 900 px the columns are tabs.
const tabs = [...document.querySelectorAll('[role="tab"]')];

function show(column, focus = false) {
  byId("stage").dataset.tab = column;
  for (const tab of tabs) {
    const chosen = tab.dataset.tab === column;
    tab.setAttribute("aria-selected", String(chosen));
    tab.tabIndex = chosen ? 0 : -1;
    if (chosen) tab.classList.remove("news");
    if (chosen && focus) tab.focus();
    const panel = byId(tab.dataset.tab);
    panel.role = narrow.matches ? "tabpanel" : null;
  }
  draw();
}

function mark(column) {
  if (byId("stage").dataset.tab !== column) tabs.find((tab) => tab.dataset.tab === column).classList.add("news");
}

for (const tab of tabs) {
  tab.addEventListener("click", () => show(tab.dataset.tab));
  tab.addEventListener("keydown", ({ key }) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[key];
    if (step) show(tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length].dataset.tab, true);
  });
}
narrow.addEventListener("change", () => show(byId("stage").dataset.tab));

function go(name) {
  if (narrow.matches) show(columns[name]);
  panes[name].focus();
}

// Keys that work wherever nothing is being written.
const keys = {
  1: () => go("phones"),
  2: () => go("wire"),
  3: () => go("telegram"),
  "/": () => (go("wire"), byId("wire-text").focus()),
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
    store.load(await api.state());
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
await reload();
flush();
performance.mark("trunkline-ready"); // from here on the page can be used
api.follow(store.seq, { heard, connected });
