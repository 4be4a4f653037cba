/**
 * MqttAcceptor: the MQTT connections of one transport over sockets, from their acceptance to their close.
 *
 * @module
 */

import { sentenceOf } from "#base/failure.ts";
import type { ListeningEndpointConfig } from "#config/endpoint/endpoint-config.ts";
import type { MqttServiceConfig } from "#config/mqtt/mqtt-config.ts";
import type { Logger } from "#observe/logger.ts";
import type { ConnectionSocket } from "#transport/endpoint/connection.ts";
import type { ConnectionLimit } from "#transport/endpoint/connection-limit.ts";
import { GracefulClose } from "#transport/endpoint/graceful-close.ts";
import { printAuthority } from "#transport/endpoint/peer-address.ts";
import type { AcceptPeerWithSession, TransportContext } from "#transport/listener.ts";
import type { ConnectionDetails } from "#wamp/peer.ts";
import { MqttSession } from "./mqtt-session.ts";
import { MqttSocket } from "./mqtt-socket.ts";
import { PayloadMapping } from "./payload-mapping.ts";
import { Reason } from "./reason-codes.ts";
import { MqttSessions } from "./session-store.ts";

/** What a transport does with MQTT clients. */
export interface MqttService {
  config: MqttServiceConfig;
  /** Called with the session of every connection. */
  accept: AcceptPeerWithSession;
  /** Undefined where connections are not counted. */
  limit?: ConnectionLimit | undefined;
}

/** The open connections of one transport. */
export class MqttAcceptor {
  readonly log: Logger;
  readonly #context: TransportContext;
  readonly #sessions: MqttSessions<MqttSession>;
  #service: MqttService;
  #payloads: PayloadMapping;
  readonly #open = new Set<MqttSocket>();
  readonly #closing = new GracefulClose(this.#open);

  constructor(service: MqttService, context: TransportContext) {
    this.log = context.log;
    this.#context = context;
    this.#sessions = context.mqttSessions ?? new MqttSessions();
    this.#service = service;
    this.#payloads = new PayloadMapping(service.config, context.wampCaller);
  }

  /** Changes what holds for connections from now on. */
  use(service: MqttService): void {
    this.#service = service;
    this.#payloads = new PayloadMapping(service.config, this.#context.wampCaller);
  }

  /** Takes a connection over; gives the receiver of its socket's events. */
  accept(socket: ConnectionSocket, details: ConnectionDetails): MqttSocket {
    const { config, accept, limit } = this.#service;
    const slot = limit?.take(details.peer);
    const { log } = this;
    const session = new MqttSession(details, {
      config,
      payloads: this.#payloads,
      sessions: this.#sessions,
      log,
    });
    const connection = new MqttSocket(socket, details, config.options, {
      receiver: session,
      log,
      onClosed: () => {
        slot?.release();
        this.#open.delete(connection);
        this.#closing.noteClosed();
      },
    });
    this.#open.add(connection);
    if (slot === null) {
      log.warn("mqtt connection refused", { peer: details.peer, reason: "too many connections" });
      connection.terminate();
      return connection;
    }
    session.begin(connection.client);
    try {
      session.attach(accept(session, config));
    } catch (thrown) {
      log.error("peer not accepted", { error: sentenceOf(thrown) });
      connection.terminate();
    }
    return connection;
  }

  /** Ends every connection, and waits until all are closed. */
  close(): Promise<void> {
    return this.#closing.run(({ client }) => {
      client.close(Reason.shuttingDown, "the node shuts down");
    });
  }
}

/** The URL of an endpoint for MQTT. */
export function mqttUrl(endpoint: ListeningEndpointConfig, port: number | null): string {
  if (endpoint.type === "unix") return `mqtt+unix:${endpoint.path}`;
  const scheme = endpoint.tls === undefined ? "mqtt" : "mqtts";
  return `${scheme}://${printAuthority(endpoint.interface, port)}`;
}
