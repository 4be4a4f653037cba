/**
 * Testaments: what sessions want to be published when they end (WAMP specification, section "Testament").
 *
 *     wamp.session.add_testament(topic, args, kwargs, publish_options=None, scope="destroyed")
 *     wamp.session.flush_testaments(scope="destroyed") -> count
 *
 * A session ends with its connection, so that both scopes end at once: first `detached`, then `destroyed`.
 *
 * @module
 */

import { Failure, sentenceOf } from "#base/failure.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { MessageType } from "#wamp/message-type.ts";
import { encodeMessage } from "#wamp/serializer/message-values.ts";
import { serializers } from "#wamp/serializer/serializers.ts";
import type { SharedTestament } from "./cluster-links.ts";
import { checkedOptions, PUBLISH_OPTIONS } from "./message-options.ts";
import { invalid, type MetaArguments } from "./meta-arguments.ts";
import type { MetaProcedures, MetaRealm } from "./meta-procedure.ts";
import type { RealmSession } from "./realm-session.ts";
import { type PublishRequest, refuseLoose, refuseReserved } from "./requests.ts";
import type { Authorization } from "./role.ts";
import { isLoosePattern } from "./uri-match.ts";

/** Most testaments of one session. */
const MAX_TESTAMENTS = 100;

const SCOPES = ["detached", "destroyed"] as const;

type Scope = (typeof SCOPES)[number];

interface Testament {
  readonly scope: Scope;
  readonly request: PublishRequest;
  readonly authorization: Authorization;
}

/** The testaments of the sessions of a realm. */
export class Testaments {
  readonly #realm: MetaRealm;
  readonly #bySession = new Map<RealmSession, Testament[]>();
  /** How many of a session wait for their authorizer. */
  readonly #waiting = new Map<RealmSession, number>();

  constructor(realm: MetaRealm) {
    this.#realm = realm;
  }

  get procedures(): MetaProcedures {
    return {
      "wamp.session.add_testament": (args, caller) => this.#add(args, caller),
      "wamp.session.flush_testaments": (args, caller) => this.#flush(readScope(args, 0), caller),
    };
  }

