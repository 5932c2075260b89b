// Small tools that every part of the page uses: elements, keyed lists, list keys, times and words.

export const byId = (id) => document.getElementById(id);

/** An element; what people wrote goes in as a string child, which becomes a text node and never markup. */
export function h(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") node.addEventListener(name, value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child || child === 0));
  return node;
}

/** A picture from the sprite in index.html; `label` speaks where no text stands beside it. */
export function icon(name, label) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", `icon icon-${name}`);
  if (label) svg.setAttribute("role", "img"), svg.setAttribute("aria-label", label);
  else svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(svg.namespaceURI, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

export const iconButton = (name, label, click, attributes = {}) =>
  h("button", { type: "button", class: "round", "aria-label": label, title: label, click, ...attributes }, icon(name));

/** Makes the children of `parent` those of `items`, in order, keeping the nodes whose key stays. */
export function sync(parent, items, keyOf, make, update = () => {}) {
  const old = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  let next = parent.firstElementChild;
  for (const item of items) {
    const key = String(keyOf(item));
    const node = old.get(key) ?? make(item);
    old.delete(key);
    node.dataset.key = key;
    update(node, item);
    if (node === next) next = next.nextElementSibling;
    else parent.insertBefore(node, next);
  }
  for (const node of old.values()) node.remove();
}

/** Sets text only where it differs, so that selections and live regions are left in peace. */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Up, down, Home, End and Enter of a list whose focus stays on the list itself. */
export function listKeys(node, move, open) {
  node.addEventListener("keydown", (event) => {
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity };
    if (event.target !== node || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in steps) move(steps[event.key]);
    else if (event.key === "Enter") open();
    else return;
    event.preventDefault();
  });
}

/** The item `step` places from the one with `key`, kept inside the list. */
export function neighbour(items, key, step) {
  const at = items.findIndex((item) => item.key === key);
  if (at < 0) return step < 0 ? items.at(-1) : items[0];
  return items[Math.min(items.length - 1, Math.max(0, at + step))];
}

/** Keeps a list at its end until somebody scrolls up: `stuck` tells, `go()` returns there, `keep()` follows what grows or shrinks. */
export function stickToEnd(node, slack, scrolled = () => {}) {
  let top = 0;
  const end = { stuck: true, go: () => ((end.stuck = true), end.keep()), keep: () => end.stuck && (node.scrollTop = node.scrollHeight) };
  node.addEventListener("scroll", () => {
    if (node.scrollHeight - node.scrollTop - node.clientHeight < slack) end.stuck = true;
    else if (node.scrollTop < top) end.stuck = false; // up by hand: a box that shrinks leaves the place as it is
    top = node.scrollTop;
    scrolled();
  }, { passive: true });
  return end;
}

export const calm = matchMedia("(prefers-reduced-motion: reduce)");
export const narrow = matchMedia("(max-width: 899px)");

// Clock times by hand: building Intl formats would cost a fifth of the page's start.
const clock = (date) => date.toTimeString().slice(0, 8);
const formats = {
  minute: (date) => clock(date).slice(0, 5),
  second: clock,
  milli: (date) => `${clock(date)}.${String(date.getMilliseconds()).padStart(3, "0")}`,
  day: (date) => date.toDateString(),
};

export const at = (seconds, how = "minute") => formats[how](new Date(seconds * 1000));

/** A local time; the exact one shows on hover. */
export function time(seconds, how = "minute") {
  const date = new Date(seconds * 1000);
  return h("time", { datetime: date.toISOString(), title: `${date.toDateString()} ${formats.milli(date)} (${date.toISOString()})` }, at(seconds, how));
}

export function span(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  return [whole / 3600, (whole / 60) % 60, whole % 60].map((part) => String(Math.floor(part)).padStart(2, "0")).join(":");
}

export function duration(ms) {
  if (ms < 1000) return `${ms < 10 ? Math.round(ms * 10) / 10 : Math.round(ms)} ms`;
  return `${(ms / 1000).toFixed(1)} s`;
}

export function size(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1048576 ? `${Math.round(bytes / 1024)} KiB` : `${(bytes / 1048576).toFixed(1)} MiB`;
}

export function initials(name) {
  const words = name.replace(/ · .*$/, "").split(/\s+/).filter((word) => /^\p{L}/u.test(word));
  if (!words.length) return name.replace(/\D/g, "").slice(-2) || "?";
  return words.slice(0, 2).map((word) => [...word][0]).join("").toUpperCase();
}

/** Speaks politely to a screen reader; older news are dropped. */
export function announce(words) {
  const region = byId("spoken");
  region.append(h("span", null, `${words} `));
  while (region.children.length > 5) region.firstElementChild.remove();
}

/** Puts a popover below its button, inside the window. */
export function placeBelow(menu, anchor) {
  const { left, right, bottom } = anchor.getBoundingClientRect();
  menu.style.top = `${Math.min(bottom + 4, innerHeight - menu.offsetHeight - 8)}px`;
  const wanted = left + menu.offsetWidth > innerWidth - 8 ? right - menu.offsetWidth : left;
  menu.style.left = `${Math.max(8, Math.min(wanted, innerWidth - menu.offsetWidth - 8))}px`;
}
