// What the page knows: the views of both sides, the wire, and what is open. Events change it; listeners draw it.

import { at } from "./dom.js";
import { Frames } from "./frames.js";

export const WEB = "web"; // the channel whose client is this page
export const RECEIVER = "webhook";
const KEPT = 20000; // wire lines; the oldest go first

export class Store {
  bridge = { state: "starting", waiting_why: [] };
  networks = [];
  people = [];
  groups = [];
  faults = [];
  data = ""; // names what the sandbox has kept: another one after a fresh start
  console = null; // who sits at the agents' console
  ours = []; // the addresses that customers write to
  wire = [];
  seq = 0;
  person = null; // what is open on either side
  topic = null;
  frames = new Frames();
  #calls = new Map();
  #tries = new Map();
  #tell;

  /** `listener(what, detail)`: what is "change", "wire" (a line), "message" (new, or failed) or "complaint" (words). */
  constructor(listener) {
    this.#tell = listener;
  }

  /** The topics of Telegram (and of whatever outsiders bring); a receiver of webhooks has a place of its own. */
  get topics() {
    return this.groups.filter(({ home }) => home !== RECEIVER).flatMap((group) => group.topics);
  }

  /** The conversations that the receiver was told of. */
  get received() {
    return this.groups.filter(({ home }) => home === RECEIVER).flatMap((group) => group.topics);
  }

  /** Nobody has written anything yet. */
  get silent() {
    return ![...this.people, ...this.topics].some(({ messages }) => messages.length);
  }

  /** Takes a whole state; what was open stays open where it is still there. */
  load(state) {
    const { people, topics } = this;
    this.seq = state.seq;
    this.bridge = state.bridge;
    this.networks = state.networks;
    this.faults = state.faults;
    this.console = state.console;
    this.data = state.data;
    this.ours = state.ours;
    const frames = this.wire.filter(({ frame }) => frame);
    this.people = state.networks.flatMap(({ name, people = [] }) => people.map((person) => this.#adopt(person, peopleKey(name, person.id), { home: name })));
    this.groups = state.networks.flatMap(({ name, groups = [] }) => groups.map((group) => this.#group(name, group)));
    this.wire = [];
    this.#calls.clear();
    this.#tries.clear();
    for (const call of state.wire) this.#call(call);
    this.wire = [...this.wire, ...frames].sort((a, b) => a.at - b.at);
    for (const item of [...this.people, ...this.topics]) for (const message of item.messages.slice(-50)) this.frames.index(message);
    this.person = same(this.people, this.person) ?? this.people[0] ?? null;
    this.topic = same(this.topics, this.topic) ?? this.counterpart(this.person) ?? latest(this.topics) ?? null;
    for (const item of [...this.people, ...this.topics]) item.unread = same([...people, ...topics], item)?.unread ?? 0;
    this.#tell("change");
  }

  #adopt(item, key, extra) {
    return Object.assign(item, extra, { key, unread: 0, messages: item.messages ?? [] });
  }

  #group(network, group) {
    group.home = network;
    group.topics = (group.topics ?? []).map((topic) => this.#adopt(topic, topicKey(network, group.id, topic.id), { home: network, group }));
    return group;
  }

  /** Takes one event of the stream; true asks for the whole state. */
  apply(event) {
    if (event.type === "reset") return true;
    if (event.seq !== undefined && event.seq <= this.seq) return false;
    this.seq = event.seq ?? this.seq;
    if (event.type === "wire") this.#wire({ network: event.network, ...event.call });
    else if (event.type === "bridge") this.bridge = event.bridge;
    else if (event.type === "faults") this.faults = event.faults;
    else if (event.type === "person") this.#person(event);
    else if (event.type === "topic") return this.#topic(event);
    else if (event.type === "message") return this.#message(event);
    this.#tell("change");
    return false;
  }

  #person({ network, person }) {
    const key = peopleKey(network, person.id);
    const known = this.people.find((item) => item.key === key);
    if (known) Object.assign(known, person);
    else this.people.push(this.#adopt(person, key, { home: network }));
    this.person ??= this.people[0];
  }

  #topic({ network, group: id, topic }) {
    const group = this.groups.find((item) => item.home === network && String(item.id) === String(id));
    if (!group) return true;
    const key = topicKey(network, id, topic.id);
    const known = group.topics.find((item) => item.key === key);
    if (known) Object.assign(known, topic);
    else group.topics.push(this.#adopt(topic, key, { home: network, group }));
    this.topic ??= this.topics[0] ?? null;
    this.#tell("change");
    return false;
  }

  #message({ network, person, group, topic, message }) {
    const key = person == null ? topicKey(network, group, topic) : peopleKey(network, person);
    const place = (person == null ? this.groups.flatMap(({ topics }) => topics) : this.people).find((item) => item.key === key);
    if (!place) return true;
    const index = place.messages.findLastIndex((item) => item.id === message.id);
    if (index < 0) place.messages.push(message);
    else place.messages[index] = message;
    this.frames.index(message);
    this.came(place, message, index < 0);
    return false;
  }

  /** A message is new at `place`, or changed there. */
  came(place, message, fresh = true) {
    if (fresh && !message.mine && !message.service && place !== this.person && place !== this.topic) place.unread += 1;
    this.#tell("change");
    if (fresh || message.status === "failed") this.#tell("message", { place, message, fresh });
  }

  /** A frame of the page's own sockets: `who` is its client. */
  frame(who, direction, frame, status) {
    const call = this.#call(this.frames.line(WEB, who, direction, frame, status));
    this.frames.bind(call);
    this.#tell("wire", call);
    this.#tell("change");
  }

  #wire(call) {
    this.#tell("wire", this.#call(call));
    if (call.network === RECEIVER && call.direction === "call") this.told("receiver");
  }

  /** Adds or changes one wire line. Whole bodies are asked for when a line is opened, so they are not kept here. */
  #call({ request, response, ...call }) {
    if (!call.frame) this.frames.index(call);
    const known = this.#calls.get(call.id);
    if (known) return this.#tried(Object.assign(known, call, { version: known.version + 1, attempt: Math.max(known.attempt, call.attempt) }));
    this.#tried(Object.assign(call, { version: 0, attempt: call.attempt ?? 1 }));
    this.#calls.set(call.id, call);
    this.wire.splice(this.wire.findLastIndex(({ at: began }) => began <= call.at) + 1, 0, call); // the page's own frames come sooner than the server's news
    if (this.wire.length > KEPT) for (const gone of this.wire.splice(0, KEPT / 4)) this.#calls.delete(gone.id);
    return call;
  }

