// What one client of the websocket protocol knows: its conversations and their messages, as bubbles; and what its person does.

import { Socket } from "./socket.js";

const RANK = { "": 0, taken: 1, sent: 2, delivered: 3, read: 4, failed: 5 };
const TYPING_MS = 6000;
const TRIES = 5; // to PUT a file, while the bridge may be starting again

export class Talk {
  conversations = new Map(); // id -> {id, title, state, messages, unread, whole}
  #local = []; // what was said and isn't acked yet
  #receipts = new Map(); // by message, where they came before it
  #line = Promise.resolve();
  #told = { typing: 0, read: {} };

  /** `who` is {role, id, name}; `changed()` draws; `came(conversation, message)` is told what others wrote; `report` is told frames. */
  constructor(who, { changed, came, report }) {
    Object.assign(this, { who, changed, came, report });
    this.socket = new Socket(who, { heard: (frame) => this.#heard(frame), changed, report });
    for (const frame of this.socket.left) this.#again(frame);
  }

  /** A customer's own conversation; undefined before the first message. */
  get own() {
    return [...this.conversations.values()].at(-1);
  }

  /** The bubbles of a conversation (of a customer's only one), oldest first; what isn't acked stands last. */
  messages(id = this.own?.id) {
    return [...(this.conversations.get(id)?.messages ?? []), ...this.#local.filter((one) => !one.conversation || one.conversation === id)];
  }

  /** Who is writing there now, or "". */
  writing(id = this.own?.id) {
    return this.conversations.get(id)?.writing ?? "";
  }

  // ---- what the person does

  /** Says it: it stands there at once, and goes out as soon as it may, one after the other. */
  say({ conversation, text, files, reply }) {
    const media = files.map((file) => ({ url: URL.createObjectURL(file), content_type: file.type || "application/octet-stream", filename: file.name, size: file.size }));
    const local = this.#place(crypto.randomUUID(), conversation, text, media, reply);
    this.#line = this.#line.then(async () => {
      const attachments = await Promise.all(files.map((file) => this.#upload(file)));
      this.#send(local, {
        type: "send", ref: local.ref, ...(conversation && { conversation }), ...(text && { text }),
        ...(attachments.length && { attachments }), ...(reply && { reply_to: reply }),
      });
    }).catch(({ message }) => this.#fail(local, message));
  }

  edit(message, text) {
    return this.socket.ask({ type: "edit", message: message.id, text });
  }

  remove(message) {
    return this.socket.ask({ type: "delete", message: message.id });
  }

  typing(conversation = this.own?.id) {
    if (!conversation || Date.now() - this.#told.typing < 3000) return;
    this.#told.typing = Date.now();
    this.socket.tell({ type: "typing", conversation });
  }

  read(conversation = this.own?.id) {
    const seq = this.conversations.get(conversation)?.messages.findLast(({ mine }) => !mine)?.seq;
    if (!seq || this.#told.read[conversation] >= seq) return;
    this.#told.read[conversation] = seq;
    this.socket.tell({ type: "read", conversation, seq });
  }

  /** Fetches the last messages of a conversation that hasn't been looked into yet. */
  look(id) {
    const conversation = this.conversations.get(id);
    if (!conversation || conversation.whole) return;
    conversation.whole = true;
    this.socket.ask({ type: "history", conversation: id, limit: 50 }).catch(() => (conversation.whole = false));
  }

  // ---- inside

  #place(ref, conversation, text, media, reply = null) {
    const local = { id: ref, ref, conversation, mine: true, own: true, author: this.who.name, text, media, at: Date.now() / 1000, status: "", error: "", reply_to: reply };
    this.#local.push(local);
    this.changed();
    return local;
  }

  #send(local, frame) {
    this.socket.ask(frame).then((ack) => this.#acked(local, ack), ({ message }) => this.#fail(local, message));
  }

  /** What an earlier page left unacked. */
  #again(frame) {
    if (frame.type === "send") this.#send(this.#place(frame.ref, frame.conversation, frame.text ?? "", [], frame.reply_to), frame);
    else this.socket.ask(frame).catch(() => {});
  }

  async #upload(file) {
    const content_type = file.type || "application/octet-stream";
    const { id, url } = await this.socket.ask({ type: "upload", filename: file.name || "file", content_type, size: file.size });
    for (let left = TRIES; ; left -= 1) {
      const answer = await fetch(url, { method: "PUT", body: file, headers: { "content-type": content_type } }).catch(() => null);
      this.report("in", { type: "PUT", url, content_type, size: file.size }, answer?.status ?? 0);
      if (answer?.ok) return { id };
      if (left <= 1 || (answer && answer.status < 500)) throw new Error(`${file.name} could not be brought to the bridge (${answer?.status ?? "no answer"})`);
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }

  #acked(local, { conversation, message, seq }) {
    this.#local.splice(this.#local.indexOf(local), 1);
    this.#put(conversation, { ...local, id: message, seq, status: "taken" });
    this.changed();
  }

  #fail(local, words) {
    Object.assign(local, { status: "failed", error: words });
    this.changed();
  }

