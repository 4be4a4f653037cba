/**
 * MsgPack in the table of serializers.
 *
 * @module
 */

import { binaryItemEnd } from "#wamp/serializer/binary-list.ts";
import type { Serializer } from "#wamp/serializer/serializer.ts";
import { appendMsgpackList, msgpackKindOf } from "./msgpack-list.ts";
import { MsgpackReader } from "./msgpack-reader.ts";
import { MsgpackWriter } from "./msgpack-writer.ts";

/** MsgPack. */
export const msgpackSerializer: Serializer = {
  isBinary: true,
  rawSocketNumber: 2,
  reader: new MsgpackReader(),
  writer: new MsgpackWriter(),
  kindOf: msgpackKindOf,
  itemEnd: binaryItemEnd,
  appendList: appendMsgpackList,
};
