/**
 * OtlpTracer: records joins with OpenTelemetry's library, and sends their spans to a collector (OTLP over HTTP).
 *
 *     join                    SERVER, from HELLO to WELCOME, or to the end without one
 *       connect <connection>  CLIENT, for each router that is tried
 *
 * Loaded only by a worker of a node with `controller.traces`.
 *
 * @module
 */

import {
  type Attributes,
  type Context,
  defaultTextMapGetter,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { defaultResource, resourceFromAttributes } from "@opentelemetry/resources";
import {
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { shorten } from "#base/printable.ts";
import { withinTime } from "#base/within-time.ts";
import type { TracesConfig } from "#config/node/node-config.ts";
import type {
  ConnectSpan,
  JoinSpan,
  JoinTracer,
  TracedClient,
  TracedIdentity,
} from "./join-tracer.ts";
import type { Logger } from "./logger.ts";
import { SpanSender } from "./span-sender.ts";

/** A collector that takes longer gets nothing of this batch. */
const EXPORT_TIMEOUT_MS = 5_000;

/** Longest time for the last spans when the worker ends, of which the controller knows nothing. */
const CLOSE_TIMEOUT_MS = 1_000;

/** Longest name of a realm that is kept of a client that has not joined, in characters. */
const MOST_OF_REALM = 200;

/** The worker that spans are of. */
export interface TracedWorker {
  nodeId: string;
  workerId: string;
  workerType: string;
  release: string;
}

/** Records the joins of one worker. */
export class OtlpTracer implements JoinTracer {
  readonly #provider: TracerProvider;
  readonly #tracer: Tracer;
  readonly #propagator = new W3CTraceContextPropagator();

  constructor({ url, headers, ratio }: TracesConfig, worker: TracedWorker, log: Logger) {
    const exporter = new OTLPTraceExporter({ url, headers, timeoutMillis: EXPORT_TIMEOUT_MS });
    const sampler = new TraceIdRatioBasedSampler(ratio);
    this.#provider = new TracerProvider({
      resource: defaultResource().merge(resourceFromAttributes(resourceOf(worker))),
      // A client that claims to be traced is traced no more than others.
      sampler: new ParentBasedSampler({ root: sampler, remoteParentSampled: sampler }),
      spanProcessors: [new SpanSender(exporter, EXPORT_TIMEOUT_MS, log)],
    });
    this.#tracer = this.#provider.getTracer("crossproxy", worker.release);
  }

  begins({ peer, type, serializer, traceparent }: TracedClient): JoinSpan {
    const parent =
      traceparent === undefined
        ? ROOT_CONTEXT
        : this.#propagator.extract(ROOT_CONTEXT, { traceparent }, defaultTextMapGetter);
    const attributes = {
      ...peerAttributes(peer),
      "network.protocol.name": "wamp",
      "wamp.transport": type,
      "wamp.serializer": serializer,
    };
    return new RecordedJoin(this.#tracer, attributes, parent);
  }

  /** Sends what waits, as far as the collector takes it soon. */
  async close(): Promise<void> {
    await withinTime(
      this.#provider.shutdown().catch(() => {}),
      CLOSE_TIMEOUT_MS,
    );
  }
}

class RecordedSpan implements ConnectSpan {
  protected readonly span: Span;

  constructor(span: Span) {
    this.span = span;
  }

  ended(outcome: string, fault: string | null): void {
    this.span.setAttribute("crossproxy.outcome", outcome);
    if (fault !== null) {
      this.span.setAttribute("error.type", outcome);
      this.span.setStatus({ code: SpanStatusCode.ERROR, message: fault });
    }
    this.span.end();
  }
}

class RecordedJoin extends RecordedSpan implements JoinSpan {
  readonly #tracer: Tracer;

  constructor(tracer: Tracer, attributes: Attributes, parent: Context) {
    super(tracer.startSpan("join", { kind: SpanKind.SERVER, attributes }, parent));
    this.#tracer = tracer;
  }

  asked(realm: string): void {
    this.span.setAttribute("wamp.realm", shorten(realm, MOST_OF_REALM));
  }

  joined({ session, realm, authrole, authmethod }: TracedIdentity): void {
    const known = {
      "wamp.session": session,
      "wamp.realm": realm,
      "wamp.authrole": authrole,
      "wamp.authmethod": authmethod,
    };
    for (const [name, value] of Object.entries(known)) {
      if (value !== null) this.span.setAttribute(name, value);
    }
    this.ended("joined", null);
  }

  connects(connection: string): ConnectSpan {
    const options = {
      kind: SpanKind.CLIENT,
      attributes: { "crossproxy.connection": connection },
    };
    const parent = trace.setSpan(ROOT_CONTEXT, this.span);
    return new RecordedSpan(this.#tracer.startSpan(`connect ${connection}`, options, parent));
  }
}

function resourceOf({ nodeId, workerId, workerType, release }: TracedWorker): Attributes {
  return {
    "service.name": "crossproxy",
    "service.version": release,
    "service.instance.id": `${nodeId}/${workerId}`,
    "crossproxy.worker.type": workerType,
    "process.pid": process.pid,
  };
}

/** The address of a client, as OpenTelemetry names its parts. */
function peerAttributes(peer: string): Attributes {
  const [, address, port] = /^tcp[46]:\[?(.*?)\]?:(\d+)$/.exec(peer) ?? [];
  if (address === undefined) return { "network.transport": "unix", "network.peer.address": peer };
  return {
    "network.transport": "tcp",
    "network.peer.address": address,
    "network.peer.port": Number(port),
  };
}
