// Where a person writes: text, files (by button, drop and paste), replies and edits. Each conversation keeps its draft.

import { calm, h, icon, iconButton, size } from "./dom.js";

const empty = () => ({ text: "", files: [], mode: null });

export class Composer {
  #key = null;
  #drafts = new Map();
  #draft = empty();
  #queue = Promise.resolve();

  /** `send({key, text, files, mode})` returns a promise; `last()` gives the newest own message that can be edited; `typing()` is
   *  called with each key that changes what stands there. */
  constructor({ prefix, zone, extra, send, last, leave, typing = () => {} }) {
    this.send = send;
    this.typing = typing;
    this.input = h("textarea", { rows: 1, "data-testid": `${prefix}-input`, "aria-label": "Message", enterkeyhint: "send" });
    this.file = h("input", { type: "file", multiple: true, class: "hidden", tabindex: -1, "data-testid": `${prefix}-file`, "aria-label": "Files to attach" });
    this.button = iconButton("send", "Send", () => this.submit(), { class: "round send", "data-testid": `${prefix}-send` });
    this.mode = h("div", { class: "mode", hidden: true });
    this.chips = h("ul", { class: "chips", "aria-label": "Attached", hidden: true });
    this.error = h("p", { class: "failure", role: "alert", hidden: true });
    this.attach = iconButton("attach", "Attach files", () => this.file.click());
    this.node = h("div", { class: "composer" }, this.mode, this.chips, this.error, extra,
      h("div", { class: "line" }, this.attach, this.file, this.input, this.button));
    this.input.addEventListener("input", () => this.#typed());
    this.input.addEventListener("keydown", (event) => this.#keys(event, last, leave));
    this.input.addEventListener("paste", (event) => {
      if (this.#add(event.clipboardData.files)) event.preventDefault();
    });
    this.file.addEventListener("change", () => (this.#add(this.file.files), (this.file.value = "")));
    this.#drops(zone);
  }

  /** Shows the draft of `key`, and puts away the one that was open. */
  show(key, placeholder) {
    this.input.placeholder = placeholder;
    this.input.setAttribute("aria-label", placeholder);
    if (key === this.#key) return;
    if (this.#key) this.#drafts.set(this.#key, this.#draft);
    this.#key = key;
    this.#draft = this.#drafts.get(key) ?? empty();
    this.#fail("");
    this.#draw();
  }

  focus() {
    this.input.focus();
  }

  /** Begins a reply to or an edit of `message`. */
  begin(kind, message, words) {
    this.#draft.mode = { kind, message, words };
    if (kind === "edit") this.#draft.text = message.text;
    this.#draw();
    this.focus();
  }

  /** Types for the person, letter by letter, and sends. */
  async type(text) {
    const key = this.#key;
    this.focus();
    for (const [index] of calm.matches ? [] : [...text].entries()) {
      if (this.#key !== key) return;
      this.#draft.text = text.slice(0, index + 1);
      this.#draw();
      await new Promise((resolve) => setTimeout(resolve, 16));
    }
    this.#draft.text = text;
    this.submit();
  }

  /** Sends what stands there; one after the other, so that quick lines keep their order. What fails comes back. */
  submit() {
    const { text, files, mode } = this.#draft;
    const key = this.#key;
    if (!text.trim() && !files.length) return;
    this.#draft = empty();
    this.#fail("");
    this.#draw();
    this.#queue = this.#queue.then(async () => {
      try {
        await this.send({ key, text: text.trim(), files, mode });
      } catch (error) {
        this.#back(key, { text, files, mode }, error.message);
      }
    });
  }

  #back(key, draft, words) {
    const now = key === this.#key ? this.#draft : this.#drafts.get(key) ?? empty();
    const merged = { text: [draft.text, now.text].filter(Boolean).join("\n"), files: [...draft.files, ...now.files], mode: draft.mode };
    if (key !== this.#key) return this.#drafts.set(key, merged);
    this.#draft = merged;
    this.#draw();
    return this.#fail(words);
  }

  #fail(words) {
    this.error.textContent = words;
    this.error.hidden = !words;
  }

  #typed() {
    this.#draft.text = this.input.value;
    if (this.input.value) this.typing();
    this.#measure();
  }

  #keys(event, last, leave) {
    if (event.isComposing) return;
    const message = event.key === "ArrowUp" && !this.input.value && last?.();
    if (event.key === "Enter" && !event.shiftKey) this.submit();
    else if (event.key === "Escape") this.#draft.mode ? this.#cancel() : leave();
    else if (message) this.begin("edit", message, "Editing");
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #cancel() {
    if (this.#draft.mode?.kind === "edit") this.#draft.text = "";
    this.#draft.mode = null;
    this.#draw();
    this.focus();
  }

  #add(files) {
    if (!files.length || this.attach.disabled) return false;
    this.#draft.files.push(...files);
    this.#draw();
    this.focus();
    return true;
  }

  #drops(zone) {
    const carries = (event) => event.dataTransfer?.types.includes("Files") && this.node.offsetParent;
    zone.addEventListener("dragover", (event) => {
      if (!carries(event)) return;
      event.preventDefault();
      zone.classList.add("dropping");
    });
    for (const name of ["dragleave", "drop"]) zone.addEventListener(name, (event) => {
      if (name === "drop" || !zone.contains(event.relatedTarget)) zone.classList.remove("dropping");
      if (name === "drop" && carries(event)) event.preventDefault(), this.#add(event.dataTransfer.files);
    });
  }

  #draw() {
    const { text, files, mode } = this.#draft;
    if (this.input.value !== text) this.input.value = text;
    this.mode.hidden = !mode;
    if (mode) this.mode.replaceChildren(icon(mode.kind), h("p", null, h("b", null, mode.words), " ", mode.message.text), iconButton("close", "Cancel", () => this.#cancel()));
    this.attach.disabled = mode?.kind === "edit";
    this.chips.hidden = !files.length;
    this.chips.replaceChildren(...files.map((file) => this.#chip(file)));
    this.#measure();
  }

  #chip(file) {
    const remove = () => (this.#draft.files.splice(this.#draft.files.indexOf(file), 1), this.#draw(), this.focus());
    return h("li", null, thumbnail(file), h("span", null, file.name || "file"), h("small", null, size(file.size)), iconButton("close", `Take out ${file.name}`, remove));
  }

  #measure() {
    this.input.style.height = "auto";
    this.input.style.height = `${Math.min(this.input.scrollHeight, 120)}px`;
    this.button.classList.toggle("ready", Boolean(this.input.value.trim() || this.#draft.files.length));
  }
}

function thumbnail(file) {
  if (!file.type.startsWith("image/")) return icon("file");
  const url = URL.createObjectURL(file);
  return h("img", { src: url, alt: "", load: () => URL.revokeObjectURL(url) });
}
