// One message, one colour: what carries the same thread lights up together, and a new arrival is seen to travel.

import { calm } from "./dom.js";

const sheet = new CSSStyleSheet();
document.adoptedStyleSheets = [sheet];
let lit = "";

/** Marks a node as part of a thread (or of none). Neighbouring threads get hues far apart. */
export function thread(node, name) {
  if (!name) {
    delete node.dataset.thread;
    return;
  }
  const number = Number(String(name).replace(/\D/g, "").slice(-6)) || [...String(name)].reduce((sum, c) => sum * 31 + c.codePointAt(0), 7);
  node.dataset.thread = name;
  node.style.setProperty("--hue", String((number * 137.5) % 360));
}

/** Lights a thread in all columns, in lines that are drawn later too: a rule does it, not a walk over the nodes. */
function light(name = "") {
  if (name === lit) return;
  lit = name;
  sheet.replaceSync(name ? `[data-thread="${CSS.escape(name)}"] { --lit: 1; }` : "");
}

export function watchThreads(root) {
  const under = (target) => target?.closest?.("[data-thread]")?.dataset.thread;
  const focused = () => under(document.activeElement);
  root.addEventListener("pointerover", ({ target }) => light(under(target) ?? focused()));
  root.addEventListener("pointerleave", () => light(focused()));
  root.addEventListener("focusin", ({ target }) => light(under(target)));
  root.addEventListener("focusout", () => light());
}

/** Lights the thread of a line that is current without having the focus itself. */
export const lightThread = light;

/** A dot flies to `node` from where its thread was last seen in another column, once the frame is laid out. */
export function travel(node) {
  if (!calm.matches && !document.hidden) requestAnimationFrame(() => fly(node));
}

function fly(node) {
  const column = node.closest(".column");
  const from = [...document.querySelectorAll(`[data-thread="${CSS.escape(node.dataset.thread ?? "")}"]`)]
    .filter((other) => other.closest(".column") !== column && other.offsetParent).at(-1);
  if (!from || !node.offsetParent || document.querySelectorAll(".traveller").length > 8) return;
  const [start, end] = [from, node].map((place) => (place.querySelector(".bubble") ?? place).getBoundingClientRect());
  const right = start.left < end.left;
  const place = ({ left, top, width, height }, far) => `translate(${far ? left + width : left}px, ${top + height / 2}px)`;
  const dot = document.createElement("i");
  dot.className = "traveller";
  dot.style.setProperty("--hue", node.style.getPropertyValue("--hue"));
  document.body.append(dot);
  const flight = dot.animate(
    [{ transform: place(start, right), opacity: 0 }, { opacity: 1, offset: 0.2 }, { transform: place(end, !right), opacity: 1 }],
    { duration: 420, easing: "cubic-bezier(.4, 0, .2, 1)" },
  );
  flight.onfinish = flight.oncancel = () => dot.remove();
}
