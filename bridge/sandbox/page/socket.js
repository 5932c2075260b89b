// A client of the bridge's websocket protocol, trunkline.v1 (docs/protocol.md): it comes back after every end, misses nothing and
// says nothing twice. It keeps no messages: whoever listens does.

import * as api from "./api.js";

const FOR_GOOD = new Set([4400, 4403, 4413]); // close codes after which nobody comes back
const LONGEST_MS = 30_000;
const DURABLE = new Set(["send", "edit", "delete"]); // kept over a reload of the page until they are acked

export class Socket {
  state = "connecting"; // or "open", "away" (it tries again), "refused"
  #ws = null;
  #welcomed = false;
  #seen = {}; // conversation -> the seq up to which everything came
  #since;
  #failures = 0;
  #asked = new Map(); // ref -> {frame, resolve, reject}: sent again after each welcome
  #renewal;

  /** `who` is {role, id, name, data}: of which sandbox. `heard(frame)` gets what the server says, once and in its order; `changed()` is called when `state`
   *  is another; `report(direction, frame)` is told each frame, "in" to the bridge and "out" of it. */
  constructor(who, { heard, changed, report }) {
    Object.assign(this, { who, heard, changed, report });
    this.left = JSON.parse(sessionStorage.getItem(this.#shelf) ?? "[]"); // what an earlier page sent and saw no ack of
    this.#connect();
  }

  /** Asks for something that is answered: resolves with the answer, rejects with the server's words. Over any connection. */
  ask(frame) {
    const whole = { ...frame, ref: frame.ref ?? crypto.randomUUID() };
    return new Promise((resolve, reject) => {
      this.#asked.set(whole.ref, { frame: whole, resolve, reject });
      this.#keep();
      if (this.#welcomed) this.#put(whole);
    });
  }

  /** Says something that is worth nothing later: typing, read. */
  tell(frame) {
    if (this.#welcomed) this.#put(frame);
  }

  get #shelf() {
    return `trunkline-unacked-${this.who.data}-${this.who.role}-${this.who.id}`;
  }

  #keep() {
    const frames = [...this.#asked.values()].map(({ frame }) => frame).filter(({ type }) => DURABLE.has(type));
    if (frames.length) sessionStorage.setItem(this.#shelf, JSON.stringify(frames));
    else sessionStorage.removeItem(this.#shelf);
  }

  async #connect() {
    try {
      const { token, url, lifetime_s: lifetime } = await api.token(this.who);
      const ws = (this.#ws = new WebSocket(url, "trunkline.v1"));
      ws.onopen = () => this.#put({ type: "hello", token, resume: this.#seen, ...(this.#since && { since: this.#since }) });
      ws.onmessage = ({ data }) => this.#hear(JSON.parse(data));
      ws.onclose = ({ code }) => this.#closed(code);
      clearTimeout(this.#renewal);
      this.#renewal = setTimeout(() => this.#renew(), lifetime * 500);
    } catch {
      this.#closed(0);
    }
  }

  /** Half of the token's time is over: another one, over the same connection. */
  async #renew() {
    const given = await api.token(this.who).catch(() => null);
    if (given) this.tell({ type: "hello", token: given.token });
    this.#renewal = setTimeout(() => this.#renew(), given ? given.lifetime_s * 500 : LONGEST_MS);
  }

  #closed(code) {
    this.#welcomed = false;
    this.#turn(FOR_GOOD.has(code) ? "refused" : "away");
    if (this.state === "away") setTimeout(() => this.#connect(), Math.random() * Math.min(LONGEST_MS, 500 * 2 ** this.#failures++));
  }

  #turn(state) {
    this.state = state;
    this.changed();
  }

  #put(frame) {
    if (this.#ws.readyState !== WebSocket.OPEN) return; // what is asked for is put again after the next welcome
    this.#ws.send(JSON.stringify(frame));
    this.report("in", frame);
  }

  #hear(frame) {
    this.report("out", frame);
    if (frame.type === "welcome") this.#welcome(frame);
    else if (frame.type === "message" && frame.seq <= (this.#seen[frame.conversation] ?? 0)) return;
    else if (frame.type === "message") this.#seen[frame.conversation] = frame.seq;
    else if (frame.type === "ack" && frame.seq === (this.#seen[frame.conversation] ?? 0) + 1) this.#seen[frame.conversation] = frame.seq;
    else if (frame.type === "history") this.#seen[frame.conversation] ??= frame.messages.at(-1)?.seq;
    this.#settle(frame);
    this.heard(frame);
  }

  #welcome({ conversations, server_time: time }) {
    this.#failures = 0;
    if (!this.#since) for (const { id, last_seq: seq } of conversations) this.#seen[id] = seq;
    this.#since ??= time;
    if (this.#welcomed) return; // a fresh token
    this.#welcomed = true;
    for (const { frame } of this.#asked.values()) this.#put(frame);
    this.#turn("open");
  }

  /** An answer; a message of our own that comes by replay is as good as its ack. */
  #settle(frame) {
    const asked = frame.ref && this.#asked.get(frame.ref);
    if (!asked) return;
    this.#asked.delete(frame.ref);
    this.#keep();
    if (frame.type === "error") asked.reject(new Error(frame.message));
    else asked.resolve(frame);
  }
}