  /** Counts the tries: the same request for the same message, after one that failed; and how long it was waited between. */
  #tried(call) {
    if (!call.thread) return call;
    const name = [call.network, call.direction, call.event, call.ref, call.thread, call.text].join("\n");
    const before = this.#tries.get(name);
    this.#tries.set(name, call);
    if (!before || before === call || !failed(before)) return call;
    call.attempt = Math.max(call.attempt, before.attempt + 1);
    call.waited ??= Math.max(0, call.at - before.at - (before.ms ?? 0) / 1000);
    return call;
  }

  /** What became of a phone's messages, by thread: "delivered", they stand in the topic; "read", somebody answered since. */
  fates(person) {
    const found = new Map();
    let answered = false;
    for (const { mine, service, thread } of this.counterpart(person)?.messages.toReversed() ?? []) {
      if (mine) answered ||= !service;
      else if (thread && !found.has(thread)) found.set(thread, answered && person.style === "whatsapp" ? "read" : "delivered");
    }
    return found;
  }

  /** Tells why a message of `place` waits, or nothing: the newest ones of a lane that is held up and not seen on the other side. */
  held(place) {
    const other = this.counterpart(place);
    const person = place.group ? other : place;
    const home = other?.home ?? this.groups[0]?.home;
    const lane = person && this.bridge.waiting_why?.find(({ who, channel }) => channel === home && named(who, person));
    if (!lane) return () => "";
    const arrived = new Set(other?.messages.map(({ thread }) => thread));
    const open = place.messages.filter(({ mine, service, deleted, status, thread }) => mine && !service && !deleted && status !== "failed" && !arrived.has(thread));
    const waiting = new Set(open.slice(-lane.count).map(({ id }) => id));
    const words = `Waiting: ${lane.why}${lane.until ? `, until ${at(lane.until, "second")}` : ""}`;
    return ({ id }) => (waiting.has(id) ? words : "");
  }

  /** Something is to be drawn that the store doesn't hold. */
  changed() {
    this.#tell("change");
  }

  /** Something came to one of the agents' places that are not open topics: "console" or "receiver". */
  told(leg, conversation, message) {
    this.#tell("leg", { leg, conversation, message });
  }

  /** Shows words about something that could not be done. */
  complain(words) {
    this.#tell("complaint", words);
  }

  /** Opens a phone or a topic, and with it the other end of the same conversation. */
  open(item) {
    if (!item) return;
    const side = item.group ? "topic" : "person";
    this[side] = item;
    const other = this.counterpart(item);
    if (other) this[side === "topic" ? "person" : "topic"] = other;
    for (const seen of [item, other]) if (seen) seen.unread = 0;
    this.#tell("change");
  }

  /** The topic of a person, or the person of a topic: by the topic's name, and by the messages seen on both sides. */
  counterpart(item) {
    if (!item) return undefined;
    const threads = new Set(item.messages.map((message) => message.thread).filter(Boolean));
    const others = item.group ? this.people : this.topics.filter((topic) => !topic.deleted).reverse();
    const score = (other) => (item.group ? named(item.name, other) : named(other.name, item)) * 1e6 + other.messages.filter(({ thread }) => threads.has(thread)).length;
    const scored = others.map((other) => [score(other), other]).filter(([points]) => points > 0);
    return scored.sort(([a], [b]) => b - a)[0]?.[1];
  }

  /** Tells whether a wire line belongs to the conversation of `person`. */
  conversation(person) {
    const topic = this.counterpart(person);
    const messages = [...person.messages, ...(topic?.messages ?? [])];
    const threads = new Set(messages.map((message) => message.thread).filter(Boolean));
    const refs = new Set(this.wire.filter((call) => call.ref && threads.has(call.thread)).map((call) => call.ref));
    if (topic) refs.add(`${topic.group.id}:${topic.id}`);
    return (call) => threads.has(call.thread) || refs.has(call.ref);
  }
}

const peopleKey = (network, id) => `${network}/${id}`;
const topicKey = (network, group, id) => `${network}/${group}/${id}`;
const same = (items, item) => item && items.find(({ key }) => key === item.key);
const latest = (topics) => topics.filter((topic) => !topic.deleted).sort((a, b) => lastAt(b) - lastAt(a))[0];
const named = (title, { name, address, network }) => [name, address.replace(/^[a-z]+:/, "")].some((who) => title === `${who} · ${network}`);


export const failed = ({ status, error, signature }) => status >= 400 || Boolean(error) || signature === "refused";

export const lastAt = ({ messages }) => messages.at(-1)?.at ?? 0;
