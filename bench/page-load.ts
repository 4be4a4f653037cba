/**
 * The load generator of the tables `pages`: requests, or WebSockets that open and close, to several fronts that
 * run side by side; one line of JSON on stdout.
 *
 *     bun bench/page-load.ts '{"fronts":[{"port":8080,"pids":[123]}],"path":"/value","clients":8,"cycles":20,
 *       "sliceMs":250,"warmUpMs":1500}'
 *
 * Only one front has load at a time: each cycle visits all of them in random order for one slice each. Each
 * client sends its next request when the answer to the last one is whole. That is known from its length, which
 * is read from the first answer to a GET alone, so that this process has little to do; answers to POST are short.
 *
 * @module
 */

import { cpuBetween, threadTimes } from "./process-usage.ts";
import { inRandomOrder, quantile } from "./slice-statistics.ts";

/** The load. */
export interface PageLoadOptions {
  fronts: { port: number; pids: number[] }[];
  /** The path of a page; `connect`: a WebSocket at `/ws` is opened and closed. */
  path: string;
  /** The body in JSON of requests with POST; without it they are GET. */
  body?: string;
  clients: number;
  cycles: number;
  sliceMs: number;
  /** How long each front is saturated before the first cycle. */
  warmUpMs: number;
}

/** The slices of one front: the median, and the first quartile of the microseconds of CPU for one request. */
export interface PageLoadResult {
  perSecond: number;
  cpuMicros: number;
  cpuQuartileMicros: number;
}

/** Time from the first request of a slice until its measurement begins. */
const SETTLE_MS = 30;

const options = JSON.parse(process.argv[2] ?? "{}") as PageLoadOptions;

const UPGRADE = `GET /ws HTTP/1.1\r
Host: localhost\r
Connection: Upgrade\r
Upgrade: websocket\r
Sec-WebSocket-Version: 13\r
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
Sec-WebSocket-Protocol: wamp.2.json\r
\r
`;
/** A close frame with code 1000, masked with zeros. */
const CLOSE = Buffer.from("888200000000" + "03e8", "hex");
const LAST_CHUNK = Buffer.from("0\r\n\r\n");
const SWITCHING = Buffer.from("HTTP/1.1 101");
const { body = "" } = options;
const BODY_HEADERS = `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`;
const PAGE_REQUEST = `${body === "" ? "GET" : "POST"} ${options.path} HTTP/1.1\r
Host: localhost:8080\r
User-Agent: bench/1.0\r
Accept: text/html,application/json;q=0.9,*/*;q=0.8\r
Accept-Encoding: gzip, deflate\r
${body === "" ? "" : BODY_HEADERS}\r
${body}`;

/** A client of one front. */
interface Client {
  load: FrontLoad;
  /** Octets that are still missing of the present answer. */
  missing: number;
  isUpgraded: boolean;
}

/** What one front is sent. */
class FrontLoad {
  readonly slices: PageLoadResult[] = [];
  readonly #front: PageLoadOptions["fronts"][number];
  #answered = 0;
  /** Octets of an answer; 0: not known yet. */
  #answerOctets = 0;
  #isRunning = false;
  #active = 0;
  #onIdle: (() => void) | undefined;
  readonly #sockets: Bun.Socket<Client>[] = [];

  constructor(front: PageLoadOptions["fronts"][number]) {
    this.#front = front;
  }

  async connect(): Promise<void> {
    if (options.path === "connect") return;
    for (let index = 0; index < options.clients; index++) this.#sockets.push(await this.#dial());
  }

