/**
 * NatsEngine: connects workers by NATS servers, with the key-value store of JetStream as the table.
 *
 * Loaded only by a worker that has a realm with `cluster`.
 *
 * The client library forgets what is published while no server can be reached, and counts it as sent, so that nothing is
 * handed to it then.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { JetStreamApiError, type JetStreamClient, jetstream } from "@nats-io/jetstream";
import { type KV, Kvm } from "@nats-io/kv";
import {
  type Authenticator,
  type ConnectionOptions,
  connect,
  credsAuthenticator,
  headers,
  type NatsConnection,
  nkeyAuthenticator,
  type Subscription,
  type TlsOptions,
  tokenAuthenticator,
} from "@nats-io/transport-node";
import { Failure, sentenceOf } from "#base/failure.ts";
import { withinTime } from "#base/within-time.ts";
import type {
  ClusterConfig,
  ClusterLogin,
  ClusterTlsConfig,
} from "#config/realm/cluster-config.ts";
import type { Logger } from "#observe/logger.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import {
  type ClusterEngine,
  type EngineObserver,
  type PutOptions,
  RevisionMismatch,
  SHORT_MESSAGE_OCTETS,
  type TableChange,
} from "./cluster-engine.ts";
import { PartCollector, partsOf } from "./message-parts.ts";

/** Time to connect, and for an answer of the table. */
const TIMEOUT_MS = 5_000;

/** Between two attempts to connect. */
const RETRY_MS = 500;

/** The marker of a removed key is kept so long, for watches that come back. */
const MARKER_SECONDS = 60;

/** Most octets that wait for the servers; more is refused. */
const MAX_WAITING_OCTETS = 64 * 1024 * 1024;

/** More of them for short messages, which may end what waits elsewhere. */
const RESERVED_OCTETS = 8 * 1024 * 1024;

/** After so many octets the servers are asked whether they have them. */
const FLUSH_OCTETS = 1024 * 1024;

/** Longest time for what waits when the worker ends. */
const CLOSE_TIMEOUT_MS = 1_000;

/** A subject that is subscribed to, whether a server can be reached or not. */
interface Wanted {
  readonly subject: string;
  readonly receive: (octets: Uint8Array) => void;
  /** Undefined: there has been no connection yet. */
  subscription: Subscription | undefined;
}

/** What there is while servers can be reached. */
interface Reached {
  readonly connection: NatsConnection;
  readonly stream: JetStreamClient;
  readonly table: KV;
}

/** One connection to the servers of a cluster, which comes back by itself. */
export class NatsEngine implements ClusterEngine {
  readonly name: string;
  readonly #config: ClusterConfig;
  readonly #label: string;
  readonly #log: Logger;
  readonly #observers = new Set<EngineObserver>();
  readonly #wanted = new Set<Wanted>();
  #connection: NatsConnection | undefined;
  /** Undefined: no server can be reached, or its table cannot. */
  #reached: Reached | undefined;
  #waitingOctets = 0;
  #isFlushing = false;
  #isClosed = false;

  /** Begins to connect; `label` names this worker among the connections of a server. */
  constructor(config: ClusterConfig, label: string, log: Logger) {
    this.#config = config;
    this.#label = label;
    this.#log = log;
    this.name = config.servers.join(", ");
    void this.#run();
  }

  get isConnected(): boolean {
    return this.#reached !== undefined;
  }

  publish(subject: string, octets: Uint8Array): void {
    const { connection } = this.#need("publish");
    const reserve = octets.length <= SHORT_MESSAGE_OCTETS ? RESERVED_OCTETS : 0;
    if (this.#waitingOctets + octets.length > MAX_WAITING_OCTETS + reserve) {
      throw unavailable(`Cannot publish: too much waits for ${this.name}`);
    }
    const most = connection.info?.max_payload ?? FLUSH_OCTETS;
    for (const part of partsOf(octets, most)) connection.publish(subject, part);
    this.#waitingOctets += octets.length;
    if (this.#waitingOctets >= FLUSH_OCTETS && !this.#isFlushing) void this.#drain(connection);
  }

  subscribe(subject: string, receive: (octets: Uint8Array) => void): () => void {
    const wanted: Wanted = { subject, receive, subscription: undefined };
    this.#wanted.add(wanted);
    if (this.#connection !== undefined) this.#open(this.#connection, wanted);
    return () => {
      this.#wanted.delete(wanted);
      wanted.subscription?.unsubscribe();
    };
  }

  async flush(): Promise<void> {
    const { connection } = this.#need("publish");
    await this.#orUnavailable("publish", connection.flush());
  }

  async put(key: string, value: Uint8Array, { revision, seconds }: PutOptions = {}) {
    const { stream, table } = this.#need("store");
    // Behind its marker a removed key is new.
    if (revision === 0) return this.#orUnavailable("store", table.create(key, value));
    const { seq } = await this.#orUnavailable(
      "store",
      stream.publish(this.#subjectOf(key), value, {
        timeout: TIMEOUT_MS,
        ...(seconds !== undefined && { ttl: `${seconds}s` }),
        ...(revision !== undefined && { expect: { lastSubjectSequence: revision } }),
      }),
    );
    return seq;
  }

