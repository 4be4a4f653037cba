/**
 * `controller.traces`: where traces of joins are sent.
 *
 * @module
 */

import * as v from "valibot";
import { secret } from "#config/auth/principal-schema.ts";
import { defaulted, required } from "#config/schema/attribute.ts";
import { item, mapOf } from "#config/schema/item.ts";
import { withKeywords } from "#config/schema/json-keywords.ts";
import { httpUrl } from "#config/schema/primitive.ts";

const headerName = v.pipe(
  v.string(),
  v.regex(
    /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/,
    (issue) => `expected the name of a header, found ${issue.received}`,
  ),
);

const share = withKeywords(
  v.pipe(
    v.number(),
    v.check(
      (n) => n >= 0 && n <= 1,
      (issue) => `expected 0 to 1, found ${issue.received}`,
    ),
  ),
  { minimum: 0, maximum: 1 },
);

/** Where traces are sent, and of which joins. */
export const traces = item({
  url: required(
    httpUrl,
    "Where spans are sent, as OTLP over HTTP in JSON: `http://127.0.0.1:4318/v1/traces`.",
  ),
  headers: defaulted(
    mapOf(headerName, secret),
    {},
    `Headers of these requests, each a text, \`"\${VARIABLE}"\` or \`{"file": …}\`.`,
  ),
  ratio: defaulted(share, 1, "Of which part of the joins there are traces, from 0 to 1."),
});

/** The same as written. */
export type TracesItem = v.InferOutput<typeof traces>;
