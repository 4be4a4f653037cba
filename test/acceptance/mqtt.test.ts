/** MQTT clients of a router and of a proxy, beside WAMP clients: MQTT.js and mosquitto through the built binary. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import mqtt, { type IClientOptions, type MqttClient } from "mqtt";
import { hasOpenssl, selfSigned } from "../support/certificates.ts";
import { afterTest } from "../support/cleanups.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { freePorts, startNode, type TemporaryNode } from "../support/temporary-node.ts";
import { joinAutobahn } from "../support/wamp-clients.ts";
import { webAt, webProxy, webRouter } from "../support/web-workers.ts";

const [routerMqtt = 0, routerWeb = 0, proxyPort = 0] = freePorts(3);

const anonymous = { anonymous: { type: "static", role: "anonymous" } };
const options = {
  realm: "realm1",
  auth: {
    ...anonymous,
    ticket: { type: "static", principals: { joe: { ticket: "s3cret", role: "anonymous" } } },
  },
  payload_mapping: {
    "com.example.json": { type: "native", serializer: "json" },
    "com.example.cbor": { type: "native", serializer: "cbor" },
    "com.example.made": {
      type: "dynamic",
      encoder: "com.example.encode",
      decoder: "com.example.decode",
      role: "anonymous",
    },
  },
};
const paths = { ws: { type: "websocket", auth: anonymous, mqtt: { options } } };
const tcp = (port: number) => ({ type: "tcp", port, interface: "127.0.0.1" });
const workers = [
  webRouter(webAt(routerWeb, paths), { type: "mqtt", endpoint: tcp(routerMqtt), options }),
  webProxy({ type: "universal", endpoint: tcp(proxyPort), websocket: paths, mqtt: { options } }),
];

let node: TemporaryNode;
beforeAll(async () => {
  node = await startNode(temporaryFolder({ "node.json": { version: 2, workers } }));
}, 30_000);
afterAll(() => node.stop());

/** The URLs of the clients of each worker. */
const places = [
  ["a router", `mqtt://127.0.0.1:${routerMqtt}`, `ws://127.0.0.1:${routerWeb}/ws`],
  ["a router over WebSocket", `ws://127.0.0.1:${routerWeb}/ws`, `ws://127.0.0.1:${routerWeb}/ws`],
  ["a proxy", `mqtt://127.0.0.1:${proxyPort}`, `ws://127.0.0.1:${proxyPort}/ws`],
  ["a proxy over WebSocket", `ws://127.0.0.1:${proxyPort}/ws`, `ws://127.0.0.1:${proxyPort}/ws`],
] as const;

async function connect(url: string, more: IClientOptions = {}): Promise<MqttClient> {
  const client = await mqtt.connectAsync(url, { reconnectPeriod: 0, ...more }, false);
  afterTest(() => client.end(true));
  return client;
}

/** The next messages of a client, each with its topic and QoS. */
function messages(client: MqttClient, count: number): Promise<[string, string, number][]> {
  const { promise, resolve } = Promise.withResolvers<[string, string, number][]>();
  const got: [string, string, number][] = [];
  client.on("message", (topic, payload, { qos }) => {
    got.push([topic, payload.toString(), qos]);
    if (got.length === count) resolve(got);
  });
  return promise;
}