  #heard(frame) {
    if (frame.type === "welcome") this.#welcome(frame);
    else if (frame.type === "conversation") this.#known(frame);
    else if (frame.type === "message" || frame.type === "edited") this.#message(frame);
    else if (frame.type === "history") for (const message of frame.messages) this.#put(frame.conversation, this.#bubble(message));
    else if (frame.type === "deleted") this.#find(frame, (message) => Object.assign(message, { deleted: true, text: "", media: [] }));
    else if (frame.type === "receipt") this.#find(frame, (message) => received(message, frame)) || this.#receipts.set(frame.message, frame);
    else if (frame.type === "typing") this.#writes(frame);
    this.changed();
  }

  #welcome({ conversations }) {
    for (const known of this.conversations.values()) known.whole = false; // what was changed in between isn't said again
    for (const found of conversations.toReversed()) this.#known(found);
    if (this.who.role === "customer" && this.own) this.look(this.own.id);
  }

  #known({ id, title = "", state = "open" }) {
    const conversation = this.conversations.get(id) ?? { id, messages: [], unread: 0, whole: false, title };
    this.conversations.delete(id); // the last active stands last
    this.conversations.set(id, Object.assign(conversation, { state }, title && { title }));
    return conversation;
  }

  #message(frame) {
    const message = this.#put(frame.conversation, this.#bubble(frame));
    const conversation = this.conversations.get(frame.conversation);
    if (frame.type !== "message") return;
    if (frame.author.role === "customer") conversation.title ||= frame.author.name;
    this.#known(conversation);
    delete conversation.writing;
    if (!frame.ref) this.came(conversation, message);
  }

  #bubble({ conversation, message: id, seq, author, text, attachments: media, reply_to, at, ref, edited_at: edited, deleted_at: deleted }) {
    const mine = author.role === this.who.role;
    return { id, seq, conversation, mine, own: mine && ref !== undefined, author: author.name, text, media, reply_to, status: mine ? "taken" : "",
      at: Date.parse(at) / 1000, edited: Boolean(edited), deleted: Boolean(deleted), service: author.role === "system" };
  }

  /** Puts a message where its seq belongs, or changes the one that stands there. */
  #put(id, fresh) {
    const { messages } = this.conversations.get(id) ?? this.#known({ id });
    const known = messages.find((one) => one.id === fresh.id);
    if (known) return Object.assign(known, fresh, { status: RANK[fresh.status] > RANK[known.status] ? fresh.status : known.status, at: known.at });
    const message = { error: "", ...fresh };
    const after = messages.findLastIndex(({ seq }) => seq < message.seq);
    messages.splice(after + 1, 0, message);
    const receipt = this.#receipts.get(message.id);
    if (receipt) received(message, receipt), this.#receipts.delete(message.id);
    return message;
  }

  #find({ conversation, message: id }, change) {
    const message = this.conversations.get(conversation)?.messages.find((one) => one.id === id);
    if (message) change(message);
    return message;
  }

  #writes({ conversation: id, author }) {
    const conversation = this.conversations.get(id) ?? this.#known({ id });
    conversation.writing = author.name;
    clearTimeout(conversation.pause);
    conversation.pause = setTimeout(() => (delete conversation.writing, this.changed()), TYPING_MS);
  }
}

/** The best that is known of it; a customer's "read" goes for a message of agents, and a failure stays. */
function received(message, { state, code, reason }) {
  if (RANK[state] <= RANK[message.status]) return;
  Object.assign(message, { status: state, error: [reason, code && `(${code})`].filter(Boolean).join(" ") });
}