  /** Requests for one slice, and waits for the last answer. */
  async run(milliseconds: number): Promise<PageLoadResult> {
    this.#isRunning = true;
    this.#active = options.clients;
    if (options.path === "connect") {
      for (let index = 0; index < options.clients; index++) void this.#dial();
    } else for (const socket of this.#sockets) request(socket);
    await Bun.sleep(SETTLE_MS);
    const answered = this.#answered;
    const before = threadTimes(this.#front.pids);
    const startedAt = performance.now();
    await Bun.sleep(milliseconds);
    const cpu = cpuBetween(before, threadTimes(this.#front.pids)).all;
    const count = this.#answered - answered;
    const seconds = (performance.now() - startedAt) / 1000;
    await this.#idle();
    const cpuMicros = cpu / count;
    return { perSecond: count / seconds, cpuMicros, cpuQuartileMicros: cpuMicros };
  }

  /** Begins the next request of a client, unless the slice is over. */
  next(socket: Bun.Socket<Client> | null): void {
    this.#answered += 1;
    if (this.#isRunning) {
      if (socket === null) void this.#dial();
      else request(socket);
      return;
    }
    this.#active -= 1;
    if (this.#active === 0) this.#onIdle?.();
  }

  /** Takes the octets of an answer. */
  takePage(socket: Bun.Socket<Client>, chunk: Buffer): void {
    const client = socket.data;
    if (body !== "") {
      if (endsJson(chunk)) this.next(socket);
      return;
    }
    if (this.#answerOctets === 0) this.#answerOctets = lengthOf(chunk);
    if (client.missing === 0) client.missing = this.#answerOctets;
    client.missing -= chunk.length;
    if (client.missing < 0) throw new Error("Cannot read an answer: it is longer than the first");
    if (client.missing === 0) this.next(socket);
  }

  #idle(): Promise<void> {
    this.#isRunning = false;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onIdle = resolve;
    return promise;
  }

  #dial(): Promise<Bun.Socket<Client>> {
    const data: Client = { load: this, missing: 0, isUpgraded: false };
    const socket = options.path === "connect" ? webSocketEvents : pageEvents;
    return Bun.connect<Client>({ hostname: "127.0.0.1", port: this.#front.port, socket, data });
  }
}

const failed = (_socket: unknown, error: Error) => {
  throw error;
};

const pageEvents: Bun.SocketHandler<Client> = {
  data: (socket, chunk) => socket.data.load.takePage(socket, chunk),
  error: failed,
  close: () => failed(null, new Error("Cannot go on: the front has closed a connection")),
};

const webSocketEvents: Bun.SocketHandler<Client> = {
  open: (socket) => void socket.write(UPGRADE),
  data(socket, chunk) {
    if (socket.data.isUpgraded) return;
    if (!chunk.subarray(0, SWITCHING.length).equals(SWITCHING)) {
      throw new Error(`Cannot open a WebSocket: ${chunk.toString("latin1")}`);
    }
    socket.data.isUpgraded = true;
    socket.write(CLOSE);
  },
  error: failed,
  connectError: failed,
  end: (socket) => void socket.end(),
  close: (socket) => socket.data.load.next(null),
};

function request(socket: Bun.Socket<Client>): void {
  socket.write(PAGE_REQUEST);
}

/** Whether an answer with a JSON object ends here, which may be in chunks. */
function endsJson(chunk: Buffer): boolean {
  return chunk.at(-1) === 0x7d || chunk.subarray(-5).equals(LAST_CHUNK);
}

/** The length of an answer whose head came whole. */
function lengthOf(chunk: Buffer): number {
  const head = chunk.toString("latin1");
  const octets = /^HTTP\/1\.1 200 .*\r\nContent-Length: (\d+)\r\n/is.exec(head)?.[1];
  const headEnd = head.indexOf("\r\n\r\n");
  if (octets === undefined || headEnd < 0) throw new Error(`Cannot read the answer: ${head}`);
  return headEnd + 4 + Number(octets);
}

function resultOf(slices: readonly PageLoadResult[]): PageLoadResult {
  const cpu = slices.map(({ cpuMicros }) => cpuMicros);
  const rates = slices.map(({ perSecond }) => perSecond);
  return {
    perSecond: quantile(rates, 0.5),
    cpuMicros: quantile(cpu, 0.5),
    cpuQuartileMicros: quantile(cpu, 0.25),
  };
}

const loads = options.fronts.map((front) => new FrontLoad(front));
for (const load of loads) await load.connect();
if (options.warmUpMs > 0) {
  for (const load of [...loads, ...loads]) await load.run(options.warmUpMs / 2);
}
for (let cycle = 0; cycle < options.cycles; cycle++) {
  for (const load of inRandomOrder(loads)) load.slices.push(await load.run(options.sliceMs));
}
console.log(JSON.stringify(loads.map(({ slices }) => resultOf(slices))));
process.exit(0);
