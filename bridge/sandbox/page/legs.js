// The page as a client of the bridge: each visitor of the web chat, and the agents' console, on a socket of its own.

import { WEB } from "./store.js";
import { Talk } from "./talk.js";

const YOUNG = 30; // so many of the last bubbles may still get their thread

export class Legs {
  #visitors = new Map(); // by their key among the people
  console = null;

  constructor(store) {
    this.store = store;
  }

  /** Once per drawing: whoever is new gets a socket, and the store's people show what their sockets brought. */
  follow() {
    const { people, console: agent } = this.store;
    for (const person of people.filter(({ home }) => home === WEB)) {
      if (!this.#visitors.has(person.key)) this.#visitors.set(person.key, this.#visitor(person));
      person.talk = this.#visitors.get(person.key);
      person.messages = this.#threaded(person.talk.messages());
    }
    if (agent && !this.console) this.console = this.#agent(agent);
  }

  /** The bubbles of one of the console's conversations. */
  said(id) {
    return this.#threaded(this.console?.messages(id) ?? []);
  }

  #threaded(messages) {
    for (const message of messages.slice(-YOUNG)) message.thread ??= this.store.frames.threadOf(message);
    return messages;
  }

  #visitor({ key, id, name }) {
    const came = (_, message) => this.store.came(this.store.people.find((person) => person.key === key), message);
    return this.#talk({ role: "customer", id, name }, came);
  }

  #agent({ id, name }) {
    return this.#talk({ role: "agent", id, name }, (conversation, message) => this.store.told("console", conversation, message));
  }

  #talk(who, came) {
    return new Talk({ ...who, data: this.store.data }, {
      came,
      changed: () => this.store.changed(),
      report: (direction, frame, status) => this.store.frame(who.name, direction, frame, status),
    });
  }
}
