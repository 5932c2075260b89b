// The line on top: how the bridge is, what waits, the faults, the theme, the keys.

import { fault } from "./api.js";
import { at, byId, h, icon, placeBelow, say, span, sync } from "./dom.js";

export class Header {
  constructor(store) {
    this.store = store;
    for (const [menu, button] of [["faults-menu", "faults"], ["waiting-menu", "waiting"]]) {
      byId(menu).addEventListener("toggle", ({ newState }) => newState === "open" && placeBelow(byId(menu), byId(button)));
    }
    byId("faults-menu").append(h("h2", null, "Faults"), h("p", { class: "muted" }, "Break something and watch what the bridge does about it."), h("div", { id: "fault-list" }));
    setInterval(() => this.tick(), 1000);
  }

  render() {
    const { bridge } = this.store;
    byId("status").dataset.state = bridge.state;
    say(byId("bridge-state"), bridge.state);
    say(byId("bridge-store"), bridge.store ?? "");
    say(byId("bridge-relayed"), `${(bridge.relayed ?? 0).toLocaleString()} relayed`);
    say(byId("waiting"), `${(bridge.waiting ?? 0).toLocaleString()} waiting`);
    byId("waiting").classList.toggle("some", bridge.waiting > 0);
    this.#faults();
    this.tick();
  }

  /** What counts with the clock: up since, waiting until. */
  tick() {
    const { bridge } = this.store;
    const now = Date.now() / 1000;
    say(byId("bridge-up"), bridge.state === "ready" && bridge.up_since ? `up ${span(now - bridge.up_since)}` : "");
    const waiting = (bridge.waiting_why ?? []).map((item, index) => ({ ...item, key: index }));
    const lines = (place) => sync(place, waiting, ({ key }) => key, () => h("li", null, icon("clock"), h("span", null, h("b"), h("span"))), (node, item) => {
      const [lane, why] = node.lastChild.children;
      say(lane, `${item.lane} `);
      say(why, heldWords(item, now));
    });
    byId("waiting-strip").hidden = !waiting.length;
    lines(byId("waiting-strip"));
    const menu = byId("waiting-menu");
    if (!menu.firstChild) menu.append(h("h2", null, "Waiting"), h("p", { class: "muted" }), h("ul", { class: "waiting-list" }));
    say(menu.children[1], waiting.length ? "Nothing of this is lost: it goes out as soon as it may." : "Nothing waits: all that came in has gone out.");
    lines(menu.children[2]);
  }

  #faults() {
    const { bridge } = this.store;
    const all = this.#switches();
    const on = all.filter((item) => item.on).length;
    say(byId("faults-on"), on ? String(on) : "");
    byId("faults-on").hidden = !on;
    byId("faults").setAttribute("aria-label", on ? `Faults, ${on} on` : "Faults");
    const headed = all.flatMap((item, index) => (item.network === (all[index - 1] ?? item).network ? [item] : [{ key: `of-${item.network}`, heading: item.network }, item]));
    sync(byId("fault-list"), headed, ({ key }) => key, (item) => (item.heading ? h("h3", null, item.heading) : this.#make(item)), (node, item) => {
      if (item.heading) return;
      node.item = item;
      if (item.id !== "kill") node.firstElementChild.setAttribute("aria-checked", String(Boolean(item.on)));
      say(node.querySelector(".label"), item.label);
      say(node.querySelector(".hint"), item.hint);
      const toll = node.querySelector(".toll");
      if (toll) say(toll, `${bridge.lost ?? 0} lost · ${bridge.doubled ?? 0} doubled · killed ${times(bridge.kills ?? 0)}`);
      toll?.classList.toggle("wrong", bridge.lost > 0 || bridge.doubled > 0);
    });
  }

  /** What can be switched; the carrier refuses each customer by a switch of their own. */
  #switches() {
    const { faults, people } = this.store;
    return faults.map((item) => ({ ...item, key: `${item.network}-${item.id}` })).flatMap((item) => {
      if (item.id !== "refuse") return item;
      const there = people.filter(({ home }) => home === item.network);
      const refused = item.on ? [item.value ?? there.map(({ address }) => address)].flat() : [];
      return there.map(({ id, name, address }) => ({
        ...item, key: `${item.key}-${id}`, label: `The carrier refuses ${name}’s number`, hint: `What is sent to ${name} comes back as undelivered.`,
        on: refused.includes(address), rest: refused.filter((other) => other !== address), address,
      }));
    });
  }

  async #flip({ network, id, on, rest, address }) {
    const value = rest && (on ? rest : [...rest, address]);
    try {
      await fault(network, id, value ? value.length > 0 : !on, value);
    } catch ({ message }) {
      this.store.complain(message);
    }
  }

  #make({ key, id }) {
    const label = h("span", { class: "label" });
    const common = { type: "button", "aria-describedby": `hint-${key}`, "data-testid": `fault-${key}`, click: () => this.#flip(node.item) };
    const kill = id === "kill";
    const node = h("div", { class: kill ? "fault kill" : "fault" },
      kill ? h("button", { ...common, class: "button danger" }, label) : h("button", { ...common, role: "switch" }, label, h("i", { class: "knob" })),
      h("p", { class: "hint muted", id: `hint-${key}` }),
      kill && h("p", { class: "toll", role: "status" }));
    return node;
  }
}

