// HTTP requests one by one, each on a connection of its own, and an Engine.IO polling session of them.
import { once } from "node:events";
import http from "node:http";
import { within } from "./server.mjs";

export const separator = "\x1e";

/** One request under way: `answer` resolves with {status, headers, body}, `abort` drops its connection. */
export function start(server, { method = "GET", target, query = "", headers = {}, body, agent = false, open = false } = {}) {
  const path = target ?? `${server.path}?EIO=4&transport=polling${query}`;
  const request = http.request({ host: server.hostname, port: server.port, method, path, headers, agent });
  const answer = new Promise((resolve, reject) => {
    request.on("error", reject);
    request.on("response", async (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", reject);
      await once(response, "end");
      const bytes = Buffer.concat(chunks);
      resolve({ status: response.statusCode, headers: response.headers, bytes, body: bytes.toString() });
    });
  });
  const inTime = within(answer, `${method} ${path}`);
  inTime.catch(() => {}); // of an aborted one nobody may want to know
  if (!open) request.end(body);
  return { request, answer: inTime, abort: () => request.destroy() };
}

export const ask = (server, options) => start(server, options).answer;

export const errors = {
  transportUnknown: { code: 0, message: "Transport unknown" },
  sessionUnknown: { code: 1, message: "Session ID unknown" },
  badMethod: { code: 2, message: "Bad handshake method" },
  badRequest: { code: 3, message: "Bad request" },
  forbidden: { code: 4, message: "Forbidden" },
  versionUnsupported: { code: 5, message: "Unsupported protocol version" },
};

export class PollingSession {
  static async open(server, query = "") {
    const session = new PollingSession();
    session.server = server;
    const { status, body } = await ask(server, { query });
    if (status !== 200 || body[0] !== "0") throw new Error(`handshake: ${status} ${body}`);
    session.handshake = JSON.parse(body.slice(1));
    session.sid = session.handshake.sid;
    session.query = `&sid=${session.sid}`;
    return session;
  }

  startGet() {
    return start(this.server, { query: this.query });
  }

  /** A GET that is known to be held: a later request of the same connection order can't overtake it. */
  async hold() {
    const held = this.startGet();
    await once(held.request, "finish");
    await settled(this.server);
    return held;
  }

  get() {
    return this.startGet().answer;
  }

  post(body, headers = { "Content-Type": "text/plain;charset=UTF-8" }) {
    return ask(this.server, { method: "POST", query: this.query, body, headers });
  }

  /** The packets of the next GET. */
  async packets() {
    const { status, body } = await this.get();
    if (status !== 200) throw new Error(`GET: ${status} ${body}`);
    return body.split(separator);
  }

  /** Whether the server still knows the session; asks in a way that changes nothing. */
  async isKnown() {
    const { body } = await ask(this.server, {
      target: `${this.server.path}?EIO=4&transport=websocket&sid=${this.sid}` });
    return JSON.parse(body).code !== errors.sessionUnknown.code;
  }
}

/** Resolves when the server has read what earlier connections wrote: it answered a later one. */
export async function settled(server) {
  for (let i = 0; i < 2; ++i) await ask(server, { target: `${server.path}?EIO=4&transport=settled` });
}