describe.each(places)("MQTT.js at %s", (_, url, wampUrl) => {
  describe.each([4, 5] as const)("with version %d", (protocolVersion) => {
    const unique = () => `com/example/json/${crypto.randomUUID()}`;
    const uri = (topic: string) => topic.replaceAll("/", ".");

    test("publishes to WAMP and is published to, with each QoS", async () => {
      const client = await connect(url, { protocolVersion });
      const wamp = await joinAutobahn(wampUrl, "json");
      const topic = unique();
      const got: unknown[] = [];
      const all = Promise.withResolvers<void>();
      await wamp.subscribe(uri(topic), (args) => {
        got.push(args);
        if (got.length === 3) all.resolve();
      });
      for (const qos of [0, 1, 2] as const) {
        await client.publishAsync(topic, JSON.stringify({ args: [qos, "Grüße"] }), { qos });
      }
      await all.promise;
      expect(got).toEqual([
        [0, "Grüße"],
        [1, "Grüße"],
        [2, "Grüße"],
      ]);
      for (const qos of [0, 1, 2] as const) {
        const filter = `${topic}/${qos}/+`;
        const granted = await client.subscribeAsync(filter, { qos });
        expect(granted[0]).toMatchObject({ topic: filter, qos });
        const next = messages(client, 1);
        await wamp.publish(`${uri(topic)}.${qos}.x`, [qos, "Grüße"]);
        expect(await next).toEqual([
          [`${topic}/${qos}/x`, `{"args":[${qos},"Grüße"],"kwargs":{}}`, qos],
        ]);
        client.removeAllListeners("message");
      }
      await wamp.leave();
    });
  });
});

test.skipIf(Bun.which("mosquitto_sub") === null)(
  "mosquitto's clients exchange messages",
  async () => {
    const command = (name: string, port: number, ...args: string[]) =>
      Bun.spawn([`mosquitto_${name}`, "-h", "127.0.0.1", "-p", String(port), ...args], {
        stdout: "pipe",
      });
    for (const [port, other] of [
      [routerMqtt, proxyPort],
      [proxyPort, routerMqtt],
    ] as const) {
      const topic = `com/example/${crypto.randomUUID()}`;
      await command("pub", port, "-t", `${topic}/kept`, "-r", "-m", "first").exited;
      const listening = command("sub", other, "-t", `${topic}/#`, "-q", "2", "-C", "3", "-v");
      // The retained message says that the subscription is there.
      const reader = listening.stdout.getReader();
      let text = "";
      while (!text.includes("first\n")) {
        text += Buffer.from((await reader.read()).value ?? []).toString();
      }
      await command("pub", port, "-u", "joe", "-P", "s3cret", "-t", `${topic}/a`, "-m", "second")
        .exited;
      await command("pub", port, "-V", "5", "-q", "2", "-t", topic, "-m", "third").exited;
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        text += Buffer.from(part.value).toString();
      }
      expect(text).toBe(`${topic}/kept first\n${topic}/a second\n${topic} third\n`);
    }
  },
);

test.skipIf(!hasOpenssl || Bun.which("mosquitto_pub") === null)(
  "a Unix socket, and a certificate over TLS, let clients in",
  async () => {
    const folder = temporaryFolder();
    const server = selfSigned(folder, "server");
    const client = selfSigned(folder, "client");
    const sha256 = new X509Certificate(readFileSync(client.certificate)).fingerprint256;
    const [port = 0] = freePorts(1);
    const tls = { ...server, ca_certificates: [client.certificate] };
    const auth = {
      tls: {
        type: "static",
        principals: { sensor: { "certificate-sha256": sha256, role: "anonymous" } },
      },
    };
    const transports = [
      { type: "mqtt", endpoint: { type: "unix", path: "mqtt.sock" }, options },
      { type: "mqtt", endpoint: { ...tcp(port), tls }, options: { realm: "realm1", auth } },
    ];
    await Bun.write(
      `${folder}/node.json`,
      JSON.stringify({ version: 2, workers: [webRouter(...transports)] }),
    );
    const own = await startNode(folder);
    const secure = ["--cafile", server.certificate, "-h", "localhost", "-p", String(port)];
    const certificate = ["--cert", client.certificate, "--key", client.key];
    const publish = (...args: string[]) =>
      Bun.spawn(["mosquitto_pub", "-t", "com/example/a", "-r", "-m", "x", "-q", "1", ...args], {
        stderr: "ignore",
      }).exited;
    try {
      expect(await publish("--unix", `${folder}/mqtt.sock`)).toBe(0);
      expect(await publish(...secure, ...certificate)).toBe(0);
      expect(own.output()).toContain("authid=sensor authrole=anonymous authmethod=tls");
      expect(await publish(...secure)).not.toBe(0);
    } finally {
      await own.stop();
    }
  },
  30_000,
);