const times = (n) => (n === 1 ? "once" : `${n.toLocaleString()} times`);

function heldWords({ why, until }, now) {
  if (!until) return why;
  const left = Math.ceil(until - now);
  return `${why}, until ${at(until, "second")}${left > 0 ? ` (in ${left} s)` : ""}`;
}

const THEMES = ["auto", "light", "dark"];
const LOOK = "trunkline-theme";

/** The theme as it was left; the button goes round. */
export function startTheme() {
  const button = byId("theme");
  const root = document.documentElement;
  const show = (theme) => {
    if (theme === "auto") delete root.dataset.theme;
    else root.dataset.theme = theme;
    button.replaceChildren(icon(theme));
    button.dataset.theme = theme;
    button.title = `Theme: ${theme}`;
    button.setAttribute("aria-label", `Theme: ${theme}`);
  };
  show(THEMES.includes(localStorage.getItem(LOOK)) ? localStorage.getItem(LOOK) : "auto");
  button.addEventListener("click", () => {
    const theme = THEMES[(THEMES.indexOf(button.dataset.theme) + 1) % THEMES.length];
    localStorage.setItem(LOOK, theme);
    show(theme);
  });
}

const KEYS = [
  ["Anywhere", [["1  2", "Customers, the wire"], ["3  4  5", "Telegram, the console, the receiver"], ["/", "Filter the wire"], ["n", "New customer"],
    ["f", "Faults"], ["?", "This help"], ["Esc", "Close, or back to the list"]]],
  ["In a list", [["↑  ↓", "The next customer, conversation or event"], ["Home  End", "The first, the last"], ["Enter", "Write, or open the event"]]],
  ["On a message", [["↑  ↓", "The next message"], ["Enter", "Reply (in a topic)"], ["e", "Edit your own"], ["Delete", "Remove your own"]]],
  ["Writing", [["Enter", "Send"], ["Shift Enter", "A new line"], ["↑", "Edit the last one, when nothing is written"], ["Esc", "Back to the list"]]],
];

export function showHelp() {
  const dialog = byId("help-dialog");
  const keys = (text) => text.split("  ").map((key) => h("kbd", null, key));
  dialog.replaceChildren(
    h("h2", { id: "help-title" }, "Keys"),
    h("p", { class: "muted" }, "What a customer types goes over the wire, through the real bridge, to every agents’ leg: a Telegram topic, the console, a signed receiver. The answer comes back the same way. One colour follows one message."),
    h("div", { class: "keys" }, KEYS.map(([title, list]) => h("section", null, h("h3", null, title),
      h("dl", null, list.map(([key, words]) => h("div", null, h("dt", null, keys(key)), h("dd", null, words))))))),
    h("div", { class: "buttons" }, h("button", { type: "button", class: "button primary", click: () => dialog.close() }, "Close")));
  dialog.showModal();
}
