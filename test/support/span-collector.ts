/** A collector of OpenTelemetry: it keeps the spans that it gets as OTLP over HTTP, in JSON. */

import { afterTest } from "./cleanups.ts";

type Value = string | number | boolean | undefined;

/** A span, with its attributes as a record. */
export interface CollectedSpan {
  traceId: string;
  spanId: string;
  parentSpanId: string | undefined;
  name: string;
  kind: number;
  milliseconds: number;
  status: { code: number; message?: string };
  attributes: Record<string, Value>;
  /** The attributes of the process. */
  resource: Record<string, Value>;
}

interface Attribute {
  key: string;
  value: { stringValue?: string; intValue?: number; boolValue?: boolean };
}

interface SentSpan extends Omit<CollectedSpan, "attributes" | "resource" | "milliseconds"> {
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: Attribute[];
}

interface ExportRequest {
  resourceSpans: {
    resource: { attributes: Attribute[] };
    scopeSpans: { spans: SentSpan[] }[];
  }[];
}

/** A running collector. */
export interface SpanCollector {
  url: string;
  /** The headers of the requests so far. */
  headers: Headers[];
  /** Resolves with all spans of this name once there are so many. */
  named(name: string, count?: number): Promise<CollectedSpan[]>;
}

/** Starts one for a test; `answer` gives its status. */
export function spanCollector(answer: () => number | Promise<number> = () => 200): SpanCollector {
  const spans: CollectedSpan[] = [];
  const headers: Headers[] = [];
  const wakes: (() => void)[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      headers.push(request.headers);
      const sent = (await request.json()) as ExportRequest;
      const status = await answer();
      if (status === 200) spans.push(...collected(sent));
      for (const wake of wakes.splice(0)) wake();
      return Response.json({}, { status });
    },
  });
  afterTest(() => server.stop(true));
  return {
    url: `http://127.0.0.1:${server.port}/v1/traces`,
    headers,
    async named(name, count = 1) {
      for (;;) {
        const found = spans.filter((span) => span.name === name);
        if (found.length >= count) return found;
        await new Promise<void>((resolve) => wakes.push(resolve));
      }
    },
  };
}

function collected({ resourceSpans }: ExportRequest): CollectedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans
      .flatMap(({ spans }) => spans)
      .map(({ startTimeUnixNano, endTimeUnixNano, attributes, ...span }) => ({
        ...span,
        milliseconds: Number((BigInt(endTimeUnixNano) - BigInt(startTimeUnixNano)) / 1_000_000n),
        attributes: recordOf(attributes),
        resource: recordOf(resource.attributes),
      })),
  );
}

function recordOf(attributes: readonly Attribute[]): Record<string, Value> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [
      key,
      value.stringValue ?? value.boolValue ?? Number(value.intValue),
    ]),
  );
}
