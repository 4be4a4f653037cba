/**
 * MetaApi: the procedures and events by which clients look into their realm.
 *
 * @module
 */

import type { Logger } from "#observe/logger.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { MessageType } from "#wamp/message-type.ts";
import type { ClusterObserver, SharedTestament } from "./cluster-links.ts";
import { historyMeta } from "./history-meta.ts";
import { isRefusal } from "./incoming.ts";
import { MetaArguments } from "./meta-arguments.ts";
import type { MetaObserver } from "./meta-observer.ts";
import type { MetaProcedure, MetaRealm } from "./meta-procedure.ts";
import { sendAnswer, sendError } from "./outgoing.ts";
import {
  registrationDetails,
  registrationMeta,
  subscriptionDetails,
  subscriptionMeta,
} from "./pattern-meta.ts";
import type { ListedSession, RealmSession } from "./realm-session.ts";
import { type Added, noSuchProcedure, type Registration } from "./registration-map.ts";
import type { CallRequest } from "./requests.ts";
import { sessionDetails, sessionMeta } from "./session-meta.ts";
import type { PublishedStats } from "./session-stats.ts";
import type { Subscribed, Subscription } from "./subscription-map.ts";
import { Testaments } from "./testaments.ts";

/** The meta API of one realm. */
export class MetaApi implements MetaObserver, ClusterObserver {
  /** Whether it is there for clients. */
  isEnabled = true;
  readonly #realm: MetaRealm;
  readonly #log: Logger;
  readonly #testaments: Testaments;
  /** Undefined: the realm is not complete. */
  #procedures: ReadonlyMap<string, MetaProcedure> | undefined;

  constructor(realm: MetaRealm, log: Logger) {
    this.#realm = realm;
    this.#log = log;
    this.#testaments = new Testaments(realm);
  }

  call(caller: RealmSession, request: CallRequest): void {
    this.#procedures ??= this.#all();
    const procedure = this.isEnabled ? this.#procedures.get(request.uri) : undefined;
    if (procedure === undefined) throw noSuchProcedure(request.uri);
    const result = procedure(new MetaArguments(request.payload), caller);
    if (result instanceof Promise) void this.#answerLater(caller, request, result);
    else answer(caller, request, result);
  }

  joined(session: RealmSession): void {
    this.#publish("wamp.session.on_join", [sessionDetails(session)]);
  }

  left(session: RealmSession): void {
    this.#testaments.publish(session);
    const { authid, authrole } = session.identity;
    this.#publish("wamp.session.on_leave", [session.id, authid, authrole]);
  }

  /** A session of another worker, which was taken for gone. */
  reappeared(session: ListedSession): void {
    this.#tell("wamp.session.on_join", [sessionDetails(session)]);
  }

  /** A session of another worker, which is gone. */
  vanished({ id, identity }: ListedSession): void {
    this.#tell("wamp.session.on_leave", [id, identity.authid, identity.authrole]);
  }

  /** The counts of a session are to be published. */
  counted({ id: session, identity }: RealmSession, stats: PublishedStats): void {
    const { realm, authid, authrole } = identity;
    this.#publish("wamp.session.on_stats", [{ realm, session, authid, authrole }, stats]);
  }

  lostRegistration({ id }: RealmSession, registration: Registration): void {
    this.#tell("wamp.registration.on_unregister", [id, registration.id]);
    if (registration.callees.length > 0) return;
    this.#tell("wamp.registration.on_delete", [id, registration.id]);
  }

  publishTestament(session: RealmSession, testament: SharedTestament): void {
    this.#testaments.publishShared(session, testament);
  }

  testamentsTaken(session: RealmSession): void {
    this.#testaments.forget(session);
  }

  registered({ id }: RealmSession, { registration, isNew }: Added): void {
    if (isNew)
      this.#publish("wamp.registration.on_create", [id, registrationDetails(registration)]);
    this.#publish("wamp.registration.on_register", [id, registration.id]);
  }

  unregistered({ id }: RealmSession, registration: Registration): void {
    this.#publish("wamp.registration.on_unregister", [id, registration.id]);
    if (registration.callees.length > 0) return;
    this.#publish("wamp.registration.on_delete", [id, registration.id]);
  }

  subscribed({ id }: RealmSession, { subscription, isNew }: Subscribed): void {
    if (isOfRouter(subscription)) return;
    if (isNew && !this.#isElsewhere(subscription))
      this.#publish("wamp.subscription.on_create", [id, subscriptionDetails(subscription)]);
    this.#publish("wamp.subscription.on_subscribe", [id, subscription.id]);
  }

  unsubscribed({ id }: RealmSession, subscription: Subscription): void {
    if (isOfRouter(subscription)) return;
    this.#publish("wamp.subscription.on_unsubscribe", [id, subscription.id]);
    if (subscription.isUsed || this.#isElsewhere(subscription)) return;
    this.#publish("wamp.subscription.on_delete", [id, subscription.id]);
  }

  #all(): ReadonlyMap<string, MetaProcedure> {
    const tables = [
      sessionMeta(this.#realm),
      this.#testaments.procedures,
      subscriptionMeta(this.#realm),
      historyMeta(this.#realm),
      registrationMeta(this.#realm),
    ];
    return new Map(tables.flatMap((table) => Object.entries(table)));
  }

  async #answerLater(
    caller: RealmSession,
    request: CallRequest,
    result: Promise<unknown>,
  ): Promise<void> {
    try {
      answer(caller, request, await result);
    } catch (thrown) {
      if (!isRefusal(thrown)) this.#logFault(request, thrown);
      const [uri, message] = isRefusal(thrown)
        ? [thrown.uri, thrown.message]
        : [undefined, `Cannot perform ${request.uri}: the router failed`];
      sendError(caller, MessageType.CALL, request.id, uri ?? ErrorUri.internalError, message);
    }
  }

  /** A fault of the program, which ends no worker. */
  #logFault({ uri: procedure }: CallRequest, thrown: unknown): void {
    const stack = thrown instanceof Error ? thrown.stack : String(thrown);
    this.#log.error("meta procedure failed", { procedure, stack });
  }

  #isElsewhere({ id }: Subscription): boolean {
    return this.#realm.cluster?.subscriptions.isElsewhere(id) === true;
  }

  #publish(topic: string, args: readonly unknown[]): void {
    if (this.isEnabled) this.#realm.broker.publishMetaEvent(topic, args);
  }

  /** Tells the subscribers of this worker alone. */
  #tell(topic: string, args: readonly unknown[]): void {
    if (this.isEnabled) this.#realm.broker.deliverMetaEvent(topic, args);
  }
}

/** Subscriptions to meta events cause none. */
function isOfRouter({ uri }: Subscription): boolean {
  return uri.startsWith("wamp.");
}

function answer(caller: RealmSession, { id }: CallRequest, result: unknown): void {
  sendAnswer(caller, [MessageType.RESULT, id, {}, [result]], undefined);
}
