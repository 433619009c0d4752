// The server's REST, as whoever signed in with this browser's cookie.

/** What the server refused: its status, code, sentence and field. */
export class Refused extends Error {
  constructor(status, problem) {
    super(problem?.detail ?? `The server answered ${status}.`);
    this.status = status;
    this.code = problem?.code ?? "";
    this.field = problem?.field ?? "";
  }
}

/** The server did not answer. */
export class Gone extends Error {
  constructor() { super("The server does not answer."); }
}

/** Called with true when the server answered and with false when it did not; and when nobody is signed in any more. */
export const hooks = { reached: () => {}, signedOut: () => {} };

/** A request; { body, tag } of the answer. */
export async function request(method, path, { json, csv, headers, accept, signal } = {}) {
  let response;
  try {
    response = await fetch(path, {
      method,
      signal,
      credentials: "same-origin",
      cache: "no-store",
      headers: {
        ...(method === "GET" ? {} : { "X-NanoSync": "1" }),
        ...(json === undefined ? {} : { "Content-Type": "application/json" }),
        ...(csv === undefined ? {} : { "Content-Type": "text/csv" }),
        ...(accept ? { Accept: accept } : {}),
        ...headers,
      },
      body: csv ?? (json === undefined ? undefined : JSON.stringify(json)),
    });
  } catch (e) {
    if (e.name === "AbortError") throw e;
    hooks.reached(false);
    throw new Gone();
  }
  hooks.reached(true);
  if (!response.ok) {
    const problem = await response.json().catch(() => null);
    if (response.status === 401 && problem?.code === "no_token") hooks.signedOut();
    throw new Refused(response.status, problem);
  }
  const type = response.headers.get("Content-Type") ?? "";
  const body = response.status === 204 ? null
    : type.includes("json") && !type.includes("ndjson") ? await response.json()
    : type.startsWith("text/") ? await response.text()
    : new Uint8Array(await response.arrayBuffer());
  return { body, tag: response.headers.get("ETag") };
}

export const get = async (path, options) => (await request("GET", path, options)).body;
export const post = async (path, json) => (await request("POST", path, { json })).body;

/** A path of which parts are names: at`/v1/devices/${name}` */
export const at = (parts, ...names) => parts.reduce((path, part, i) => path + part + (i < names.length ? encodeURIComponent(names[i]) : ""), "");

/** A query; empty members are left out. */
export function query(members) {
  const given = Object.entries(members).filter(([, v]) => v !== null && v !== undefined && v !== "");
  return given.length ? "?" + new URLSearchParams(given) : "";
}

/**
 * Calls changed() when something on the server may have: told by its change stream, by asking every few seconds where that is cut.
 * A page that is not seen holds no stream: a browser has few connections for one server.
 */
export function follow(changed, filter) {
  const PAUSE = 1000, POLL = 5000, RETRY = 30000;
  let events = null, timer = 0, pace = 0, wait = 0, again = 0;
  const soon = () => { wait ||= setTimeout(() => { wait = 0; if (!document.hidden) changed(); }, PAUSE); };
  const every = pause => { // left as it is when it is the same: a stream that fails again and again must not put it off
    if (pause === pace) return;
    clearInterval(timer);
    timer = setInterval(soon, pace = pause);
  };
  const close = () => { events?.close(); events = null; clearTimeout(again); };
  const open = () => {
    close();
    events = new EventSource("/v1/changes" + query(filter));
    events.onopen = () => { every(4 * POLL); soon(); }; // ages and due times move by themselves
    events.addEventListener("object", soon);
    events.addEventListener("device", soon);
    events.addEventListener("alert", soon);
    events.onerror = () => {
      every(POLL);
      if (events?.readyState === EventSource.CLOSED) again = setTimeout(open, RETRY);
    };
  };
  const seen = () => { if (document.hidden) close(); else { open(); soon(); } };
  document.addEventListener("visibilitychange", seen);
  every(POLL);
  if (!document.hidden) open();
  return () => { close(); clearInterval(timer); clearTimeout(wait); document.removeEventListener("visibilitychange", seen); };
}