  /** Publishes the testaments of a session that has left. */
  publish(session: RealmSession): void {
    for (const testament of inOrder(this.#bySession.get(session) ?? []))
      this.#publishOne(session, testament);
    if (this.#bySession.delete(session)) this.#realm.cluster?.setTestaments(session, []);
  }

  /** Publishes a testament of a session of another worker, which is lost. */
  publishShared(session: RealmSession, { request, discloses }: SharedTestament): void {
    this.#publishOne(session, { request, authorization: { discloses } });
  }

  /** Another worker has published those of a session. */
  forget(session: RealmSession): void {
    this.#bySession.delete(session);
  }

  #share(session: RealmSession, kept: readonly Testament[]): void {
    const { cluster } = this.#realm;
    if (cluster === undefined) return;
    const testaments = inOrder(kept).map(({ request, authorization }) => ({
      request,
      discloses: authorization.discloses,
    }));
    cluster.setTestaments(session, testaments);
  }

  #publishOne(session: RealmSession, { request, authorization }: Omit<Testament, "scope">): void {
    try {
      this.#realm.broker.publish(session, request, authorization);
    } catch (thrown) {
      if (!(thrown instanceof Failure)) throw thrown;
      session.leftOut.add(MessageType.PUBLISH, sentenceOf(thrown));
    }
  }

  #add(args: MetaArguments, caller: RealmSession): null | Promise<null> {
    if (!this.#realm.sessions.has(caller.id)) throw noEnd();
    const scope = readScope(args, 4);
    const request = readPublication(args);
    if (this.#realm.checksStrictly) refuseLoose(request);
    this.#refuseTooMany(caller);
    // As if it were published now: later the session may not be asked about any more.
    const authorization = caller.role.authorize(caller, request);
    if (!("outcome" in authorization)) return this.#keep(caller, { scope, request, authorization });
    this.#wait(caller, 1);
    return authorization.outcome
      .finally(() => this.#wait(caller, -1))
      .then((granted) => this.#keep(caller, { scope, request, authorization: granted }));
  }

  #wait(session: RealmSession, more: 1 | -1): void {
    const count = (this.#waiting.get(session) ?? 0) + more;
    if (count === 0) this.#waiting.delete(session);
    else this.#waiting.set(session, count);
  }

  #refuseTooMany(session: RealmSession): void {
    const kept = this.#bySession.get(session)?.length ?? 0;
    if (kept + (this.#waiting.get(session) ?? 0) < MAX_TESTAMENTS) return;
    throw new Failure(`Cannot add the testament: the session has ${MAX_TESTAMENTS} already`, {
      source: "client",
      uri: ErrorUri.unavailable,
    });
  }

  #keep(session: RealmSession, testament: Testament): null {
    if (!this.#realm.sessions.has(session.id)) return null;
    const testaments = [...(this.#bySession.get(session) ?? []), testament];
    this.#share(session, testaments);
    this.#bySession.set(session, testaments);
    return null;
  }

  #flush(scope: Scope, session: RealmSession): number {
    const testaments = this.#bySession.get(session);
    if (testaments === undefined) return 0;
    const kept = testaments.filter((one) => one.scope !== scope);
    this.#share(session, kept);
    this.#bySession.set(session, kept);
    return testaments.length - kept.length;
  }
}

function inOrder(testaments: readonly Testament[]): Testament[] {
  return SCOPES.flatMap((wanted) => testaments.filter(({ scope }) => scope === wanted));
}

/** The client of a Web service, for example, is not listed among the sessions, and never leaves. */
function noEnd(): Failure {
  return new Failure("Cannot add the testament: the caller has no session that ends", {
    source: "client",
    uri: ErrorUri.testamentError,
  });
}

function readScope(args: MetaArguments, position: number): Scope {
  const scope = args.optionalText(position, "scope") ?? "destroyed";
  const known = SCOPES.find((one) => one === scope);
  if (known !== undefined) return known;
  throw new Failure("Cannot use the testament: its scope is not destroyed and not detached", {
    source: "client",
    uri: ErrorUri.testamentError,
  });
}

/** The PUBLISH that a testament stands for; its octets are its own. */
function readPublication(args: MetaArguments): PublishRequest {
  const uri = args.text(0, "topic");
  if (!isLoosePattern(uri, "exact")) {
    throw new Failure("Cannot add the testament: its topic is not a valid URI", {
      source: "client",
      uri: ErrorUri.invalidUri,
    });
  }
  refuseReserved("publish", uri);
  const written = checkedOptions(args.map(3, "publish_options"), PUBLISH_OPTIONS, "the testament");
  const { acknowledge: _, exclude_me: __, ...options } = written;
  const payload = { serializer: args.serializer, items: readItems(args) };
  return {
    type: MessageType.PUBLISH,
    id: 0,
    action: "publish",
    options,
    uri,
    match: "exact",
    payload,
  };
}

/** Octets, which are not decoded. */
function readItems(args: MetaArguments): Uint8Array[] {
  const list = itemOf(args, 1, "args", "list") ?? encodeMessage([], args.serializer);
  const map = itemOf(args, 2, "kwargs", "map");
  return map === undefined ? [list] : [list, map];
}

function itemOf(
  args: MetaArguments,
  position: number,
  name: string,
  wanted: "list" | "map",
): Uint8Array | undefined {
  const octets = args.octets(position, name);
  if (octets === undefined) return undefined;
  const kind = serializers[args.serializer].kindOf(octets[0] ?? 0);
  if (kind === "null") return undefined;
  if (kind !== wanted) throw invalid(`${name} is no ${wanted}`);
  return new Uint8Array(octets);
}
