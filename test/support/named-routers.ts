/**
 * A process in namespaces of its own, for the test of names: `bun named-routers.ts NAME ASKED ADDRESS...` answers all
 * DNS questions there, of which NAME alone has addresses, and prints those that are found for ASKED.
 */

import { lookUpHost } from "#proxy/routing/host-addresses.ts";

const [known = "", asked = "", ...addresses] = process.argv.slice(2);

/** The name in a question, and where the question ends. */
function questionOf(query: Buffer): { name: string; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join("."), end: at + 5 };
}

function answerTo(query: Buffer): Buffer {
  const { name, end } = questionOf(query);
  const isKnown = name === known;
  const wantsIpv4 = query.readUInt16BE(end - 4) === 1;
  const found = isKnown && wantsIpv4 ? addresses : [];
  const head = Buffer.from(query.subarray(0, end));
  head.writeUInt16BE(isKnown ? 0x8180 : 0x8183, 2);
  head.writeUInt16BE(found.length, 6);
  head.writeUInt32BE(0, 8);
  // Name by reference, type A, class IN, 30 s, four octets.
  const records = found.map((address) =>
    Buffer.from(["c00c", "0001", "0001", "0000001e", "0004"].join("") + hexOf(address), "hex"),
  );
  return Buffer.concat([head, ...records]);
}

function hexOf(address: string): string {
  return Buffer.from(address.split(".").map(Number)).toString("hex");
}

const server = await Bun.udpSocket({
  hostname: "127.0.0.1",
  port: 53,
  socket: {
    data: (socket, query, port, address) => void socket.send(answerTo(query), port, address),
  },
});
console.log(JSON.stringify(await lookUpHost(asked, undefined)));
server.close();
