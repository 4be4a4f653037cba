/**
 * MqttWebSockets: clients over WebSocket, by the subprotocol `mqtt`. Packets are a stream: a message may hold several,
 * or a part of one (MQTT 5.0, section 6).
 *
 * @module
 */

import type { MqttServiceConfig } from "#config/mqtt/mqtt-config.ts";
import type { AcceptPeerWithSession, TransportContext } from "#transport/listener.ts";
import type { ConnectionDetails, GivenUp, Peer, PeerHandler, WireMessage } from "#wamp/peer.ts";
import { MqttClient, type OctetChannel } from "./mqtt-client.ts";
import { MqttSession } from "./mqtt-session.ts";
import { PayloadMapping } from "./payload-mapping.ts";
import { closeCodeOf, reasonOfUri } from "./reason-codes.ts";
import { MqttSessions } from "./session-store.ts";

/** The MQTT clients of one transport over WebSocket. */
export class MqttWebSockets {
  readonly #context: TransportContext;
  readonly #sessions: MqttSessions<MqttSession>;
  readonly #payloads = new WeakMap<MqttServiceConfig, PayloadMapping>();

  constructor(context: TransportContext) {
    this.#context = context;
    this.#sessions = context.mqttSessions ?? new MqttSessions();
  }

  /** Opens the session of a WebSocket; gives the handler of its messages. */
  open(peer: Peer, config: MqttServiceConfig, accept: AcceptPeerWithSession): PeerHandler {
    const { log, wampCaller } = this.#context;
    const payloads = this.#payloads.get(config) ?? new PayloadMapping(config, wampCaller);
    this.#payloads.set(config, payloads);
    const session = new MqttSession(peer.details, {
      config,
      payloads,
      sessions: this.#sessions,
      log,
    });
    const socket = new MqttWebSocket(peer, session, config);
    session.begin(socket.client);
    session.attach(accept(session, config));
    return socket;
  }
}

/** One client: the channel of its packets, and the handler of the WebSocket. */
class MqttWebSocket implements OctetChannel, PeerHandler {
  readonly client: MqttClient;
  readonly #peer: Peer;

  constructor(peer: Peer, session: MqttSession, { options }: MqttServiceConfig) {
    this.#peer = peer;
    this.client = new MqttClient(this, options, session);
  }

  get details(): ConnectionDetails {
    return this.#peer.details;
  }

  get bufferedOctets(): number {
    return this.#peer.bufferedOctets;
  }

  write(octets: Uint8Array): boolean {
    return this.#peer.send(octets);
  }

  flush(): void {}

  pause(): void {
    this.#peer.pause();
  }

  resume(): void {
    this.#peer.resume();
  }

  end(reason: number, sentence: string): void {
    this.#peer.close(closeCodeOf(reason), sentence);
  }

  onMessage(octets: WireMessage): void {
    this.client.received(octets);
  }

  onGivenUp({ uri, sentence }: GivenUp): void {
    this.client.close(reasonOfUri(uri), sentence);
  }

  onDrain(): void {
    this.client.drained();
  }

  onClose(reason: string): void {
    this.client.closed(reason);
  }
}
