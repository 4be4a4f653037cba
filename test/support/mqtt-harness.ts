/** MQTT clients of a router without transports: packets go in, and packets come out. */

import { generate, type IConnectPacket, parser as newParser, type Packet } from "mqtt-packet";
import type { MqttOptions, MqttServiceConfig } from "#config/mqtt/mqtt-config.ts";
import type { Logger } from "#observe/logger.ts";
import { SessionCounts } from "#observe/session-counts.ts";
import type { RealmTable } from "#router/realm-table.ts";
import { RouterSession } from "#router/router-session.ts";
import { MqttClient, type OctetChannel } from "#transport/mqtt/mqtt-client.ts";
import { MqttSession } from "#transport/mqtt/mqtt-session.ts";
import { PayloadMapping } from "#transport/mqtt/payload-mapping.ts";
import { MqttSessions } from "#transport/mqtt/session-store.ts";
import type { PeerHandler } from "#wamp/peer.ts";
import type { WampCaller } from "#wamp/wamp-caller.ts";
import { noAuthenticators } from "./no-authenticators.ts";
import { quiet } from "./quiet-context.ts";

export const mqttDefaults: MqttOptions = {
  max_message_size: 65_536,
  max_inflight: 10,
  session_expiry: 60_000,
  max_kept_sessions: 2,
  max_queued_messages: 5,
  max_queued_octets: 10_000,
  max_buffered: 65_536,
  stall_timeout: 0,
  max_outgoing: 1_000_000,
  message_timeout: 0,
  max_incomplete: 1_000_000,
};

/** The users of the harness, each with its name as its password. */
const principals = Object.fromEntries(
  ["joe", "ann"].map((name) => [name, { ticket: name, role: "anonymous" }]),
);

const made = {
  type: "dynamic" as const,
  decoder: "com.d",
  encoder: "com.e",
  realm: "realm1",
  role: null,
};

/** What differs between the clients of a test. */
export interface MqttHarnessOptions {
  options?: Partial<MqttOptions>;
  log?: Logger;
  /** Answers `com.d` and `com.e`, which decode and encode the payloads of URIs that begin with `made.`. */
  codec?: WampCaller;
  /** Opens the session; absent: on the realms. */
  accept?: (session: MqttSession) => PeerHandler;
}

/** What a client says of itself. */
export type TriedConnect = Partial<IConnectPacket> & { version?: 4 | 5 };

/** A client, octet by octet. */
export class TriedClient implements OctetChannel {
  readonly details = { peer: "tcp4:192.0.2.1:1000", isSecure: false, isUnixSocket: false };
  bufferedOctets = 0;
  /** What the client was sent and has not been taken by the test. */
  readonly got: Packet[] = [];
  isPaused = false;
  /** The reason with which the connection was ended. */
  ended: string | undefined;
  readonly session: MqttSession;
  readonly client: MqttClient;
  readonly #parser;
  readonly #version: 4 | 5;
  #wake = () => {};

  constructor(session: MqttSession, options: MqttOptions, version: 4 | 5) {
    this.session = session;
    this.#version = version;
    this.#parser = newParser({ protocolVersion: version } as never);
    this.#parser.on("packet", (packet: Packet) => {
      this.got.push(packet);
      this.#wake();
    });
    this.#parser.on("error", (error: Error) => {
      throw error;
    });
    this.client = new MqttClient(this, options, session);
  }

  /** Whether it takes what it is sent. */
  takes = true;

  write(octets: Uint8Array): boolean {
    this.#parser.parse(Buffer.from(octets));
    return this.takes;
  }

  flush(): void {}

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  /** The connection closes at once. */
  end(_reason: number, sentence: string): void {
    this.ended = sentence;
    this.#wake();
    queueMicrotask(() => this.client.closed(sentence));
  }

  /** Sends a packet. */
  says(packet: Packet): void {
    this.client.received(new Uint8Array(generate(packet, { protocolVersion: this.#version })));
  }

  /** Sends octets in hex. */
  saysHex(hex: string): void {
    this.client.received(new Uint8Array(Buffer.from(hex.replaceAll(" ", ""), "hex")));
  }

  /** The connection is cut off. */
  lose(): void {
    this.client.closed("gone");
  }

  /** The next packet. */
  async next(): Promise<Packet> {
    while (this.got.length === 0) {
      if (this.ended !== undefined) throw new Error(`ended: ${this.ended}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.got.shift() as Packet;
  }

  /** Says a packet, and gives the one that answers it. */
  async ask(packet: Packet): Promise<Packet> {
    this.says(packet);
    return this.next();
  }

  /** Resolves once the connection is ended, with the reason. */
  async untilEnded(): Promise<string> {
    while (this.ended === undefined) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.ended;
  }

  async subscribe(topic: string, qos: 0 | 1 | 2 = 0, more: object = {}): Promise<Packet> {
    const subscriptions = [{ topic, qos, nl: false, rap: false, rh: 0, ...more }];
    return this.ask({ cmd: "subscribe", messageId: 1, subscriptions });
  }

  publish(topic: string, payload: string, more: object = {}): void {
    const rest = { qos: 0 as const, retain: false, dup: false, ...more };
    this.says({ cmd: "publish", topic, payload, ...rest });
  }
}

/** MQTT clients of these realms. */
export function mqttOn(
  realms: RealmTable,
  { options = {}, log = quiet, codec, accept }: MqttHarnessOptions = {},
) {
  const config: MqttServiceConfig = {
    serializers: ["cbor"],
    realm: "realm1",
    auth: {
      anonymous: { type: "static", role: "anonymous" },
      ticket: { type: "static", principals },
    },
    backend: null,
    payloadMapping: codec === undefined ? [] : [{ prefix: "made.", format: made }],
    options: { ...mqttDefaults, ...options },
  };
  const payloads = new PayloadMapping(config, codec);
  const sessions = new MqttSessions<MqttSession>();
  const open = (version: 4 | 5 = 4): TriedClient => {
    const details = { peer: "tcp4:192.0.2.1:1000", isSecure: false, isUnixSocket: false };
    const session = new MqttSession(details, { config, payloads, sessions, log });
    const client = new TriedClient(session, config.options, version);
    session.begin(client.client);
    const { auth } = config;
    const routed = () =>
      new RouterSession(session, auth as never, realms, {
        ...noAuthenticators,
        log,
        counts: new SessionCounts(),
        onEnd() {},
      });
    session.attach(accept === undefined ? routed() : accept(session));
    return client;
  };
  return {
    open,
    /** A client that has said CONNECT, and its CONNACK. */
    async connect(clientId: string, { version = 4, ...more }: TriedConnect = {}) {
      const client = open(version);
      const connack = await client.ask({
        cmd: "connect",
        protocolId: "MQTT",
        protocolVersion: version,
        clean: true,
        keepalive: 0,
        clientId,
        ...more,
      });
      return Object.assign(client, { connack });
    },
  };
}
