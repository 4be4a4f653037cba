/** The channel id of a TLS connection, as Python's own TLS sees it from the other side. */

import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { tlsUnique } from "#transport/accept/channel-binding.ts";
import { hasOpenssl, selfSigned } from "../support/certificates.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { hasPython, PYTHON } from "../support/wamp-clients.ts";

const folder = temporaryFolder();

/** Connects twice with each version, the second time with the session of the first. */
const client = `
import hashlib, socket, ssl, sys
for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
    context = ssl.create_default_context(cafile=sys.argv[2])
    context.maximum_version = version
    session = None
    for _ in range(2):
        raw = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
        with context.wrap_socket(raw, server_hostname="localhost", session=session) as tls:
            tls.send(b"x")
            told = tls.recv(64).decode()
            seen = hashlib.sha256(tls.get_channel_binding("tls-unique")).hexdigest()
            session = tls.session
            print(tls.version(), tls.session_reused, told == seen, told if told == "none" else "")
`;

test.if(hasPython && hasOpenssl)("is the same on both sides, over TLS 1.2", async () => {
  const files = selfSigned(folder, "server");
  const listener = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    tls: { key: readFileSync(files.key), cert: readFileSync(files.certificate) },
    socket: {
      data(socket) {
        socket.write(tlsUnique(socket)?.toHex() ?? "none");
      },
    },
  });
  const child = Bun.spawn([PYTHON, "-c", client, String(listener.port), files.certificate], {
    stdout: "pipe",
    stderr: "inherit",
  });
  const told = await new Response(child.stdout).text();
  listener.stop(true);
  expect(told.split("\n").map((line) => line.trim())).toEqual([
    "TLSv1.2 False True",
    "TLSv1.2 True True",
    "TLSv1.3 False False none",
    "TLSv1.3 True False none",
    "",
  ]);
});
