/**
 * `bun bench/echo-callee.ts URL`: a callee in JSON that answers each call of `bench.echo` with its arguments; it prints
 * a line once it is registered.
 *
 * @module
 */

import { join } from "./clients.ts";

/** Where the id of an INVOCATION begins, behind `[68,`. */
const ID_AT = 4;

const socket = await join(process.argv[2] ?? "", "json", (frame) => {
  const text = String(frame);
  if (text.startsWith("[65,")) {
    console.log("registered");
    return;
  }
  const id = Number.parseInt(text.slice(ID_AT, ID_AT + 17), 10);
  // The arguments are the last element, and the text in them has no bracket.
  socket.send(`[70,${id},{},${text.slice(text.lastIndexOf("["), -1)}]`);
});
socket.send('[64,1,{},"bench.echo"]');
