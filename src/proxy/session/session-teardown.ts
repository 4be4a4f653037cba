/**
 * SessionEnding: the state of one client's session on a proxy, and every way in which it ends: by ABORT,
 * by GOODBYE, by the close alone, with the router told or left. How a session begins and goes on, who
 * extends it says.
 *
 * @module
 */

import type { CloseOnlyEnd, SessionConfig } from "#config/node-config.ts";
import type { Logger } from "#observe/logger.ts";
import type { SessionLink } from "#proxy/relay/session-link.ts";
import type { BackendSession } from "#proxy/routing/backend-session.ts";
import type { RouteTable } from "#proxy/routing/route-table.ts";
import type { NodeCredentials } from "#proxy/routing/router-hello.ts";
import type { ServiceSessions } from "#proxy/service/service-sessions.ts";
import type { FailedAttempts } from "#session/authentication.ts";
import { type JoinTimeoutObserver, JoinTimeouts } from "#session/join-timeouts.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { MessageType } from "#wamp/message-type.ts";
import { CloseCode, MAX_JOIN_OCTETS, type Peer, type WireMessage } from "#wamp/peer.ts";
import { encodeMessage } from "#wamp/serializer/control-message-values.ts";
import { type EndReason, refusalFor } from "./end-reasons.ts";
import type { JoinAttempt } from "./join-attempt.ts";
import { type SessionCounts, SessionLog } from "./session-log.ts";
import type { SessionEvent, SessionState } from "./session-states.ts";

/** What the sessions of one proxy worker share. */
export interface FrontendContext {
  log: Logger;
  node: NodeCredentials;
  routes: RouteTable;
  services: ServiceSessions;
  /** How often this client's address has failed; undefined: that is not limited. */
  failedAttempts(client: Peer, perMinute: number): FailedAttempts | undefined;
  /** For the other side to answer a GOODBYE, in milliseconds. */
  goodbyeTimeoutMs: number;
  counts: SessionCounts;
  onEnd(session: SessionTeardown): void;
}

/** Where a session is, and what it has there; `opening` is all from HELLO to WELCOME. */
type State =
  | { name: "waiting" }
  | { name: "opening"; join: JoinAttempt }
  | { name: "joined"; link: SessionLink; backend: BackendSession }
  | { name: "leaving"; link: SessionLink; backend: BackendSession; hello: WireMessage | undefined }
  | { name: "ending" }
  | { name: "closed" };

/** A session that can end. */
export abstract class SessionTeardown implements JoinTimeoutObserver {
  protected readonly client: Peer;
  protected readonly config: SessionConfig;
  protected readonly context: FrontendContext;
  protected readonly log: SessionLog;
  protected readonly timeouts: JoinTimeouts;
  protected state: State = { name: "waiting" };
  /** Whether the client comes back by itself only if its connection is merely closed. */
  protected needsBareClose = false;
  #timer: Timer | undefined;

  constructor(client: Peer, config: SessionConfig, context: FrontendContext) {
    this.client = client;
    this.config = config;
    this.context = context;
    this.log = new SessionLog(context.log, context.counts, client.details.peer);
    this.timeouts = new JoinTimeouts(config.joining, this);
    this.timeouts.awaitHello();
    client.limitMessages?.(MAX_JOIN_OCTETS);
  }

  /** Does what the tables say of an event that is no message. */
  protected abstract on(event: SessionEvent): void;

  /** A step of the join took too long. */
  abstract onJoinTimeout(uri: string, sentence: string): void;

  /** The session is closed, and nothing of it is left. */
  protected abstract onEnded(): void;

  protected get stateName(): SessionState {
    const state = this.state;
    if (state.name === "opening") return state.join.state;
    return state.name === "leaving" && state.hello !== undefined ? "rejoining" : state.name;
  }

  protected sendGoodbye(end: EndReason): void {
    // One that said GOODBYE itself is owed the answer.
    const isOwed = this.state.name === "leaving";
    this.leaveRouter(end.uri);
    if (this.#isToldByClose(end.kind) && !isOwed) {
      this.close(end.code, end.uri);
      return;
    }
    this.sendToClient([MessageType.GOODBYE, { message: end.sentence }, end.uri]);
    this.startEnding();
  }

  protected startEnding(): void {
    this.state = { name: "ending" };
    this.startGoodbyeDeadline();
  }

  #isToldByClose(kind: CloseOnlyEnd): boolean {
    return this.config.options.told_by_close?.includes(kind) ?? this.needsBareClose;
  }

  /**
   * There is no router. While one is away that was there, clients that are reconnecting go on trying
   * if their connection is cut off: some give up at an ABORT, others at a clean close. A router that
   * was never there is a fault that is to be read.
   */
  protected abortForRouter(uri: string, message: string, code: number = CloseCode.normal): void {
    const state = this.state;
    const wasThere = state.name === "opening" && state.join.routerWasThere;
    if (!wasThere || !this.#isToldByClose("router_lost")) this.abort(uri, message, code);
    else this.close(CloseCode.abnormal, uri);
  }

  protected abort(uri: string, message: string, code: number = CloseCode.normal): void {
    this.leaveRouter(ErrorUri.closeRealm);
    this.sendToClient([MessageType.ABORT, { message }, uri]);
    this.close(code, message);
  }

  protected refuse(thrown: unknown): void {
    const { by, uri, sentence, code, reason } = refusalFor(thrown);
    this.log.refused({ by, reason });
    if (by === "router") this.abortForRouter(uri, sentence);
    else this.abort(uri, sentence, code);
  }

  protected sendToClient(message: readonly unknown[]): void {
    this.client.send(encodeMessage(message, this.client.serializer, this.client.isText));
  }

  /** Ends what there is on the router's side, with a reason for a session that had joined. */
  protected leaveRouter(reason: string): void {
    const { name } = this.state;
    this.dropRouter(name === "joined" || name === "leaving", reason);
  }

  protected dropRouter(saysGoodbye: boolean, reason?: string): void {
    const state = this.state;
    if (state.name === "opening") state.join.cancel();
    if (state.name !== "joined" && state.name !== "leaving") return;
    state.link.stop();
    state.backend.leave(saysGoodbye, reason);
    this.state = { name: "ending" };
    this.log.sessionOver();
  }

  /** From now on the other side has a while to answer a GOODBYE. */
  protected startGoodbyeDeadline(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.on("deadline"), this.context.goodbyeTimeoutMs);
  }

  protected clearDeadline(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  protected close(code: number, reason: string): void {
    if (this.state.name === "closed") return;
    this.end();
    this.client.close(code, reason);
  }

  protected end(): void {
    if (this.state.name === "closed") return;
    this.clearDeadline();
    this.timeouts.stop();
    this.leaveRouter(ErrorUri.closeRealm);
    this.state = { name: "closed" };
    this.onEnded();
  }
}