  async remove(key: string, revision?: number): Promise<void> {
    const { stream } = this.#need("store");
    const marker = headers();
    marker.set("KV-Operation", "PURGE");
    marker.set("Nats-Rollup", "sub");
    await this.#orUnavailable(
      "store",
      stream.publish(this.#subjectOf(key), new Uint8Array(0), {
        timeout: TIMEOUT_MS,
        headers: marker,
        ttl: `${MARKER_SECONDS}s`,
        ...(revision !== undefined && { expect: { lastSubjectSequence: revision } }),
      }),
    );
  }

  async watch(first: string, observer: (change: TableChange) => void): Promise<() => void> {
    const { connection, table } = this.#need("store");
    let isStopped = false;
    const entries = await this.#orUnavailable("store", table.watch({ key: `${first}.>` }));
    void (async () => {
      for await (const { key, operation, value, revision, delta } of entries) {
        const isThere = operation === "PUT";
        const put = isThere ? value : undefined;
        try {
          observer({ key, value: put, revision, isCurrent: delta === 0 });
        } catch (thrown) {
          this.#failed("take a change", thrown);
        }
      }
    })()
      .catch((thrown: unknown) => this.#failed("watch", thrown))
      .finally(() => (isStopped ? undefined : this.#beginAgain(connection)));
    return () => {
      isStopped = true;
      entries.stop();
    };
  }

  observe(observer: EngineObserver): () => void {
    this.#observers.add(observer);
    return () => this.#observers.delete(observer);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const connection = this.#connection;
    if (connection === undefined) return;
    if (this.isConnected)
      await withinTime(
        connection.flush().catch(() => {}),
        CLOSE_TIMEOUT_MS,
      );
    this.#lose();
    await connection.close();
  }

  /** Connects, and again should the library ever give up. */
  async #run(): Promise<void> {
    while (!this.#isClosed) {
      try {
        await this.#serve(await connect(this.#options()));
      } catch (thrown) {
        this.#failed("connect", thrown);
      }
      if (!this.#isClosed) await Bun.sleep(RETRY_MS);
    }
  }

  #options(): ConnectionOptions {
    const { servers, tls, login, presence_timeout } = this.#config;
    // Without it the library would go on in plain text where a server has no TLS.
    const needsTls = tls !== undefined || servers.some((server) => server.startsWith("tls://"));
    return {
      servers,
      name: this.#label,
      noEcho: true,
      timeout: TIMEOUT_MS,
      maxReconnectAttempts: -1,
      reconnectTimeWait: RETRY_MS,
      ignoreAuthErrorAbort: true,
      // A server that does not answer twice is given up.
      pingInterval: Math.max(1_000, Math.floor(presence_timeout / 2)),
      maxPingOut: 2,
      ...(needsTls && { tls: tls === undefined ? {} : tlsOptions(tls) }),
      ...(login && { authenticator: authenticatorOf(login) }),
    };
  }

  /** Resolves when the connection is closed for good. */
  async #serve(connection: NatsConnection): Promise<void> {
    if (this.#isClosed) {
      await connection.close();
      return;
    }
    this.#connection = connection;
    for (const wanted of this.#wanted) this.#open(connection, wanted);
    void this.#gain(connection);
    for await (const status of connection.status()) {
      if (status.type === "disconnect") this.#lose();
      else if (status.type === "reconnect") void this.#gain(connection);
      else if (status.type === "error") this.#failed("use", status.error);
    }
    this.#connection = undefined;
    this.#lose();
  }

  #open(connection: NatsConnection, wanted: Wanted): void {
    const parts = new PartCollector();
    wanted.subscription = connection.subscribe(wanted.subject, {
      callback: (error, { data }) => {
        if (error !== null) {
          this.#failed("receive", error);
          return;
        }
        const message = parts.take(data);
        if (message === undefined) return;
        try {
          wanted.receive(message);
        } catch (thrown) {
          // It would end the connection.
          this.#failed("receive", thrown);
        }
      },
    });
  }

  /** A server can be reached: so is the engine, once the table can. */
  async #gain(connection: NatsConnection): Promise<void> {
    const { prefix, replicas } = this.#config;
    while (this.#connection === connection && !connection.isClosed() && !this.#isClosed) {
      try {
        const stream = jetstream(connection, { timeout: TIMEOUT_MS });
        const options = { history: 1, markerTTL: MARKER_SECONDS * 1_000, replicas };
        const table = await new Kvm(stream).create(prefix, options);
        if (this.#reached !== undefined) return;
        this.#reached = { connection, stream, table };
        this.#waitingOctets = 0;
        this.#log.info("cluster joined", { servers: this.name });
        for (const observer of this.#observers) observer.connected();
        return;
      } catch (thrown) {
        this.#failed("open the table", thrown);
        await Bun.sleep(RETRY_MS);
      }
    }
  }

  /** A watch has ended by itself: what is known of the table is not current any more. */
  async #beginAgain(connection: NatsConnection): Promise<void> {
    if (this.#reached?.connection !== connection) return;
    this.#lose();
    await Bun.sleep(RETRY_MS);
    await this.#gain(connection);
  }

  #lose(): void {
    if (this.#reached === undefined) return;
    this.#reached = undefined;
    if (!this.#isClosed) this.#log.warn("cluster lost", { servers: this.name });
    for (const observer of this.#observers) observer.apart();
  }

  async #drain(connection: NatsConnection): Promise<void> {
    this.#isFlushing = true;
    const octets = this.#waitingOctets;
    try {
      await connection.flush();
      this.#waitingOctets = Math.max(0, this.#waitingOctets - octets);
    } catch {
      // The connection is lost, and nothing waits any more.
      this.#waitingOctets = 0;
    } finally {
      this.#isFlushing = false;
    }
  }

  #subjectOf(key: string): string {
    return `$KV.${this.#config.prefix}.${key}`;
  }

  #need(action: string): Reached {
    if (this.#reached !== undefined) return this.#reached;
    throw unavailable(`Cannot ${action}: no server of ${this.name} can be reached`);
  }

  async #orUnavailable<T>(action: string, answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (thrown) {
      const isOther = thrown instanceof JetStreamApiError && WRONG_SEQUENCE.has(thrown.code);
      if (isOther) throw new RevisionMismatch();
      throw unavailable(`Cannot ${action}: ${this.name}: ${sentenceOf(thrown)}`);
    }
  }

  #failed(action: string, thrown: unknown): void {
    if (this.#isClosed) return;
    const reason = sentenceOf(thrown);
    this.#log.warn("cluster failed", { servers: this.name, action, reason });
  }
}

/** The codes of JetStream for a value that is another one than expected. */
const WRONG_SEQUENCE: ReadonlySet<number> = new Set([10_071, 10_164]);

function unavailable(sentence: string): Failure {
  return new Failure(sentence, { source: "router", uri: ErrorUri.unavailable });
}

function authenticatorOf({ kind, secret }: ClusterLogin): Authenticator {
  const octets = new TextEncoder().encode(secret);
  switch (kind) {
    case "credentials":
      return credsAuthenticator(octets);
    case "nkey":
      return nkeyAuthenticator(octets);
    case "token":
      return tokenAuthenticator(secret);
  }
}

/** The files are read at each start of a connection. */
function tlsOptions({ ca_certificates, own, handshake_first }: ClusterTlsConfig): TlsOptions {
  return {
    handshakeFirst: handshake_first,
    ...(ca_certificates && {
      ca: ca_certificates.map((file) => readFileSync(file, "utf8")).join("\n"),
    }),
    ...(own && { certFile: own.certificate, keyFile: own.key }),
  };
}
