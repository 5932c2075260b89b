// The signed receiver: what was POSTed to another system and whether its signature is right, and what that system posts itself.

import { act, call as fetchCall, signed } from "./api.js";
import { colored } from "./detail.js";
import { byId, h, icon, say, sync, time } from "./dom.js";
import { failed, RECEIVER } from "./store.js";
import { thread } from "./threads.js";

const SHOWN = 60; // the newest

export class Receiver {
  #bodies = new Map(); // of calls that ended: {type, data}

  constructor(store) {
    this.store = store;
    this.into = byId("post-into");
    byId("post-form").addEventListener("submit", (event) => (event.preventDefault(), this.#post()));
    this.into.addEventListener("input", () => this.render());
    byId("post-text").addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.isComposing) event.preventDefault(), byId("post-form").requestSubmit();
    });
  }

  focus() {
    byId("posts").focus();
  }

  /** While the panel is not to be seen there is nothing to draw. */
  render() {
    if (byId("receiver").hidden) return;
    const { received, wire, ours } = this.store;
    const calls = wire.filter(({ network }) => network === RECEIVER).slice(-SHOWN).reverse();
    byId("posts-empty").hidden = calls.length > 0;
    byId("posts").hidden = !calls.length;
    sync(byId("posts"), calls, ({ id }) => id, (call) => this.#row(call), (node, call) => this.#refresh(node, call));
    const places = [...received.map(({ id, name }) => [id, name]).reverse(), ["", "Write first…"]];
    sync(this.into, places, ([id]) => id, ([id]) => h("option", { value: id }), (node, [, name]) => say(node, name));
    sync(byId("post-from"), ours, (one) => one, (one) => h("option", { value: one }, one));
    byId("post-first").hidden = Boolean(this.into.value);
    byId("post-to").required = !this.into.value;
  }

  #row(call) {
    const row = h("details", { class: "post" },
      h("summary", null, h("span", { class: "arrow" }), h("b"), h("span", { class: "notes" }), h("span", { class: "code" }), h("span", { class: "about" }, h("span"), " ", h("q")), time(call.at, "second")),
      h("pre", { tabindex: 0 }, "Fetching…"));
    return row;
  }

  #refresh(row, call) {
    if (row.version === call.version && row.body === this.#bodies.get(call.id)) return;
    [row.version, row.body] = [call.version, this.#bodies.get(call.id)];
    if (!row.body) this.#fetch(call.id);
    const [arrow, type, notes, code, about] = row.firstElementChild.children;
    const [where, said] = about.children;
    const came = call.direction === "call";
    row.classList.toggle("failed", failed(call));
    thread(row, call.thread);
    arrow.replaceChildren(icon(came ? "in" : "out", came ? "Came:" : "Posted:"));
    say(type, call.event);
    say(where, this.#where(call, row.body));
    notes.replaceChildren(...notesOf(call).map(([kind, words]) => h("span", { class: kind }, words)));
    code.className = `code ${call.status == null && !call.error ? "open" : failed(call) ? "wrong" : "ok"}`;
    say(code, call.status ? String(call.status) : call.error ? "none" : "…");
    say(said, call.text || fate(row.body?.data));
    said.hidden = !said.textContent;
    if (row.body) row.lastElementChild.replaceChildren(...colored(JSON.stringify(row.body, null, 2)));
  }

  #where({ ref }, body) {
    const found = this.store.received.find(({ id }) => id === (ref || body?.data?.conversation));
    return found?.name ?? body?.data?.conversation?.title ?? body?.data?.to ?? "";
  }

  async #fetch(id) {
    if (this.#bodies.has(id)) return;
    this.#bodies.set(id, undefined); // once
    const whole = await fetchCall(id).catch(() => null);
    const text = whole?.request?.body;
    if (text) this.#bodies.set(id, JSON.parse(text)), this.store.changed();
  }

  /** Into a conversation, or first: to an address of a customer, from one of ours. */
  async #post() {
    const [text, into] = [byId("post-text").value.trim(), this.into.value];
    if (!text) return;
    byId("post-text").value = "";
    say(byId("post-answer"), "");
    try {
      if (into) await act(RECEIVER, { do: "say", topic: into, text });
      else await this.#first(text);
    } catch ({ message }) {
      byId("post-text").value ||= text;
      say(byId("post-answer"), message);
    }
  }

  async #first(text) {
    const data = { to: byId("post-to").value.trim(), from: byId("post-from").value, text, author: { id: "bot", name: "CRM" } };
    const { status, body } = await signed(RECEIVER, { type: "message.send", data });
    if (status !== 202) throw new Error(body?.detail ?? `The bridge answered ${status}.`);
  }
}

function notesOf({ signature, attempt }) {
  return [
    attempt > 1 && ["again", `try ${attempt}`],
    signature === "ok" && ["ok", "sig ok"],
    signature === "refused" && ["wrong", "sig refused"],
  ].filter(Boolean);
}

/** A receipt in words: what became of it, where, in how many segments. */
function fate({ state, reason, segments, leg } = {}) {
  if (!state || !leg) return "";
  return [`${state} on ${leg.channel}`, reason, segments > 1 && `${segments} segments`].filter(Boolean).join(", ");
}
