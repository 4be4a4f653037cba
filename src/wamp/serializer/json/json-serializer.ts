/**
 * JSON in the table of serializers.
 *
 * @module
 */

import type { Serializer } from "#wamp/serializer/serializer.ts";
import { appendJsonList, jsonItemEnd, jsonKindOf } from "./json-list.ts";
import { JsonReader } from "./json-reader.ts";
import { JsonWriter } from "./json-writer.ts";

/** JSON. */
export const jsonSerializer: Serializer = {
  isBinary: false,
  rawSocketNumber: 1,
  reader: new JsonReader(),
  writer: new JsonWriter(),
  kindOf: jsonKindOf,
  itemEnd: jsonItemEnd,
  appendList: appendJsonList,
};
