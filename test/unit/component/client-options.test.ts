/** The options of a component's transport are options of autobahn. */

import { expect, test } from "bun:test";
import { join } from "node:path";
import { CLIENT_OPTIONS } from "#config/component/client-options-schema.ts";
import { hasPython, PYTHON } from "../../support/wamp-clients.ts";

const folder = join(import.meta.dir, "../../../src/component");

const code = `
import json, sys
sys.path.insert(0, ${JSON.stringify(folder)})
import txaio
txaio.use_twisted()
from autobahn.twisted.websocket import WampWebSocketClientFactory
from crossproxy_runner.component import protocol_options
factory = WampWebSocketClientFactory(None, url="ws://localhost")
factory.setProtocolOptions(**protocol_options(json.loads(sys.argv[1])))
print(factory.utf8validateIncoming, factory.echoCloseCodeReason, factory.tcpNoDelay, factory.autoPingInterval)
`;

test.skipIf(!hasPython)("autobahn takes every one of them", () => {
  const isFlag = (name: string) => /^(auto_ping_restart|fail|echo|tcp|validate|apply)/.test(name);
  const options = Object.fromEntries(
    CLIENT_OPTIONS.map((name) => [name, isFlag(name) ? name.startsWith("echo") : 100]),
  );
  const { stdout, stderr } = Bun.spawnSync([PYTHON, "-c", code, JSON.stringify(options)], {
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1" },
  });
  expect(stdout.toString() || stderr.toString()).toBe("False True False 0.1\n");
});
