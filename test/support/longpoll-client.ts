/** WAMP over HTTP long polling by hand: every request is one that a test makes, on a connection of its own. */

import { request } from "node:http";

/** An answer. */
export interface PollAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
  text: string;
}

/** Sends a request, by default a POST; the connection is closed after the answer. */
export function poll(
  at: number | string,
  path: string,
  body: string | Uint8Array = "",
  { method = "POST", headers = {}, signal }: PollOptions = {},
): Promise<PollAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<PollAnswer>();
  const where = typeof at === "string" ? { socketPath: at } : { host: "127.0.0.1", port: at };
  const all = { "Content-Length": String(Buffer.byteLength(body)), ...headers };
  const sent = request(
    { ...where, path, method, headers: all, agent: false, ...(signal && { signal }) },
    (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("error", reject);
      answer.on("end", () => {
        const whole = Buffer.concat(chunks);
        const { statusCode = 0, headers: fields } = answer;
        resolve({ status: statusCode, headers: fields, body: whole, text: whole.toString() });
      });
    },
  );
  sent.on("error", reject);
  sent.end(body);
  return promise;
}

/** How a request differs from most. */
export interface PollOptions {
  method?: string;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** An open transport. */
export class PollClient {
  readonly id: string;
  readonly protocol: string;
  /** The ports that the requests take turns with. */
  readonly #ports: readonly (number | string)[];
  readonly #mount: string;
  #turn = 0;

  private constructor(
    opened: { transport: string; protocol: string },
    ports: readonly (number | string)[],
    mount: string,
  ) {
    this.id = opened.transport;
    this.protocol = opened.protocol;
    this.#ports = ports;
    this.#mount = mount;
  }

  /** Opens a transport at the first port; the other requests take turns with all, beginning with the next. */
  static async open(
    ports: number | string | readonly (number | string)[],
    protocols: readonly string[] = ["wamp.2.json"],
    mount = "/lp",
  ): Promise<PollClient> {
    const all = typeof ports === "object" ? ports : [ports];
    const { status, text } = await poll(
      all[0] ?? 0,
      `${mount}/open`,
      JSON.stringify({ protocols }),
    );
    if (status !== 200) throw new Error(`not opened: ${status} ${text}`);
    return new PollClient(JSON.parse(text), all, mount);
  }

  /** Sends a request for this transport. */
  post(
    name: "receive" | "send" | "close",
    body: string | Uint8Array = "",
    options: PollOptions = {},
  ): Promise<PollAnswer> {
    this.#turn += 1;
    const port = this.#ports[this.#turn % this.#ports.length] ?? 0;
    return poll(port, `${this.#mount}/${this.id}/${name}?x=${this.#turn}`, body, options);
  }

  /** Sends a message in JSON. */
  async says(message: readonly unknown[]): Promise<number> {
    return (await this.post("send", JSON.stringify(message))).status;
  }

  /** The next message, in JSON; receives again where there is none for a while. */
  async next(): Promise<unknown[]> {
    for (;;) {
      const { status, text } = await this.post("receive");
      if (status === 200) return JSON.parse(text) as unknown[];
      if (status !== 204) throw new Error(`received ${status} ${text}`);
    }
  }

  /** Joins as anonymous; gives WELCOME. */
  async join(realm = "realm1"): Promise<unknown[]> {
    const roles = { caller: {}, callee: {}, publisher: {}, subscriber: {} };
    await this.says([1, realm, { roles }]);
    return await this.next();
  }
}
