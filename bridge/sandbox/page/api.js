// The routes of the sandbox's server that the page talks to, and its event stream.

async function ask(path, body) {
  const init = body && { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  let response;
  try {
    response = await fetch(path, init);
  } catch {
    throw new Error("The sandbox does not answer. Is it still running?");
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error || `The sandbox answered ${response.status}.`);
  return answer;
}

export const state = () => ask("/api/state");
export const call = (id) => ask(`/api/call/${encodeURIComponent(id)}`);
export const act = (network, action) => ask("/api/act", { ...action, network });
export const fault = (network, id, on, value) => ask("/api/fault", { network, id, on, value });

export const token = ({ role, id }) => ask("/api/token", { role, subject: id });

/** One signed request of a receiver to the bridge, as it stands: {id, status, body}. */
export const signed = (network, body) => ask(`/sim/${network}/_sim/send`, { body });

/** Files as the simulators take them. */
export const encoded = (files) => Promise.all(files.map(encode));

function encode(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onerror = () => reject(new Error(`${file.name} can’t be read.`));
    reader.onload = () => resolve({
      filename: file.name || "file",
      content_type: file.type || "application/octet-stream",
      data: reader.result.slice(reader.result.indexOf(",") + 1),
    });
    reader.readAsDataURL(file);
  });
}

/** Follows the events from `after` on, for ever. The browser resumes by Last-Event-ID; where it gives up, we begin again. */
export function follow(after, { heard, connected }) {
  let last = after;
  const open = () => {
    const source = new EventSource(`/api/events?after=${last}`);
    source.onopen = () => connected(true);
    source.onmessage = ({ data }) => {
      const event = JSON.parse(data);
      last = event.seq ?? last;
      heard(event);
    };
    source.onerror = () => {
      connected(false);
      if (source.readyState !== EventSource.CLOSED) return;
      setTimeout(open, 1000);
    };
  };
  open();
}
