// One event of the wire as a whole: where it went, how it ended, request and answer, and the same as a curl command.

import { call as fetchCall } from "./api.js";
import { duration, h, icon, iconButton, time } from "./dom.js";

export class Detail {
  #asked = "";

  constructor(node, close) {
    this.node = node;
    this.leave = close;
  }

  get opened() {
    return !this.node.hidden;
  }

  /** Shows a line at once, and its bodies as soon as the server has given them. */
  async show(call) {
    this.#asked = call.id;
    this.node.hidden = false;
    if (call.frame) return this.#draw(call, part("Frame", { body: JSON.stringify(call.frame) }));
    this.#draw(call, h("p", { class: "muted" }, "Fetching…"));
    try {
      const whole = await fetchCall(call.id);
      if (this.#asked === call.id) this.#draw({ ...call, ...whole }, ...parts(whole));
    } catch ({ message }) {
      if (this.#asked === call.id) this.#draw(call, h("p", { class: "failure" }, message));
    }
    return undefined;
  }

  /** False where nothing was open. */
  close() {
    const was = this.opened;
    this.node.hidden = true;
    this.#asked = "";
    return was;
  }

  #draw(call, ...content) {
    const attributes = { type: "button", class: "button", disabled: !call.request && !call.frame, "data-testid": "copy-curl" };
    const copy = h("button", { ...attributes, click: () => this.#copy(copy, call) }, icon("copy"), h("span", null, call.frame ? "Copy" : "Copy as curl"));
    const focused = this.node.contains(document.activeElement);
    this.node.replaceChildren(
      h("div", { class: "detail-top" },
        h("h3", null, call.event || call.method),
        copy, iconButton("close", "Close (Escape)", () => this.leave(), { "data-testid": "detail-close" })),
      h("div", { class: "detail-body", tabindex: 0, role: "group", "aria-label": "Request and answer" },
        call.url && h("p", { class: "url" }, h("b", null, call.method), ` ${call.url}`),
        h("p", { class: "facts" }, facts(call).flatMap((fact, index) => (index ? [" · ", fact] : [fact]))),
        call.error && h("p", { class: "failure" }, icon("failed"), call.error),
        ...content.filter(Boolean)));
    if (focused) this.node.querySelector(".detail-body").focus();
  }

  async #copy(button, call) {
    const words = button.textContent;
    await copyText(call.frame ? JSON.stringify(call.frame) : curl(call));
    button.lastChild.textContent = "Copied";
    setTimeout(() => (button.lastChild.textContent = words), 1500);
  }
}

function facts({ direction, network, who, at: began, ms, status, signature, attempt, waited, ref }) {
  return [
    { webhook: `webhook from ${network}`, call: `call to ${network}`, in: `frame from ${who}`, out: `frame to ${who}` }[direction],
    time(began, "milli"),
    status ? `status ${status}` : who ? "" : "no answer yet",
    ms != null && duration(ms),
    signature === "ok" ? "signature ok" : signature === "refused" && "signature refused",
    attempt > 1 && `try ${attempt}${waited === undefined ? "" : `, waited ${waited.toFixed(1)} s`}`,
    ref,
  ].filter(Boolean);
}

function parts({ request, response }) {
  return [part("Request", request), part("Answer", response)];
}

function part(title, message) {
  if (!message) return h("div", null, h("h4", null, title), h("p", { class: "muted" }, "Nothing yet."));
  const headers = Object.entries(message.headers ?? {});
  return h("div", null, h("h4", null, title),
    headers.length > 0 && h("details", null, h("summary", null, headers.length === 1 ? "1 header" : `${headers.length} headers`), pairs(headers)),
    body(message.body ?? "", type(message)));
}

const type = ({ headers = {} }) => Object.entries(headers).find(([name]) => name.toLowerCase() === "content-type")?.[1] ?? "";

function pairs(list) {
  return h("dl", null, list.map(([name, value]) => h("div", null, h("dt", null, name), h("dd", null, value === "" ? h("i", null, "empty") : String(value)))));
}

function body(text, kind) {
  if (!text) return h("p", { class: "muted" }, "No body.");
  if (kind.includes("x-www-form-urlencoded")) return pairs([...new URLSearchParams(text)]);
  try {
    return h("pre", null, colored(JSON.stringify(JSON.parse(text), null, 2)));
  } catch {
    return h("pre", null, text);
  }
}

/** JSON in three tones; pieces stay text nodes. */
export function colored(json) {
  return json.split(/("(?:\\.|[^"\\])*"(?:\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/).map((piece, index) => {
    if (index % 2 === 0) return piece;
    const kind = piece.endsWith(":") ? "name" : piece.startsWith('"') ? "string" : "value";
    return h("span", { class: kind }, piece);
  });
}

/** The request as a command for a shell; masked secrets stay masked. */
function curl({ method, url, request }) {
  const quote = (text) => `'${String(text).replaceAll("'", "'\\''")}'`;
  const skipped = /^(host|content-length|connection|accept-encoding)$/i;
  const headers = Object.entries(request.headers ?? {}).filter(([name]) => !skipped.test(name));
  return [
    `curl -X ${method} ${quote(url)}`,
    ...headers.map(([name, value]) => `-H ${quote(`${name}: ${value}`)}`),
    ...(request.body ? [`--data-raw ${quote(request.body)}`] : []),
  ].join(" \\\n  ");
}

/** The clipboard proper wants a secure page; elsewhere the old way serves. */
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = h("textarea", { class: "hidden", "aria-hidden": "true" });
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}
