// The line on top: how the bridge is, what waits, the faults, the theme, the keys.

import { fault } from "./api.js";
import { at, byId, h, icon, placeBelow, say, span, sync } from "./dom.js";

const KILL = { network: "bridge", id: "kill", label: "Kill the bridge (kill -9)", on: false, hint: "It starts again by itself and goes on where it was." };

const isKill = ({ network, id }) => network === KILL.network && id === KILL.id;

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
    say(byId("bridge-state"), { ready: "ready", starting: "starting", down: "down" }[bridge.state] ?? bridge.state);
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
    const { faults, bridge, networks } = this.store;
    const order = [...networks.map(({ name }) => name), "bridge"];
    const all = (faults.some(isKill) ? faults : [...faults, KILL]).map((item) => ({ ...item, ...this.#aimed(item) }));
    all.sort((a, b) => order.indexOf(a.network) - order.indexOf(b.network));
    const on = all.filter((item) => item.on).length;
    say(byId("faults-on"), on ? String(on) : "");
    byId("faults-on").hidden = !on;
    byId("faults").setAttribute("aria-label", on ? `Faults, ${on} on` : "Faults");
    sync(byId("fault-list"), all, ({ network, id }) => `${network}-${id}`, (item) => this.#switch(item), (node, item) => {
      const { firstElementChild: button } = node;
      button.setAttribute("aria-checked", String(Boolean(item.on)));
      say(button.querySelector(".label"), item.label);
      say(node.querySelector(".hint"), item.hint ?? "");
      const count = node.querySelector(".toll");
      if (count) say(count, `${bridge.lost ?? 0} lost · ${bridge.doubled ?? 0} doubled · killed ${times(bridge.kills ?? 0)}`);
      count?.classList.toggle("wrong", bridge.lost > 0 || bridge.doubled > 0);
    });
  }

  /** The carrier refuses one customer: the one whose phone is open when the switch is turned. */
  #aimed({ id, on, value } = {}) {
    const { people, person } = this.store;
    const whom = id === "refuse" && (on ? people.find(({ address }) => address === value) : person);
    if (!whom) return {};
    return { label: `The carrier refuses ${whom.name}’s number`, hint: `What is sent to ${whom.name} comes back as undelivered.`, aim: whom.address };
  }

  #switch({ network, id }) {
    const kill = isKill({ network, id });
    const hint = `hint-${network}-${id}`;
    const flip = async ({ currentTarget }) => {
      try {
        const { aim } = this.#aimed(this.store.faults.find((item) => item.network === network && item.id === id));
        await fault(network, id, currentTarget.ariaChecked !== "true", aim);
      } catch ({ message }) {
        this.store.complain(message);
      }
    };
    return h("div", { class: kill ? "fault kill" : "fault" },
      h("button", { type: "button", role: "switch", "aria-describedby": hint, "data-testid": `fault-${network}-${id}`, click: flip },
        h("span", { class: "label" }), h("i", { class: "knob" })),
      h("p", { class: "hint muted", id: hint }),
      kill && h("p", { class: "toll" }));
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
  ["Anywhere", [["1  2  3", "Phones, the wire, Telegram"], ["/", "Filter the wire"], ["n", "New customer"],
    ["f", "Faults"], ["?", "This help"], ["Esc", "Close, or back to the list"]]],
  ["In a list", [["↑  ↓", "The next phone, topic or event"], ["Home  End", "The first, the last"], ["Enter", "Write, or open the event"]]],
  ["On a message", [["↑  ↓", "The next message"], ["Enter", "Reply (in a topic)"], ["e", "Edit your own"], ["Delete", "Remove (on a phone)"]]],
  ["Writing", [["Enter", "Send"], ["Shift Enter", "A new line"], ["↑", "Edit the last one, when nothing is written"], ["Esc", "Back to the list"]]],
];

export function showHelp() {
  const dialog = byId("help-dialog");
  const keys = (text) => text.split("  ").map((key) => h("kbd", null, key));
  dialog.replaceChildren(
    h("h2", { id: "help-title" }, "Keys"),
    h("p", { class: "muted" }, "What is typed on a phone goes over the wire, through the real bridge, into a Telegram topic, and back. One colour follows one message."),
    h("div", { class: "keys" }, KEYS.map(([title, list]) => h("section", null, h("h3", null, title),
      h("dl", null, list.map(([key, words]) => h("div", null, h("dt", null, keys(key)), h("dd", null, words))))))),
    h("div", { class: "buttons" }, h("button", { type: "button", class: "button primary", click: () => dialog.close() }, "Close")));
  dialog.showModal();
}
