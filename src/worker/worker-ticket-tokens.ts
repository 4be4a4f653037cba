/**
 * WorkerTicketTokens: the tokens of all authmethods `ticket` of type `jwt` of a worker. Where another configuration has
 * the same one, its keys stay, so that a reload needs no issuer.
 *
 * @module
 */

import type { TicketTokens, TokenClient, TokenRefusal } from "#auth/ticket-tokens.ts";
import type { PreparedChange } from "#base/prepared-change.ts";
import type { TokenTicketConfig } from "#config/auth/token-config.ts";
import type { SessionConfig } from "#config/options/session-config.ts";
import type { TransportConfig } from "#config/transport/transport-config.ts";
import type {
  WebServiceConfig,
  WebSocketServiceConfig,
} from "#config/web-service/web-service-config.ts";
import type { Logger } from "#observe/logger.ts";
import type { IssuerTokens } from "./issuer-tokens.ts";

/** Checks the tokens of the present configuration. */
export class WorkerTicketTokens implements TicketTokens {
  readonly #log: Logger;
  /** By what `keyOf` makes of their configurations. */
  #present: ReadonlyMap<string, IssuerTokens> = new Map();

  constructor(log: Logger) {
    this.#log = log;
  }

  /**
   * Opens the keys for the tickets of other transports, and does not wait for downloads.
   *
   * @throws Failure when keys cannot be read from their file.
   */
  async prepare(transports: readonly TransportConfig[]): Promise<PreparedChange> {
    const before = this.#present;
    const next = new Map<string, IssuerTokens>();
    const change = {
      apply: () => {
        this.#present = next;
        closeAllBut(next, before);
      },
      abandon: () => closeAllBut(before, next),
    };
    try {
      for (const config of transports.flatMap(tokenTicketsOf)) {
        const key = keyOf(config);
        const tokens = next.get(key) ?? before.get(key) ?? (await this.#open(config));
        next.set(key, tokens);
      }
    } catch (thrown) {
      change.abandon();
      throw thrown;
    }
    return change;
  }

  async check(config: TokenTicketConfig, token: string): Promise<TokenClient | TokenRefusal> {
    const tokens = this.#present.get(keyOf(config));
    return tokens?.check(token) ?? { state: "its issuer is not configured", isChecked: false };
  }

  close(): void {
    closeAllBut(new Map(), this.#present);
  }

  /** Most nodes need no library for tokens. */
  async #open(config: TokenTicketConfig): Promise<IssuerTokens> {
    const { IssuerTokens } = await import("./issuer-tokens.ts");
    return new IssuerTokens(config, this.#log);
  }
}

type OpenTokens = ReadonlyMap<string, IssuerTokens>;

function closeAllBut(kept: OpenTokens, all: OpenTokens): void {
  for (const [key, tokens] of all) if (!kept.has(key)) tokens.close();
}

function keyOf(config: TokenTicketConfig): string {
  return JSON.stringify(config);
}

function tokenTicketsOf(transport: TransportConfig): TokenTicketConfig[] {
  return authsOf(transport).flatMap((auth) => {
    const ticket = auth === "passthrough" ? undefined : auth.ticket;
    return ticket?.type === "jwt" ? [ticket] : [];
  });
}

type SessionAuth = SessionConfig["auth"];

function authsOf(transport: TransportConfig): SessionAuth[] {
  switch (transport.type) {
    case "websocket":
      return authsOfWebSocket(transport);
    case "rawsocket":
    case "mqtt":
      return [transport.auth];
    case "web":
      return authsBelow(transport.paths);
    case "universal": {
      const { rawsocket, mqtt, paths } = transport;
      const parts = [rawsocket, mqtt].filter((one) => one !== null && one !== undefined);
      return [...parts.map(({ auth }) => auth), ...authsBelow(paths ?? {})];
    }
    default:
      return [];
  }
}

function authsBelow(paths: Record<string, WebServiceConfig>): SessionAuth[] {
  return Object.values(paths).flatMap((service) => {
    if (service.type === "path") return authsBelow(service.paths);
    if (service.type === "websocket") return authsOfWebSocket(service);
    return service.type === "longpoll" ? [service.auth] : [];
  });
}

function authsOfWebSocket({ auth, mqtt }: WebSocketServiceConfig): SessionAuth[] {
  return mqtt === undefined ? [auth] : [auth, mqtt.auth];
}
