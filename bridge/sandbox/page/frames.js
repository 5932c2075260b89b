// The page's own websocket frames as lines of the wire, and the threads of what was said: both by the text, as the server does it.

const REMEMBERED = 500;
const SAME_S = 60; // the same text later than that is another message

export class Frames {
  #texts = new Map(); // what was said lately -> {thread, at}
  #loose = new Set(); // lines that wait for their thread
  #count = 0;

  /** A line for a frame of the client `who`, "in" to the bridge or "out" of it; `status` where it was an HTTP request, 0: no answer. */
  line(network, who, direction, frame, status = null) {
    const shown = JSON.parse(JSON.stringify(frame, masked));
    const error = frame.type === "error" ? frame.message : status === 0 ? "no answer" : "";
    return {
      id: `${network}-${(this.#count += 1)}`, network, direction, who, at: Date.now() / 1000, ms: null, method: "", url: shown.url ?? "",
      event: frame.type, status: status || null, error, attempt: 1, ref: frame.conversation ?? "", text: frame.text ?? "", frame: shown,
    };
  }

  /** Gives a line its thread, now or as soon as what it says is seen elsewhere. */
  bind(call) {
    call.thread = this.threadOf(call);
    if (call.text && !call.thread) this.#loose.add(call);
  }

  /** The thread of something that was said, where it was seen elsewhere too: the networks' views name it. */
  threadOf({ text, at }) {
    const found = text && this.#texts.get(essence(text));
    return found && Math.abs(found.at - at) < SAME_S ? found.thread : undefined;
  }

  /** Something with a thread was seen. */
  index({ text, thread, at }) {
    if (!text || !thread) return;
    const name = essence(text);
    this.#texts.delete(name);
    this.#texts.set(name, { thread, at });
    if (this.#texts.size > REMEMBERED) this.#texts.delete(this.#texts.keys().next().value);
    for (const call of this.#loose) {
      if (Math.abs(at - call.at) > SAME_S) this.#loose.delete(call);
      else if (essence(call.text) === name) this.#loose.delete(call), Object.assign(call, { thread, version: call.version + 1 });
    }
  }
}

/** Who has a token, or a signed link, may do what it says. */
function masked(key, value) {
  if (key === "token") return "•••";
  return key === "url" ? value.replace(/\?.*/, "?•••") : value;
}

/** What a text is known by: without who said it, which agents read where several may have. */
const essence = (text) => text.replace(/^[^\n]{1,80}\([^)\n]*\): /, "").split(/\s+/).join(" ").trim().slice(0, 200);
