// A client written from docs/protocol.md alone, on Node's own WebSocket. Says `count` things; tells on standard output, one JSON
// line each, what it is welcomed with, what is acked, and what it shows; ends when somebody writes "bye" and all is acked.
const [url, token, count] = [process.argv[2], process.argv[3], Number(process.argv[4])];
const seen = {};
const unacked = new Map();
let since;
let failures = 0;
let socket;
let said = 0;
let over = false;

const tell = (what, more) => process.stdout.write(`${JSON.stringify({ what, ...more })}\n`);
const isOpen = () => socket?.readyState === 1 && socket.welcomed;

function acked(ref, seq) {
  if (!unacked.delete(ref)) return;
  tell("acked", { ref, seq });
  if (over && unacked.size === 0) process.exit(0);
}

function connect() {
  socket = new WebSocket(url, "trunkline.v1");
  const ws = socket;
  ws.onopen = () => ws.send(JSON.stringify({ type: "hello", token, resume: seen, ...(since && { since }) }));
  ws.onmessage = ({ data }) => hear(ws, JSON.parse(data));
  ws.onerror = () => {};
  ws.onclose = ({ code }) => {
    if ([4400, 4401, 4403, 4413].includes(code)) {
      tell("refused", { code });
      process.exit(1);
    }
    setTimeout(connect, Math.random() * Math.min(100, 5 * 2 ** failures++));
  };
}

function hear(ws, frame) {
  if (frame.type === "welcome") {
    failures = 0;
    tell("welcome", { session: frame.session });
    if (!since) for (const c of frame.conversations) seen[c.id] = c.last_seq;
    since ??= frame.server_time;
    for (const waiting of unacked.values()) ws.send(JSON.stringify(waiting));
    ws.welcomed = true;
  } else if (frame.type === "ack") {
    if ((seen[frame.conversation] ?? 0) === frame.seq - 1) seen[frame.conversation] = frame.seq;
    acked(frame.ref, frame.seq);
  } else if (frame.type === "message" && frame.seq > (seen[frame.conversation] ?? 0)) {
    seen[frame.conversation] = frame.seq;
    if (frame.ref && frame.ref.startsWith("node-")) acked(frame.ref, frame.seq);
    else tell("shown", { text: frame.text, seq: frame.seq, author: frame.author.name });
    if (frame.text === "bye") {
      over = true;
      if (unacked.size === 0 && said >= count) process.exit(0);
    }
  } else if (frame.type === "error") {
    tell("error", { code: frame.code, ref: frame.ref });
  }
}

function speak() {
  if (said === count) return;
  said += 1;
  const frame = { type: "send", ref: `node-${said}`, text: `node ${said}` };
  unacked.set(frame.ref, frame);
  if (isOpen()) socket.send(JSON.stringify(frame));
  setTimeout(speak, 5);
}

connect();
speak();
